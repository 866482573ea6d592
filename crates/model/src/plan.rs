//! The plan: an operation with everything resolved. What was approved is this value, and this value is what runs (I4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Canonical, ChangeNumber, Digest, EnvironmentName, OperationName, Project, RefName, Revision, ServerName,
    StepId, SubmissionId, TargetName,
};

/// Whether an allow runs, or is only recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Everything is judged and recorded, nothing runs.
    Observe,
    /// An allow runs.
    Enforce,
}

/// An operation with everything resolved; immutable, with a hash.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// `exequatur.plan/1`
    pub schema: String,
    /// The operation.
    pub operation: OperationName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The commit of the operations project that says all this.
    pub configuration: Revision,
    /// What set it off, and which revision it is about.
    pub triggered_by: TriggeredBy,
    /// Values that a request gave; empty for a submission.
    pub inputs: BTreeMap<String, String>,
    /// What our own record says ran before: `revision`, if there was one.
    pub before: BTreeMap<String, String>,
    /// The files beside the programs, by path in the operations project, with the SHA-256 of their bytes: what the
    /// executor unpacks, and nothing else.
    pub files: BTreeMap<String, Digest>,
    /// The steps in order. A step for several targets stands here once for each.
    pub steps: Vec<PlannedStep>,
    /// What a failed step leads to.
    pub on_failure: OnFailure,
}

impl Plan {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.plan/1";
}

impl Canonical for Plan {
    const DOMAIN: &'static str = "exequatur.plan/1";
}

impl Plan {
    /// What of it could be said before anybody asked for it.
    #[must_use]
    pub fn requested(&self) -> RequestedPlan {
        RequestedPlan {
            schema: RequestedPlan::SCHEMA.to_owned(),
            operation: self.operation.clone(),
            environment: self.environment.clone(),
            inputs: self.inputs.clone(),
            files: self.files.clone(),
            steps: self.steps.clone(),
            on_failure: self.on_failure,
        }
    }
}

/// What a request would do: a plan before there is a submission. Its hash is what a request asks for and what reviewers
/// approve; the plan that runs has to come out as the same (I4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestedPlan {
    /// `exequatur.requested-plan/1`
    pub schema: String,
    /// The operation.
    pub operation: OperationName,
    /// The environment.
    pub environment: EnvironmentName,
    /// What was given.
    pub inputs: BTreeMap<String, String>,
    /// As [`Plan::files`].
    pub files: BTreeMap<String, Digest>,
    /// As [`Plan::steps`].
    pub steps: Vec<PlannedStep>,
    /// As [`Plan::on_failure`].
    pub on_failure: OnFailure,
}

impl RequestedPlan {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.requested-plan/1";

    /// The plan that it is once the request was merged.
    #[must_use]
    pub fn into_plan(self, configuration: Revision, triggered_by: TriggeredBy) -> Plan {
        Plan {
            schema: Plan::SCHEMA.to_owned(),
            operation: self.operation,
            environment: self.environment,
            configuration,
            triggered_by,
            inputs: self.inputs,
            before: BTreeMap::new(),
            files: self.files,
            steps: self.steps,
            on_failure: self.on_failure,
        }
    }
}

impl Canonical for RequestedPlan {
    const DOMAIN: &'static str = "exequatur.requested-plan/1";
}

/// The submission behind a plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriggeredBy {
    /// The submission.
    pub submission: SubmissionId,
    /// The server.
    pub server: ServerName,
    /// The project.
    pub project: Project,
    /// The branch.
    pub branch: RefName,
    /// The revision that runs.
    pub revision: Revision,
    /// Where the range begins that was judged.
    pub base: Revision,
    /// The changes of the submission, ascending.
    pub changes: Vec<ChangeNumber>,
}

/// What a failed step leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// Take back the steps that acted, last first.
    Undo,
    /// Leave everything as it is.
    Stop,
}

/// What a step acts on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its name in `targets.yaml`.
    pub name: TargetName,
    /// Plain values of that target, for substitution (`target.url`).
    pub values: BTreeMap<String, String>,
}

/// One step on one target, all values substituted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedStep {
    /// The step's id in the operation.
    pub id: StepId,
    /// The target, where the environment has any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target: Option<Target>,
    /// What it does.
    pub action: Action,
    /// What takes it back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub undo: Option<Action>,
}

/// What a step does: one kind a variant, one module of `targets` each.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Runs a program.
    Exec(Exec),
    /// Calls over HTTP.
    Http(Http),
    /// Does something on Gerrit; never a review vote.
    Gerrit(Gerrit),
}

/// A program with its arguments; no shell reads them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exec {
    /// What is started.
    pub program: Program,
    /// The arguments after the program's name.
    pub args: Vec<String>,
    /// Killed, with all its group, after so many milliseconds.
    pub timeout_ms: u64,
    /// May be repeated when it is not known whether it acted.
    pub idempotent: bool,
}

/// Which program.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Program {
    /// A file of the operations project at the plan's commit; one of [`Plan::files`].
    Operations {
        /// Its path there.
        path: String,
        /// Of its bytes.
        sha256: Digest,
    },
    /// A program of the host, by absolute path; the accepted configuration names it, its bytes are the host's.
    Host {
        /// Absolute.
        path: String,
    },
}

/// An HTTP method that a step may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads; may be repeated.
    Get,
    /// Acts.
    Post,
    /// Acts; may be repeated.
    Put,
    /// Acts; may be repeated.
    Delete,
}

/// A call over HTTP, repeated until it answers as expected or the time is over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// The method.
    pub method: Method,
    /// The whole URL. Its authority was never substituted from a value of a change or a request.
    pub url: String,
    /// The body, JSON.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<String>,
    /// What it has to answer.
    pub expect: HttpExpect,
    /// How long it may take to answer so, in milliseconds.
    pub within_ms: u64,
}

/// What an answer has to be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpExpect {
    /// The status.
    pub status: u16,
    /// Members of the JSON object that it answers, as text.
    pub json: BTreeMap<String, String>,
}

/// Something on Gerrit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gerrit {
    /// A message on each change of the submission.
    Message {
        /// Its text.
        text: String,
    },
    /// Adds and removes hashtags on each change of the submission.
    Hashtag {
        /// Those to add.
        add: Vec<String>,
        /// Those to remove.
        remove: Vec<String>,
    },
    /// Makes the change that reverts the submission's last change.
    Revert {
        /// Its message.
        message: String,
    },
}
