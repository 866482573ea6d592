//! What the engine keeps, one type a record.

use model::{
    Decision, Digest, EnvironmentName, OperationName, Outcome, OutcomeId, Plan, Project, RefName, Revision,
    RunId, ServerName, Submission, SubmissionId, Timestamp,
};
use serde::{Deserialize, Serialize};
use store::Kept;

/// Where one thing happens at a time: an operation in an environment, for one branch of one project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lane {
    /// The operation.
    pub operation: OperationName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The server.
    pub server: ServerName,
    /// The project.
    pub project: Project,
    /// The branch.
    pub branch: RefName,
}

impl Lane {
    /// Its key in the store.
    #[must_use]
    pub(crate) fn key(&self) -> String {
        format!("{}/{}/{}/{}/{}", self.operation, self.environment, self.server, self.project, self.branch)
    }
}

/// A lane's memory: the base (what the last allow on a reviewed range granted), and what runs and ran there.
///
/// Each grant moves it, with its version as precondition: two who decide at once can't both grant (I3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LaneRecord {
    /// Which lane.
    pub lane: Lane,
    /// Where the next range begins.
    pub base: Revision,
    /// `refs/meta/config` of the project when the base was granted.
    pub rules: Option<Revision>,
    /// The run that was granted the base; none while it is the asserted baseline.
    pub run: Option<RunId>,
    /// The run that is not finished yet.
    pub active: Option<RunId>,
    /// The revision that last succeeded here: `before.revision`.
    pub succeeded: Option<Revision>,
    /// When the base moved last.
    pub at: Timestamp,
}

impl Kept for LaneRecord {
    const KIND: &'static str = "lane";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.lane.key()
    }

    fn state(&self) -> &'static str {
        if self.active.is_some() { "active" } else { "idle" }
    }

    fn sort(&self) -> i64 {
        self.at.as_millis()
    }
}

/// A submission as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptSubmission {
    /// The submission.
    pub submission: Submission,
    /// The subject line of its last change.
    pub subject: String,
    /// The operations that matched it, with their environment.
    pub outcomes: Vec<OutcomeId>,
    /// Why nothing can come of it, where it was merged into the requests project and is no request.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub refused: Vec<model::Reason>,
}

impl Kept for KeptSubmission {
    const KIND: &'static str = "submission";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.submission.id.to_string()
    }

    fn state(&self) -> &'static str {
        "seen"
    }

    fn sort(&self) -> i64 {
        self.submission.seen_at.as_millis()
    }
}

/// Which submission a change belongs to; a change of a chain finds its submission by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeIndex {
    /// The server.
    pub server: ServerName,
    /// The change.
    pub number: u64,
    /// Its submission.
    pub submission: SubmissionId,
    /// When it was seen.
    pub at: Timestamp,
}

impl ChangeIndex {
    /// Its key in the store.
    #[must_use]
    pub(crate) fn key_of(server: &ServerName, number: u64) -> String {
        format!("{server}/{number}")
    }
}

impl Kept for ChangeIndex {
    const KIND: &'static str = "change-index";
    const RECORDED: bool = false;

    fn key(&self) -> String {
        Self::key_of(&self.server, self.number)
    }

    fn state(&self) -> &'static str {
        "merged"
    }

    fn sort(&self) -> i64 {
        self.at.as_millis()
    }
}

/// An outcome as kept: with its lane, and what it was opened under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptOutcome {
    /// Its id.
    pub id: OutcomeId,
    /// The outcome.
    pub outcome: Outcome,
    /// Where it wants to happen.
    pub lane: Lane,
    /// The revision that it is about.
    pub tip: Revision,
    /// The configuration in force when it was opened: policy may take from it later, never give to it (I5).
    pub configuration: Revision,
    /// It waits at most until then.
    pub until: Timestamp,
    /// The last decision, and the case that it decided: SHA-256 of the objects in the store.
    pub judged: Option<Judged>,
    /// What was asked, where it is a request's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<Box<model::Request>>,
}

/// Where the last judgement of an outcome lies in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Judged {
    /// The decision.
    pub decision: Decision,
    /// SHA-256 of its canonical bytes, an object of the store.
    pub decision_object: Digest,
    /// SHA-256 of the plan's canonical bytes, an object of the store; none when there is no plan.
    pub plan_object: Option<Digest>,
    /// SHA-256 of the canonical case, an object of the store.
    pub case_object: Digest,
    /// SHA-256 of the canonical evidence, an object of the store.
    pub evidence_object: Digest,
    /// SHA-256 of the git objects that were read ([`proof::GitObjects`]), an object of the store.
    pub git_object: Digest,
    /// The people whose votes counted.
    pub approvers: Vec<String>,
    /// The version that the configuration's record had: which configuration was in force, and that none was left out.
    pub configuration_version: u64,
}

impl Kept for KeptOutcome {
    const KIND: &'static str = "outcome";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn state(&self) -> &'static str {
        self.outcome.state.name()
    }

    fn sort(&self) -> i64 {
        self.outcome.opened_at.as_millis()
    }
}

/// A granted plan: what the executor was given, to be given again after a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptGrant {
    /// The run.
    pub run: RunId,
    /// The plan.
    pub plan: Plan,
    /// The decision.
    pub decision: Decision,
    /// The signed grant's envelope.
    pub grant: String,
    /// When it was issued.
    pub at: Timestamp,
}

impl Kept for KeptGrant {
    const KIND: &'static str = "grant";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.run.to_string()
    }

    fn state(&self) -> &'static str {
        "issued"
    }

    fn sort(&self) -> i64 {
        self.at.as_millis()
    }
}

/// A hint that waits to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptHint {
    /// The server that it is said to be about.
    pub server: ServerName,
    /// The project that it names.
    pub project: Project,
    /// The change that it names; none: something moved in the project.
    pub number: Option<u64>,
    /// When it came.
    pub at: Timestamp,
}

impl KeptHint {
    /// Its key: a hint about the same change is the same hint.
    #[must_use]
    pub(crate) fn key_of(server: &ServerName, project: &Project, number: Option<u64>) -> String {
        number
            .map_or_else(|| format!("{server}/{project}/-"), |number| format!("{server}/{project}/{number}"))
    }
}

impl Kept for KeptHint {
    const KIND: &'static str = "hint";
    const RECORDED: bool = false;

    fn key(&self) -> String {
        Self::key_of(&self.server, &self.project, self.number)
    }

    fn state(&self) -> &'static str {
        "waiting"
    }

    fn sort(&self) -> i64 {
        self.at.as_millis()
    }
}

/// How far a server's merged changes were walked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cursor {
    /// The server.
    pub server: ServerName,
    /// As Gerrit writes it.
    pub updated: String,
}

impl Kept for Cursor {
    const KIND: &'static str = "cursor";
    const RECORDED: bool = false;

    fn key(&self) -> String {
        self.server.to_string()
    }

    fn state(&self) -> &'static str {
        "set"
    }

    fn sort(&self) -> i64 {
        0
    }
}

/// The configuration in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptedConfiguration {
    /// The commit.
    pub commit: Revision,
    /// `refs/meta/config` of the operations project then.
    pub rules: Option<Revision>,
    /// When it was accepted.
    pub at: Timestamp,
    /// Since when each operation has been in force without a break: it matches only what was merged later.
    pub since: std::collections::BTreeMap<OperationName, Timestamp>,
    /// SHA-256 of its git objects ([`proof::GitObjects`]), an object of the store.
    pub git_object: Digest,
    /// The judgement by which it was accepted; none for genesis.
    pub judged: Option<Judged>,
    /// The last tip that was refused, so that it is said once.
    pub refused: Option<RefusedConfiguration>,
}

/// A newer commit of the operations project that is not in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusedConfiguration {
    /// The commit.
    pub commit: Revision,
    /// Why.
    pub reasons: Vec<model::Reason>,
    /// When.
    pub at: Timestamp,
}

impl RefusedConfiguration {
    /// Whether nothing that can still be supplied would help.
    #[must_use]
    pub(crate) fn is_final(&self) -> bool {
        self.reasons.is_empty() || self.reasons.iter().any(|reason| reason.need == model::Need::Final)
    }
}

impl AcceptedConfiguration {
    /// There is one.
    pub(crate) const KEY: &'static str = "operations";
}

impl Kept for AcceptedConfiguration {
    const KIND: &'static str = "configuration";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        Self::KEY.to_owned()
    }

    fn state(&self) -> &'static str {
        if self.refused.is_some() { "behind" } else { "current" }
    }

    fn sort(&self) -> i64 {
        self.at.as_millis()
    }
}

/// Something to say on a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    /// What it is about: an outcome and its state, or a configuration commit.
    pub about: String,
    /// The server.
    pub server: ServerName,
    /// The project.
    pub project: Project,
    /// The change.
    pub change: u64,
    /// The message, without our marker.
    pub text: String,
    /// Vote `Deployed` +1 with it.
    pub deployed: bool,
    /// Hashtags to add.
    pub hashtags: Vec<String>,
    /// When it was due.
    pub at: Timestamp,
    /// How often it was tried until it was said.
    pub tries: u32,
    /// Said.
    pub posted: bool,
}

impl Report {
    /// Its key in the store.
    #[must_use]
    pub(crate) fn key_of(about: &str, server: &ServerName, change: u64) -> String {
        format!("{server}/{change}/{about}")
    }
}

impl Kept for Report {
    const KIND: &'static str = "report";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        Self::key_of(&self.about, &self.server, self.change)
    }

    fn state(&self) -> &'static str {
        if self.posted { "posted" } else { "due" }
    }

    fn sort(&self) -> i64 {
        self.at.as_millis()
    }
}

/// The meta revisions that a change was seen at: one that is later no ancestor of its tip was rewritten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeenMetas {
    /// The server.
    pub server: ServerName,
    /// The change.
    pub number: u64,
    /// The revisions, oldest first; the first and the newest are kept when there are many.
    pub metas: Vec<Revision>,
    /// When the last one was seen.
    pub at: Timestamp,
}

impl SeenMetas {
    /// How many are kept.
    const LIMIT: usize = 32;

    /// Adds one; false if it was the last one already.
    pub(crate) fn add(&mut self, meta: Revision, at: Timestamp) -> bool {
        if self.metas.last() == Some(&meta) {
            return false;
        }
        if self.metas.len() >= Self::LIMIT {
            self.metas.remove(1);
        }
        self.metas.push(meta);
        self.at = at;
        true
    }
}

impl Kept for SeenMetas {
    const KIND: &'static str = "seen-metas";
    const RECORDED: bool = false;

    fn key(&self) -> String {
        ChangeIndex::key_of(&self.server, self.number)
    }

    fn state(&self) -> &'static str {
        "seen"
    }

    fn sort(&self) -> i64 {
        self.at.as_millis()
    }
}
