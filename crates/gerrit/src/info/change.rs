//! Changes.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{AccountInfo, GitPerson, LabelInfo, RequirementResult, SubmitRecord, words};
use crate::Time;

words! {
    /// The status of a change.
    ChangeStatus {
        /// Open.
        New = "NEW",
        /// Merged.
        Merged = "MERGED",
        /// Given up.
        Abandoned = "ABANDONED",
    }
}

/// `ChangeInfo`. Which fields are filled depends on the options of the request (`DetailLevel`).
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ChangeInfo {
    /// `project~number`, as Gerrit writes it (percent-encoded).
    pub id: String,
    /// The number, unique on the server.
    #[serde(rename = "_number")]
    pub number: u64,
    /// The project.
    pub project: String,
    /// The branch, without `refs/heads/` (a ref outside it is whole: `refs/meta/config`).
    pub branch: String,
    /// The topic.
    #[serde(default)]
    pub topic: Option<String>,
    /// The `Change-Id` of its commits.
    pub change_id: String,
    /// The first line of the commit message.
    pub subject: String,
    /// The status.
    pub status: ChangeStatus,
    /// When it was made.
    pub created: Time,
    /// When anything was last done to it.
    pub updated: Time,
    /// When it was merged.
    #[serde(default)]
    pub submitted: Option<Time>,
    /// Who pressed Submit, or pushed.
    #[serde(default)]
    pub submitter: Option<AccountInfo>,
    /// What one press of Submit merged: the number of the change where it was pressed, with a topic `61-topic`.
    #[serde(default)]
    pub submission_id: Option<String>,
    /// The owner.
    pub owner: AccountInfo,
    /// The revision of the meta ref that this answer shows.
    #[serde(default)]
    pub meta_rev_id: Option<String>,
    /// Hashtags.
    #[serde(default)]
    pub hashtags: Vec<String>,
    /// Custom keyed values (`CUSTOM_KEYED_VALUES`).
    #[serde(default)]
    pub custom_keyed_values: BTreeMap<String, String>,
    /// The newest patch set's revision; of a merged change the last patch set, which may not be the commit on the
    /// branch.
    #[serde(default)]
    pub current_revision: Option<String>,
    /// The newest patch set's number.
    #[serde(default)]
    pub current_revision_number: Option<u32>,
    /// Patch sets by revision.
    #[serde(default)]
    pub revisions: BTreeMap<String, RevisionInfo>,
    /// Votes by label.
    #[serde(default)]
    pub labels: BTreeMap<String, LabelInfo>,
    /// Messages, oldest first.
    #[serde(default)]
    pub messages: Vec<ChangeMessage>,
    /// Results of submit requirements; `None` if not asked for. **An empty list is not yes**: a direct push has one.
    #[serde(default)]
    pub submit_requirements: Option<Vec<RequirementResult>>,
    /// Submit records; empty after a direct push.
    #[serde(default)]
    pub submit_records: Vec<SubmitRecord>,
    /// Who made whom a reviewer (`REVIEWER_UPDATES`).
    #[serde(default)]
    pub reviewer_updates: Vec<ReviewerUpdate>,
    /// Reviewers by state (`REVIEWER`, `CC`, `REMOVED`).
    #[serde(default)]
    pub reviewers: BTreeMap<String, Vec<AccountInfo>>,
    /// The change that this one reverts.
    #[serde(default)]
    pub revert_of: Option<u64>,
    /// True while it is marked work in progress.
    #[serde(default)]
    pub work_in_progress: bool,
    /// True while it is private.
    #[serde(default)]
    pub is_private: bool,
    /// Whether it could be submitted (`SUBMITTABLE`); absent after the merge.
    #[serde(default)]
    pub submittable: Option<bool>,
    /// On the last element of a query's page: there are more.
    #[serde(default, rename = "_more_changes")]
    pub more_changes: bool,
}

impl ChangeInfo {
    /// The newest patch set, if the answer holds it.
    #[must_use]
    pub fn current(&self) -> Option<&RevisionInfo> {
        self.revisions.get(self.current_revision.as_deref()?)
    }

    /// The whole name of the branch's ref.
    #[must_use]
    pub fn branch_ref(&self) -> String {
        if self.branch.starts_with("refs/") {
            self.branch.clone()
        } else {
            format!("refs/heads/{}", self.branch)
        }
    }

    /// The ref of this change's meta history.
    #[must_use]
    pub fn meta_ref(&self) -> String {
        format!("refs/changes/{:02}/{}/meta", self.number % 100, self.number)
    }
}

/// `RevisionInfo`: a patch set.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RevisionInfo {
    /// The patch set's number.
    #[serde(rename = "_number")]
    pub number: u32,
    /// `REWORK`, `TRIVIAL_REBASE`, …
    #[serde(default)]
    pub kind: Option<String>,
    /// When it was made.
    pub created: Time,
    /// Who uploaded it; where the submit made it, the submitter.
    pub uploader: AccountInfo,
    /// Who really uploaded it, if on behalf of the uploader.
    #[serde(default)]
    pub real_uploader: Option<AccountInfo>,
    /// Its ref.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Its commit (`ALL_COMMITS`, `CURRENT_COMMIT`).
    #[serde(default)]
    pub commit: Option<Commit>,
    /// Its files against its parent (`CURRENT_FILES`).
    #[serde(default)]
    pub files: BTreeMap<String, FileInfo>,
}

/// `CommitInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Commit {
    /// The parents.
    #[serde(default)]
    pub parents: Vec<Parent>,
    /// The author.
    #[serde(default)]
    pub author: Option<GitPerson>,
    /// The committer.
    #[serde(default)]
    pub committer: Option<GitPerson>,
    /// The first line.
    pub subject: String,
    /// The whole message.
    #[serde(default)]
    pub message: Option<String>,
}

/// A parent of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Parent {
    /// Its id.
    pub commit: String,
}

/// `FileInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FileInfo {
    /// `A`, `D`, `R`, `C`, `W`; absent: modified.
    #[serde(default)]
    pub status: Option<String>,
    /// The former path of a renamed or copied file.
    #[serde(default)]
    pub old_path: Option<String>,
    /// The new blob.
    #[serde(default)]
    pub new_sha: Option<String>,
    /// The size in bytes after the change.
    #[serde(default)]
    pub size: i64,
}

/// `ChangeMessageInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ChangeMessage {
    /// The meta commit that holds it.
    pub id: String,
    /// Who wrote it; absent: the server.
    #[serde(default)]
    pub author: Option<AccountInfo>,
    /// Who really did, if on behalf of the author.
    #[serde(default)]
    pub real_author: Option<AccountInfo>,
    /// When.
    pub date: Time,
    /// The text; the server puts `Patch Set N:` and votes before what was sent.
    pub message: String,
    /// Its tag, such as `autogenerated:gerrit:merged`.
    #[serde(default)]
    pub tag: Option<String>,
    /// The patch set that it is about.
    #[serde(default, rename = "_revision_number")]
    pub patch_set: Option<u32>,
}

/// `ReviewerUpdateInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReviewerUpdate {
    /// When.
    pub updated: Time,
    /// Who did it.
    pub updated_by: AccountInfo,
    /// To whom.
    pub reviewer: AccountInfo,
    /// `REVIEWER`, `CC` or `REMOVED`.
    pub state: String,
}

/// `SubmittedTogetherInfo`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SubmittedTogether {
    /// The changes that are, or were, submitted together; empty if the change is alone.
    #[serde(default)]
    pub changes: Vec<ChangeInfo>,
    /// How many more there are that we can't see.
    #[serde(default)]
    pub non_visible_changes: u32,
}
