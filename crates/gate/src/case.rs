//! A case: all that was read for one decision. With the git objects it names it is enough to decide again, anywhere.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Canonical, ChangeNumber, Digest, EnvironmentName, OperationName, Project, RefName, Revision, ServerName,
    Submission, Timestamp,
};
use serde::{Deserialize, Serialize};

/// All that was read for one decision.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// `exequatur.case/1`
    pub schema: String,
    /// What is asked.
    pub matter: Matter,
    /// The configuration whose policies, links and roles judge: the accepted one.
    pub configuration: Revision,
    /// The server.
    pub server: ServerName,
    /// The server id that is pinned for it.
    pub server_id: String,
    /// The project.
    pub project: Project,
    /// The branch.
    pub branch: RefName,
    /// Where the range begins.
    pub base: Revision,
    /// Where it ends.
    pub tip: Revision,
    /// What the branch was at when it was read; none: it wasn't there.
    pub branch_tip: Option<Revision>,
    /// `refs/meta/config` of the project: when the base was granted, and now.
    pub rules: Rules,
    /// The changes that may account for commits of the range, as they were read.
    pub changes: BTreeMap<ChangeNumber, ChangeRead>,
    /// Answers to `GET /accounts/?q=email:…`, by address: SHA-256 of the bytes as read.
    pub accounts: BTreeMap<String, Digest>,
    /// Names of the freezes in force.
    pub freezes: BTreeSet<String>,
    /// When the oldest of all this was read.
    pub read_at: Timestamp,
}

impl Case {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.case/1";
}

impl Canonical for Case {
    const DOMAIN: &'static str = "exequatur.case/1";
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Matter {
    /// To run an operation.
    Run(Box<RunMatter>),
    /// To accept the tip as configuration.
    Accept,
}

/// To run an operation for a submission.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunMatter {
    /// The submission; its tip is the case's.
    pub submission: Submission,
    /// The operation.
    pub operation: OperationName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The configuration in force when the outcome was opened: the plan is made from it, and its policies have to
    /// allow too (I5).
    pub opened_under: Revision,
    /// The revision that last succeeded there, from our own record.
    pub before: Option<Revision>,
}

/// `refs/meta/config` of a project.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// When the base was granted; none: not known (a baseline).
    pub base: Option<Revision>,
    /// Now.
    pub now: Option<Revision>,
}

/// One change as it was read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRead {
    /// The tip of its meta history.
    pub meta: Revision,
    /// Its branch, if it isn't the case's.
    pub branch: RefName,
    /// The answer to `GET /changes/…`: SHA-256 of the bytes as read.
    pub detail: Digest,
    /// Meta revisions that we had seen before.
    pub seen: BTreeSet<Revision>,
}
