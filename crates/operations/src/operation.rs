//! An operation that was checked: what the files say, resolved within the tree, with every default filled in.

use std::collections::BTreeMap;

use globset::GlobSet;
use model::{
    EnvironmentName, Method, Mode, OnFailure, OperationName, Project, RefName, RoleName, ServerName, StepId,
    TargetName,
};

use crate::{Millis, Place, Template};

/// A reviewed definition in the operations project.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name.
    pub name: OperationName,
    /// What it does, in a few words.
    pub title: String,
    /// The file that says so.
    pub file: String,
    /// Whether an allow runs.
    pub mode: Mode,
    /// Which submissions set it off; none: only a request does.
    pub trigger: Option<Merged>,
    /// `review.people`: so many independent people, on every change of the range; at least one.
    pub people: u32,
    /// What a request has to give: titles by name.
    pub inputs: BTreeMap<String, String>,
    /// Its environments in the order of promotion; at least one.
    pub environments: Vec<Environment>,
    /// What it does, in order; at least one.
    pub steps: Vec<StepSpec>,
    /// What a failed step leads to.
    pub on_failure: OnFailure,
    /// What a newer submission does to a waiting one.
    pub newer: Newer,
    /// How long an outcome may wait for what can still be supplied.
    pub wait: Millis,
    /// The operation that takes back a finished run.
    pub inverse: Option<OperationName>,
}

impl Operation {
    /// The environment of that name.
    #[must_use]
    pub fn environment(&self, name: &EnvironmentName) -> Option<&Environment> {
        self.environments.iter().find(|e| e.name == *name)
    }
}

/// Which submissions.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The server.
    pub server: ServerName,
    /// The project.
    pub project: Project,
    /// The branch, in full.
    pub branch: RefName,
    /// The globs, as written; none: any path.
    pub paths: Option<Vec<String>>,
    pub(crate) globs: Option<GlobSet>,
}

/// What a newer submission does to a waiting one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Newer {
    /// It supersedes it.
    Replaces,
    /// It waits for it.
    Queues,
}

/// A named stage of an operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Environment {
    /// Its name.
    pub name: EnvironmentName,
    /// The set of targets.
    pub targets: Option<TargetName>,
    /// Its address: http or https, nothing after the path.
    pub url: Option<String>,
    /// Only after this environment, an earlier one.
    pub after: Option<EnvironmentName>,
    /// How long that one has to have run well.
    pub soak: Option<Millis>,
    /// Who approves the plan itself.
    pub approve: Option<Approve>,
}

/// Who approves a plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Approve {
    /// Of this role.
    pub role: RoleName,
    /// So many distinct people; at least one.
    pub people: u32,
    /// Each with proof of presence.
    pub present: bool,
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepSpec {
    /// Its id.
    pub id: StepId,
    /// What it does.
    pub does: StepDo,
    /// What takes it back, of the same kind.
    pub undo: Option<StepDo>,
}

/// What a step does, not yet substituted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StepDo {
    /// Runs a program.
    Exec(ExecStep),
    /// Calls over HTTP.
    Http(HttpStep),
    /// Does something on Gerrit.
    Gerrit(GerritStep),
}

/// A program and its arguments.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExecStep {
    /// The program: never substituted.
    pub program: RunProgram,
    /// The arguments after it.
    pub args: Vec<Template>,
    /// Killed after so long.
    pub timeout: Millis,
    /// May be repeated when it isn't known whether it acted.
    pub idempotent: bool,
}

/// Which program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunProgram {
    /// A file of the tree, by its path there; it is in the tree.
    Tree(String),
    /// A program of the host, by absolute path.
    Host(String),
}

/// A call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpStep {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: UrlTemplate,
    /// What is sent.
    pub body: Option<JsonTemplate>,
    /// The status that has to be answered.
    pub status: u16,
    /// Members that the answer has to have, as text.
    pub json: BTreeMap<String, Template>,
    /// How long it may take to be so.
    pub within: Millis,
}

/// An address whose authority is written out, or is a value of the reviewed configuration as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UrlTemplate {
    pub(crate) base: UrlBase,
    /// Path and query.
    pub(crate) rest: Template,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum UrlBase {
    /// `http://host:80`
    Written(String),
    /// `target.x` or `environment.url`
    Place(Place),
}

/// A JSON value whose texts are templates.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JsonTemplate {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(Template),
    /// A list.
    List(Vec<JsonTemplate>),
    /// An object.
    Map(BTreeMap<String, JsonTemplate>),
}

/// Something on Gerrit; never a review vote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GerritStep {
    /// A message on each change.
    Message(Template),
    /// Hashtags on each change.
    Hashtag {
        /// To add.
        add: Vec<Template>,
        /// To remove.
        remove: Vec<Template>,
    },
    /// The change that reverts the last one, with this message.
    Revert(Template),
}
