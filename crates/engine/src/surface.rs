//! What the engine shows and takes: the one surface under the HTTP API, the pages and the command line.
//!
//! Everything here is a value that can be printed. Who may see it is the server's question; nothing here holds a secret.

use std::collections::BTreeMap;

use async_trait::async_trait;
use evidence::{ChangeEvidence, RangeEvidence};
use grant::{ConsentAnswer, PasskeyKey, Registration, SignedConsent};
use identity::{Person, Rule};
use model::{
    Account, Decision, Digest, EnvironmentName, Identity, Justification, OperationName, OutcomeId,
    OutcomeState, PersonKey, Plan, Project, Reason, RefName, Request, RequestId, RequestedPlan, Requester,
    Revision, RoleName, Run, RunId, ServerName, Submission, SubmissionId, Timestamp,
};
use serde::{Deserialize, Serialize};

/// A submission with all its outcomes.
#[derive(Clone, Debug, Serialize)]
pub struct SubmissionView {
    /// `exequatur.submission-view/1`
    pub schema: &'static str,
    /// The submission.
    pub submission: Submission,
    /// The subject line of its last change, made safe, if it is still known.
    pub subject: Option<String>,
    /// Where the change can be seen in Gerrit.
    pub change_url: String,
    /// One for each operation and environment that matched; empty when none did.
    pub outcomes: Vec<OutcomeView>,
    /// Why nothing can come of it: it was merged into the requests project and is no request, or into the operations
    /// project and was not accepted.
    pub refused: Vec<Reason>,
    /// Of the operations project: whether it is part of the accepted configuration.
    pub in_force: Option<bool>,
}

/// One outcome, explained.
#[derive(Clone, Debug, Serialize)]
pub struct OutcomeView {
    /// Its id.
    pub id: OutcomeId,
    /// The operation.
    pub operation: OperationName,
    /// Its title in the accepted configuration.
    pub title: String,
    /// The environment.
    pub environment: EnvironmentName,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How it stands.
    pub state: OutcomeState,
    /// The last decision.
    pub decision: Option<Decision>,
    /// The range that was judged: each commit, and what was found.
    pub range: Option<RangeView>,
    /// The people whose votes counted, as the reviewed links name them.
    pub approvers: Vec<String>,
    /// The run, if one was granted.
    pub run: Option<RunView>,
}

/// The range behind a decision.
#[derive(Clone, Debug, Serialize)]
pub struct RangeView {
    /// Where it begins.
    pub base: Revision,
    /// Where it ends.
    pub tip: Revision,
    /// Whether it is reviewed.
    pub reviewed: bool,
    /// Its commits, parents before children.
    pub commits: Vec<CommitView>,
}

/// One commit of a range.
#[derive(Clone, Debug, Serialize)]
pub struct CommitView {
    /// The commit.
    pub sha: Revision,
    /// `change`, `merge-made-by-gerrit`, `imported` or `unaccounted`.
    pub account: String,
    /// Its change, if any.
    pub change: Option<u64>,
    /// Whether that change is reviewed.
    pub reviewed: Option<bool>,
    /// What was found, one line each: votes that count or don't and why, findings.
    pub notes: Vec<String>,
}

/// One run with everything that is known of it.
#[derive(Clone, Debug, Serialize)]
pub struct RunView {
    /// `exequatur.run-view/1`
    pub schema: &'static str,
    /// The run.
    pub run: Run,
    /// Its plan.
    pub plan: Plan,
    /// The submission behind it.
    pub submission: SubmissionId,
    /// What happened, in the ledger's order.
    pub timeline: Vec<Event>,
    /// The steps' output: bounded, made safe; never posted to Gerrit.
    pub outputs: Vec<Output>,
}

/// One ledger entry in words.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// Its index in the ledger.
    pub index: u64,
    /// When.
    pub at: Timestamp,
    /// The entry's kind.
    pub kind: String,
    /// One line.
    pub text: String,
}

/// What a step wrote.
#[derive(Clone, Debug, Serialize)]
pub struct Output {
    /// The step.
    pub step: String,
    /// The text.
    pub text: String,
    /// Whether some of it is left out.
    pub truncated: bool,
}

/// Which runs to list.
#[derive(Clone, Debug, Default)]
pub struct RunQuery {
    /// Only in these states (`granted`, `running`, `undoing`, `finished`); all if empty.
    pub states: Vec<String>,
    /// At most so many; 1 to 500.
    pub limit: usize,
    /// The `next` of the page before.
    pub after: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize)]
pub struct Page<T> {
    /// The rows, newest first.
    pub rows: Vec<T>,
    /// Give it as `after` for the next page.
    pub next: Option<String>,
}

/// One line of a list of runs.
#[derive(Clone, Debug, Serialize)]
pub struct RunRow {
    /// The run.
    pub id: RunId,
    /// The operation.
    pub operation: OperationName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The revision that runs.
    pub revision: Revision,
    /// The submission behind it.
    pub submission: SubmissionId,
    /// When it was granted.
    pub granted_at: Timestamp,
    /// `granted`, `running`, `undoing`, or the result.
    pub state: String,
}

/// What `exq why` asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A change, by number, on one server.
    Change(ServerName, u64),
    /// A submission.
    Submission(SubmissionId),
    /// A run.
    Run(RunId),
}

/// How a change in the operations project fared.
#[derive(Clone, Debug, Serialize)]
pub struct ConfigurationView {
    /// The commit in force.
    pub accepted: Revision,
    /// Since when.
    pub since: Timestamp,
    /// A newer commit that is not accepted, and why.
    pub refused: Option<(Revision, Vec<Reason>)>,
}

/// What is true about one change, read now (`docs/EVIDENCE.md`).
#[derive(Clone, Debug, Serialize)]
pub struct ChangeEvidenceView {
    /// `exequatur.change-evidence-view/1`
    pub schema: &'static str,
    /// The evidence: `exequatur.evidence/1`.
    pub evidence: ChangeEvidence,
    /// Votes of a merged change that stood at no meta revision which we saw while it was open: that they were cast before
    /// the merge rests on Gerrit's word.
    pub first_seen_after_merge: Vec<VoteName>,
    /// What Gerrit calls the accounts, by number. Names prove nothing.
    pub names: BTreeMap<u64, String>,
    /// When it was read.
    pub read_at: Timestamp,
}

impl ChangeEvidenceView {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.change-evidence-view/1";
}

/// Which vote is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteName {
    /// The label.
    pub label: String,
    /// The voter's number.
    pub account: u64,
    /// The value.
    pub value: i32,
    /// The patch set on which it stands.
    pub patch_set: u32,
}

impl VoteName {
    /// That of a vote.
    #[must_use]
    pub fn of(vote: &evidence::Vote) -> Self {
        Self {
            label: vote.label.clone(),
            account: vote.account,
            value: vote.value,
            patch_set: vote.patch_set,
        }
    }
}

/// What is true about a range, read now.
#[derive(Clone, Debug, Serialize)]
pub struct RangeEvidenceView {
    /// `exequatur.range-evidence-view/1`
    pub schema: &'static str,
    /// The evidence: `exequatur.range/1`.
    pub evidence: RangeEvidence,
    /// The project's `refs/meta/config` at the base; none: not known, so how it moved since was not judged.
    pub rules: Option<Revision>,
    /// When the oldest of it was read.
    pub read_at: Timestamp,
}

impl RangeEvidenceView {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.range-evidence-view/1";
}

/// Which range is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeQuestion {
    /// The server.
    pub server: ServerName,
    /// The project.
    pub project: Project,
    /// The branch.
    pub branch: RefName,
    /// From where.
    pub base: Revision,
    /// To where.
    pub tip: Revision,
    /// `refs/meta/config` at the base; if it isn't said, that of a lane whose base this is.
    pub rules: Option<Revision>,
}

/// What a request would do.
#[derive(Clone, Debug, Serialize)]
pub struct PlanView {
    /// `exequatur.requested-plan-view/1`
    pub schema: &'static str,
    /// What a request names: the hash of the plan.
    pub hash: Digest,
    /// The operation's title.
    pub title: String,
    /// The configuration that says all this.
    pub configuration: Revision,
    /// So many independent people have to approve it.
    pub people: u32,
    /// The plan.
    pub plan: RequestedPlan,
}

impl PlanView {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.requested-plan-view/1";
}

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who asks, as verified.
    pub by: Requester,
    /// The operation.
    pub operation: OperationName,
    /// The environment; may be left out where there is one.
    pub environment: Option<EnvironmentName>,
    /// What the operation asks for.
    pub inputs: BTreeMap<String, String>,
    /// Why.
    pub justification: Justification,
    /// The hash of the plan that was looked at; if it is another now, nothing is asked.
    pub plan: Option<Digest>,
    /// Sets this request apart from all others; the same one is the same request.
    pub nonce: [u8; 16],
}

/// One request, and how it stands.
#[derive(Clone, Debug, Serialize)]
pub struct RequestView {
    /// `exequatur.request-view/1`
    pub schema: &'static str,
    /// What was asked.
    pub request: Request,
    /// `made`, `open`, `submitting`, `merged`, or how it ended: `withdrawn`, `expired`, `refused`, `abandoned`, `failed`.
    pub state: &'static str,
    /// Since when.
    pub since: Timestamp,
    /// Its change, once there is one.
    pub change: Option<u64>,
    /// Where that can be seen in Gerrit.
    pub change_url: Option<String>,
    /// What an open one waits for, as far as it was looked at.
    pub waits_for: Vec<Reason>,
    /// What went wrong last, while it is tried again.
    pub trouble: Option<String>,
    /// Why it ended.
    pub reasons: Vec<Reason>,
    /// Who ended it.
    pub ended_by: Option<Requester>,
    /// The submission, once it is merged.
    pub submission: Option<SubmissionId>,
    /// What became of it.
    pub outcome: Option<OutcomeState>,
}

impl RequestView {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.request-view/1";
}

/// What one may do to an operation in an environment, or to the operations project.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// Ask for it.
    Ask,
    /// Review what it would run.
    Review,
    /// Consent to its plan.
    Approve,
    /// Run it.
    Run,
}

/// What somebody may do, and why.
#[derive(Clone, Debug, Serialize)]
pub struct AccessView {
    /// `exequatur.access-view/1`
    pub schema: &'static str,
    /// Who.
    pub person: PersonKey,
    /// Their accounts.
    pub accounts: Vec<Account>,
    /// Their identities.
    pub identities: Vec<Identity>,
    /// Every role there is, and whether they have it.
    pub roles: Vec<RoleView>,
    /// What was asked.
    pub deed: Deed,
    /// Of what: `operation/environment`; none: of the operations project.
    pub on: Option<String>,
    /// Whether they may.
    pub may: bool,
    /// Why, or why not.
    pub because: Vec<String>,
}

impl AccessView {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.access-view/1";
}

/// A role, and whether somebody has it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct RoleView {
    /// Its name.
    pub role: RoleName,
    /// Whether they have it.
    pub has: bool,
    /// Why, or why not.
    pub why: String,
}

/// What somebody who signed in wants to link.
#[derive(Clone, Debug)]
pub struct LinkAsked {
    /// The Gerrit server.
    pub server: ServerName,
    /// The number of their account there.
    pub account: u64,
    /// Sets this text apart from all others; nobody can guess it.
    pub nonce: [u8; 16],
}

/// What the account's holder has to post.
#[derive(Clone, Debug, Serialize)]
pub struct LinkChallengeView {
    /// `exequatur.link-challenge/1`
    pub schema: &'static str,
    /// What it is known by.
    pub id: String,
    /// To be posted as a message on a change, as that account, in one line.
    pub text: String,
    /// The server.
    pub server: ServerName,
    /// The account.
    pub account: u64,
    /// Until when.
    pub until: Timestamp,
}

impl LinkChallengeView {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.link-challenge/1";
}

/// An account that its holder linked.
#[derive(Clone, Debug, Serialize)]
pub struct LinkView {
    /// `exequatur.link-view/1`
    pub schema: &'static str,
    /// The server.
    pub server: ServerName,
    /// The account.
    pub account: u64,
    /// What that was called then.
    pub account_name: String,
    /// Whose it is.
    pub identity: Identity,
    /// The key by which the company names that human, as the provider said it then.
    pub person: Option<PersonKey>,
    /// The change on which its holder said so.
    pub change: u64,
    /// The commit of that change's meta history.
    pub meta: Revision,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was revoked; none: it stands.
    pub revoked_at: Option<Timestamp>,
}

impl LinkView {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.link-view/1";
}

/// Who looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// As the provider proves them.
    pub identity: model::Identity,
    /// The key by which the company names them, where the provider says it.
    pub person: Option<PersonKey>,
}

/// A plan that waits for somebody's approval, or did, and what was said to it.
#[derive(Clone, Debug, Serialize)]
pub struct ConsentView {
    /// `exequatur.consent-view/1`
    pub schema: &'static str,
    /// The outcome that waits.
    pub outcome: OutcomeId,
    /// Its submission.
    pub submission: SubmissionId,
    /// The subject line of its last change.
    pub subject: String,
    /// Where the change can be seen in Gerrit.
    pub change_url: String,
    /// The operation.
    pub operation: OperationName,
    /// Its title in the accepted configuration.
    pub title: String,
    /// The environment.
    pub environment: EnvironmentName,
    /// Whether an answer is still waited for.
    pub waits: bool,
    /// How the outcome stands.
    pub state: OutcomeState,
    /// The plan as it was judged last.
    pub plan: Option<Plan>,
    /// Its hash: what is signed.
    pub hash: Option<Digest>,
    /// The hash's short code, to compare with what `exq consent` shows.
    pub code: Option<String>,
    /// What the environment asks for.
    pub approve: Option<ApproveView>,
    /// What was asked, where it is a request's.
    pub request: Option<Request>,
    /// What was said so far, in the order in which it came.
    pub given: Vec<ConsentGiven>,
    /// Whether an answer of whoever looks would count, where a person looks and one is waited for.
    pub you: Option<You>,
}

impl ConsentView {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.consent-view/1";
}

/// Whose approval an environment asks for.
#[derive(Clone, Debug, Serialize)]
pub struct ApproveView {
    /// Of this role.
    pub role: RoleName,
    /// So many people.
    pub people: u32,
    /// With proof of presence.
    pub present: bool,
}

/// One answer.
#[derive(Clone, Debug, Serialize)]
pub struct ConsentGiven {
    /// By whom, as the links in force know them.
    pub person: Option<PersonKey>,
    /// Yes or no.
    pub answer: ConsentAnswer,
    /// What proves it: `step-up` or `passkey`.
    pub kind: &'static str,
    /// When.
    pub at: Timestamp,
    /// Whether it is an answer to the plan as it is now.
    pub is_of_this_plan: bool,
}

/// Whether an answer of whoever looks would count. Whether they are independent of the changes the gate says when it judges.
#[derive(Clone, Debug, Serialize)]
pub struct You {
    /// Whom the links know them as; none: it wouldn't count.
    pub person: Option<PersonKey>,
    /// Why not, and who can change that.
    pub why_not: Option<String>,
}

/// A passkey that isn't revoked.
#[derive(Clone, Debug, Serialize)]
pub struct PasskeyView {
    /// `exequatur.passkey-view/1`
    pub schema: &'static str,
    /// Ours.
    pub id: Digest,
    /// Its own id, in base64url.
    pub credential: String,
    /// Its public key.
    pub key: PasskeyKey,
    /// Whose it is.
    pub identity: model::Identity,
    /// The key by which the company names them.
    pub person: Option<PersonKey>,
    /// How its person calls it.
    pub label: String,
    /// `enrolled` (it counts for nothing yet), `confirmed`, `revoked`.
    pub state: &'static str,
    /// Who confirmed it.
    pub confirmed_by: Option<String>,
    /// Since when.
    pub at: Timestamp,
}

impl PasskeyView {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.passkey-view/1";
}

/// The answer to a hook, already durable when it is `Stored`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HookAnswer {
    /// Written down; will be looked at.
    Stored,
    /// The same hint is waiting already.
    Known,
    /// Understood, and of no interest.
    Ignored,
    /// Not readable as an event.
    Malformed,
    /// This source has used up its budget for now.
    OverBudget,
    /// No such server, or the secret is wrong: the same answer for both.
    NotFound,
    /// It could not be written down.
    Unavailable,
}

/// How the parts are.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    /// May serve: the store answers.
    pub ready: bool,
    /// Each part: name, whether it is well, and a line about it.
    pub parts: Vec<(String, bool, String)>,
    /// Alarms that a person should look at, in alphabetical order.
    pub alarms: Vec<String>,
}

/// Figures for `/metrics`: name, labels, value.
pub type Metric = (&'static str, Vec<(&'static str, String)>, u64);

/// Why something couldn't be shown.
#[derive(Debug, thiserror::Error)]
pub enum SurfaceError {
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// There will be such a thing, later.
    #[error("not yet: {0}")]
    NotYet(String),
    /// The store doesn't answer.
    #[error("the store can't be read: {0}")]
    Unavailable(String),
    /// What was asked for can't be answered by anybody: a sentence for whoever asked.
    #[error("{0}")]
    Asked(String),
    /// Gerrit can't be read now: a sentence for whoever asked, and what the log should have.
    #[error("{said} ({why})")]
    Gerrit {
        /// For whoever asked.
        said: String,
        /// For the log.
        why: String,
        /// Whether asking again may help.
        again: bool,
    },
}

/// What the engine shows and takes.
#[async_trait]
pub trait Surface: Send + Sync {
    /// Takes a hook's body. `secret` is the last part of the path. Stores first, then answers.
    async fn hook(&self, server: &str, secret: &str, source: std::net::IpAddr, body: &[u8]) -> HookAnswer;
    /// The newest submissions.
    async fn submissions(
        &self,
        limit: usize,
        after: Option<String>,
    ) -> Result<Page<SubmissionView>, SurfaceError>;
    /// One submission.
    async fn submission(&self, id: &SubmissionId) -> Result<SubmissionView, SurfaceError>;
    /// The submission that a change, run or submission belongs to.
    async fn why(&self, about: &Subject) -> Result<SubmissionView, SurfaceError>;
    /// What is true about a change now; `project` saves a look, where it is known.
    async fn evidence(
        &self,
        server: &ServerName,
        change: u64,
        project: Option<Project>,
    ) -> Result<ChangeEvidenceView, SurfaceError>;
    /// What is true about a range now.
    async fn range_evidence(&self, asked: &RangeQuestion) -> Result<RangeEvidenceView, SurfaceError>;
    /// What a request would do.
    async fn plan(
        &self,
        operation: &OperationName,
        environment: Option<&EnvironmentName>,
        inputs: &BTreeMap<String, String>,
    ) -> Result<PlanView, SurfaceError>;
    /// Makes a request: durable when this answers.
    async fn ask(&self, asked: Asked) -> Result<RequestView, SurfaceError>;
    /// The newest requests.
    async fn requests(&self, limit: usize, after: Option<String>) -> Result<Page<RequestView>, SurfaceError>;
    /// One request.
    async fn request(&self, id: &RequestId) -> Result<RequestView, SurfaceError>;
    /// Whoever asked takes it back.
    async fn withdraw(&self, id: &RequestId, by: Requester) -> Result<RequestView, SurfaceError>;
    /// Gives the text by which the holder of an account links it to the person who asks.
    async fn ask_link(&self, by: &Person, wanted: LinkAsked) -> Result<LinkChallengeView, SurfaceError>;
    /// Looks for the text on a change, and keeps the link that it proves.
    async fn prove_link(&self, by: &Person, id: &str, change: u64) -> Result<LinkView, SurfaceError>;
    /// The rules that let services and agents in, and the commit that they are of.
    fn workloads(&self) -> (Revision, Vec<Rule>);
    /// What somebody may do now, and why, or why not.
    async fn access(
        &self,
        person: &PersonKey,
        deed: Deed,
        on: Option<(OperationName, EnvironmentName)>,
    ) -> Result<AccessView, SurfaceError>;
    /// The person of an identity, and of the key that the provider says.
    async fn person_of(
        &self,
        identity: &Identity,
        key: Option<&PersonKey>,
    ) -> Result<Option<PersonKey>, SurfaceError>;
    /// Every link that was proven, those that were revoked too.
    async fn links(&self) -> Result<Vec<LinkView>, SurfaceError>;
    /// Takes a link back; `whose` is the identity that it has to be of, where not everybody's may be taken back.
    async fn revoke_link(
        &self,
        account: &Account,
        whose: Option<&Identity>,
        by: String,
    ) -> Result<LinkView, SurfaceError>;
    /// Plans that wait for somebody's approval.
    async fn consents(&self, viewer: Option<&Viewer>) -> Result<Vec<ConsentView>, SurfaceError>;
    /// One outcome's plan, and what was said to it.
    async fn consent(&self, id: &OutcomeId, viewer: Option<&Viewer>) -> Result<ConsentView, SurfaceError>;
    /// Takes what somebody who is present says: verified and durable when this answers; the outcome is judged again at once.
    async fn give_consent(&self, signed: SignedConsent) -> Result<ConsentView, SurfaceError>;
    /// The passkeys of everybody, but for those that are revoked.
    async fn passkeys(&self) -> Result<Vec<PasskeyView>, SurfaceError>;
    /// Stores a passkey of somebody who has just proved to be present. It counts once another person confirms it.
    async fn enrol_passkey(
        &self,
        by: Viewer,
        made: Registration,
        label: &str,
    ) -> Result<PasskeyView, SurfaceError>;
    /// Another person says that it is theirs.
    async fn confirm_passkey(&self, id: &Digest, by: Viewer) -> Result<PasskeyView, SurfaceError>;
    /// Its own person gives it up.
    async fn revoke_passkey(&self, id: &Digest, by: &Viewer) -> Result<PasskeyView, SurfaceError>;
    /// The newest runs.
    async fn runs(&self, query: &RunQuery) -> Result<Page<RunRow>, SurfaceError>;
    /// One run.
    async fn run(&self, id: &RunId) -> Result<RunView, SurfaceError>;
    /// The bundle that proves one run (`docs/BUNDLE.md`).
    async fn bundle(&self, id: &RunId) -> Result<Vec<u8>, SurfaceError>;
    /// The configuration in force.
    async fn configuration(&self) -> Result<ConfigurationView, SurfaceError>;
    /// Projects that are watched.
    fn watched(&self) -> Vec<(ServerName, Project)>;
    /// The newest signed checkpoint.
    async fn checkpoint(&self) -> Result<String, SurfaceError>;
    /// Counts up with each commit that changes something here.
    fn progress(&self) -> tokio::sync::watch::Receiver<u64>;
    /// How the parts are.
    async fn health(&self) -> Health;
    /// Figures.
    async fn metrics(&self) -> Vec<Metric>;
}
