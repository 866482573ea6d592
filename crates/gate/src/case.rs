//! A case: all that was read for one decision. With the git objects it names it is enough to decide again, anywhere.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Canonical, ChangeNumber, Digest, EnvironmentName, OperationName, OutcomeKey, Project, RefName, Revision,
    ServerName, Submission, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{CaseError, GroupsRead, LinkRead, RequestMatter, SessionRead};

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
    /// The links that were proven by challenge, as far as they bear on it, in the order of their accounts.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub links: Vec<LinkRead>,
    /// The groups on Gerrit that fill the roles of which the rules speak.
    #[serde(skip_serializing_if = "GroupsRead::is_empty", default)]
    pub groups: GroupsRead,
    /// What the identity provider says of those whom the question names.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sessions: Vec<SessionRead>,
    /// What people who were present said to plans of this outcome, in the order in which it came. Each was verified when it was
    /// stored, and is again before its run begins; a bundle has what proves it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub consents: Vec<grant::Consent>,
    /// The passkeys by which those were given, that another person confirmed and that stand.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub passkeys: Vec<crate::PasskeyRead>,
    /// When the oldest of all this was read.
    pub read_at: Timestamp,
}

impl Case {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.case/1";

    /// That it speaks of one thing: what would run is the end of the range that is judged (I4).
    ///
    /// # Errors
    /// [`CaseError::Contradiction`].
    pub(crate) fn check(&self) -> Result<(), CaseError> {
        same("its schema", &self.schema, Self::SCHEMA)?;
        crate::consent::check(self)?;
        if let Some(asked) = self.matter.request() {
            asked.check(self)?;
        }
        if let Matter::Submit(asked) = &self.matter {
            same("the revision to submit", &self.tip, &asked.revision)?;
        }
        self.links.iter().try_for_each(LinkRead::check)?;
        let Matter::Run(matter) = &self.matter else { return Ok(()) };
        let submission = &matter.submission;
        same("the submission's server", &submission.server, &self.server)?;
        same("the submission's project", &submission.project, &self.project)?;
        same("the submission's branch", &submission.branch, &self.branch)?;
        same("the submission's tip", &submission.tip, &self.tip)?;
        let id = Submission::id_of(&self.server, &self.project, &self.branch, &self.tip);
        if let Some(asked) = &matter.request {
            same("the request's operation", &asked.request.operation, &matter.operation)?;
            same("the request's environment", &asked.request.environment, &matter.environment)?;
        }
        same("the submission's id", &submission.id, &id)
    }
}

/// That what one part says is what another part says.
///
/// # Errors
/// [`CaseError::Contradiction`].
pub(crate) fn same<A: ToString, B: ToString + ?Sized>(
    what: &str,
    one: &A,
    other: &B,
) -> Result<(), CaseError> {
    let (one, other) = (one.to_string(), other.to_string());
    if one == other {
        Ok(())
    } else {
        Err(CaseError::Contradiction(format!("{what} is {one:?} in one place and {other:?} in another")))
    }
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
    /// To submit the open change of a request: whether it could run if it were merged now. Nothing runs by this answer.
    Submit(Box<RequestMatter>),
}

/// To run an operation for a submission.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunMatter {
    /// The submission; server, project, branch and tip are the case's.
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
    /// The request that was merged, where nothing but one sets the operation off.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<Box<RequestMatter>>,
}

impl RunMatter {
    /// Which outcome it is about.
    #[must_use]
    pub fn key(&self) -> OutcomeKey {
        OutcomeKey {
            submission: self.submission.id.clone(),
            operation: self.operation.clone(),
            environment: self.environment.clone(),
        }
    }
}

/// `refs/meta/config` of a project.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// When the base was granted; none: not known (a baseline).
    pub base: Option<Revision>,
    /// Now; none: it can't be read, and nothing is decided.
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
