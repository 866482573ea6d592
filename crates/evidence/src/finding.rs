//! What can be found about a change.

use serde::{Deserialize, Serialize};

/// A finding. `Ord` is the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingCode {
    /// Refuses: the status is not merged.
    NotMerged,
    /// Refuses: merged, and no vote on a review label counts.
    NoIndependentApproval,
    /// Refuses: a lowest-value vote on a review label stood on the merged patch set.
    Vetoed,
    /// Refuses: a submit requirement passed by override.
    RequirementOverridden,
    /// Refuses: a submit requirement was not asked.
    RequirementBypassed,
    /// Refuses: a stored result or record says not ready.
    RequirementUnsatisfied,
    /// Refuses: somebody else pressed Submit in the submitter's name.
    SubmittedOnBehalf,
    /// Refuses: closed because its commit was pushed to the branch.
    PushedDirectly,
    /// Refuses: what was merged is not reachable from the branch.
    NotOnBranch,
    /// Refuses: a meta revision seen before is no ancestor of the tip.
    HistoryRewritten,
    /// Refuses: REST and NoteDb tell different stories.
    RestDisagrees,
    /// Refuses: the meta history can't be parsed.
    Malformed,
    /// Informs: the merge commit lacks what a submit writes, or a record names a voter whose vote is stale.
    EvidenceWeak,
    /// Informs: a vote by an account of another server exists.
    ForeignServerId,
    /// Informs: author, committer or a co-author could not be proven to be an account.
    AuthorUnresolved,
    /// Informs: a counting vote is by the uploader of an earlier patch set.
    ReviewerUploadedEarlier,
    /// Informs: the owner submitted.
    SubmitterIsOwner,
    /// Informs: meta commits after the merge exist.
    UpdatedAfterMerge,
}

impl FindingCode {
    /// Every code, in order.
    pub const ALL: [Self; 18] = [
        Self::NotMerged,
        Self::NoIndependentApproval,
        Self::Vetoed,
        Self::RequirementOverridden,
        Self::RequirementBypassed,
        Self::RequirementUnsatisfied,
        Self::SubmittedOnBehalf,
        Self::PushedDirectly,
        Self::NotOnBranch,
        Self::HistoryRewritten,
        Self::RestDisagrees,
        Self::Malformed,
        Self::EvidenceWeak,
        Self::ForeignServerId,
        Self::AuthorUnresolved,
        Self::ReviewerUploadedEarlier,
        Self::SubmitterIsOwner,
        Self::UpdatedAfterMerge,
    ];

    /// Whether it makes `reviewed` false.
    #[must_use]
    pub const fn is_refusing(self) -> bool {
        (self as u8) <= (Self::Malformed as u8)
    }
}

/// One thing found, and what exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub code: FindingCode,
    /// For people: what exactly.
    pub reason: String,
}

impl Finding {
    pub(crate) fn new(code: FindingCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_the_first_twelve_refuse() {
        assert!(FindingCode::ALL.is_sorted());
        let refusing: Vec<_> = FindingCode::ALL.into_iter().filter(|code| code.is_refusing()).collect();
        assert_eq!(refusing, FindingCode::ALL[..12]);
        assert_eq!(
            serde_json::to_string(&FindingCode::ReviewerUploadedEarlier).unwrap(),
            "\"reviewer-uploaded-earlier\""
        );
    }
}
