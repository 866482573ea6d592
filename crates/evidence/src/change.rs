//! What is said of one change: the JSON `exequatur.evidence/1`.

use std::collections::BTreeSet;

use notedb::requirements::RequirementResult;
use notedb::{ObjectId, Time};
use serde::{Deserialize, Serialize};

use crate::{Finding, FindingCode};

/// The name of this form of JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeSchema {
    /// The first and only one.
    #[default]
    #[serde(rename = "exequatur.evidence/1")]
    V1,
}

/// Evidence on one change at one meta revision. Field order is that of the JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeEvidence {
    /// The form.
    pub schema: ChangeSchema,
    /// Which change.
    pub change: Change,
    /// The meta commit read.
    pub meta: ObjectId,
    /// Whether it is merged; `null` if malformed.
    pub status: Option<Status>,
    /// The patch set that stands: merged, that was merged.
    pub patch_set: Option<u32>,
    /// Its revision.
    pub revision: Option<ObjectId>,
    /// The submit, if merged.
    pub submitted: Option<Submitted>,
    /// Who contributed.
    pub people: People,
    /// Every vote that stands, and those cast after the merge.
    pub votes: Vec<Vote>,
    /// The results of submit requirements that the submit stored, by name.
    pub requirements: Vec<RequirementResult>,
    /// Whether the change is merged and reviewed.
    pub reviewed: bool,
    /// What was found, in the order of the codes.
    pub findings: Vec<Finding>,
    /// The commit that the merge message names, where it is another than the revision. Not part of the JSON; ranges
    /// need it.
    #[serde(skip)]
    pub landed_as: Option<ObjectId>,
    /// Who uploaded a patch set before the reviewed one, whose lines may still be in. Not part of the JSON; the gate
    /// needs it.
    #[serde(skip)]
    pub earlier_uploaders: BTreeSet<u64>,
}

/// Which change it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The id of the Gerrit server whose accounts are meant.
    pub server: Option<String>,
    /// The project; offline nobody knows it.
    pub project: Option<String>,
    /// Its number.
    pub number: u64,
    /// Its Change-Id.
    pub id: Option<String>,
    /// The full name of its branch.
    pub branch: Option<String>,
}

/// Where the change is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Open.
    New,
    /// Merged.
    Merged,
    /// Abandoned.
    Abandoned,
}

impl Status {
    /// The word in the JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Merged => "merged",
            Self::Abandoned => "abandoned",
        }
    }
}

/// The submit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    /// When.
    pub at: Time,
    /// By whom; `null` if by nobody of the change's own server.
    pub by: Option<u64>,
    /// Who really did it, if another account.
    pub real: Option<u64>,
    /// Gerrit's id of the submission.
    pub submission_id: Option<String>,
}

/// Who contributed to the reviewed patch set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// The change's owner.
    pub owner: Option<u64>,
    /// Uploader and real uploader of the reviewed patch set, sorted.
    pub uploaders: Vec<u64>,
    /// The author, where proven.
    pub author: Option<u64>,
    /// The committer, where proven.
    pub committer: Option<u64>,
    /// Those of `Co-authored-by`, where proven, sorted.
    pub co_authors: Vec<u64>,
}

/// One vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The label.
    pub label: String,
    /// The value, never 0.
    pub value: i32,
    /// The voter's number; of a `foreign` vote, the number on the other server.
    pub account: u64,
    /// Who really cast it, if another account.
    pub real: Option<u64>,
    /// The patch set on which it stands.
    pub patch_set: u32,
    /// Whether it was carried there from an earlier one.
    pub copied: bool,
    /// When it was cast first.
    pub at: Time,
    /// Whether it counts.
    pub counts: bool,
    /// Why not.
    pub why: Option<Why>,
}

/// Why a vote doesn't count: the first that holds, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Cast after the merge.
    AfterSubmit,
    /// By an account of another server.
    Foreign,
    /// Cast by somebody else in the voter's name.
    OnBehalf,
    /// By a contributor.
    #[serde(rename = "self")]
    Own,
    /// Stands on an earlier patch set.
    Stale,
    /// Below what is needed.
    NotMax,
}

impl ChangeEvidence {
    /// The accounts that contributed: owner, uploaders, author, committer, co-authors.
    #[must_use]
    pub fn contributors(&self) -> BTreeSet<u64> {
        let people = &self.people;
        let ones = [people.owner, people.author, people.committer].into_iter().flatten();
        ones.chain(people.uploaders.iter().copied()).chain(people.co_authors.iter().copied()).collect()
    }

    /// The votes that count, on any label.
    pub fn counting_votes(&self) -> impl Iterator<Item = &Vote> {
        self.votes.iter().filter(|vote| vote.counts)
    }

    /// The finding of that code, if there is one.
    #[must_use]
    pub fn finding(&self, code: FindingCode) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.code == code)
    }
}
