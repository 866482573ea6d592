//! Changes and submissions.

use serde::{Deserialize, Serialize};

use crate::{Project, RefName, Revision, ServerName, SubmissionId, Timestamp};

/// The number of a change, unique on its server.
pub type ChangeNumber = u64;

/// A change, named so that nobody mistakes it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeKey {
    /// The server.
    pub server: ServerName,
    /// The project.
    pub project: Project,
    /// Its number there.
    pub number: ChangeNumber,
}

/// What one press of Submit merged into one branch: a change, a chain, or a topic's part there. The unit that triggers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// Ours, derived from server, project, branch and tip.
    pub id: SubmissionId,
    /// The server.
    pub server: ServerName,
    /// The project.
    pub project: Project,
    /// The branch, in full.
    pub branch: RefName,
    /// What the branch was at right after: the new revision.
    pub tip: Revision,
    /// Gerrit's own `submission_id`.
    pub gerrit_id: String,
    /// The changes, in ascending order of number.
    pub changes: Vec<ChangeNumber>,
    /// When Gerrit says it was submitted.
    pub submitted_at: Timestamp,
    /// When we first saw it.
    pub seen_at: Timestamp,
}

impl Submission {
    /// The id of the submission that made `tip` of `branch`.
    #[must_use]
    pub fn id_of(server: &ServerName, project: &Project, branch: &RefName, tip: &Revision) -> SubmissionId {
        SubmissionId::derive(&[
            server.as_str().as_bytes(),
            project.as_str().as_bytes(),
            branch.as_str().as_bytes(),
            tip.as_bytes(),
        ])
    }
}
