//! What a running Gerrit says beside its refs.

use std::collections::{BTreeMap, BTreeSet};

use notedb::ObjectId;
use notedb::requirements::RequirementResult;

use crate::{LabelRanges, Status};

/// What only a live reader knows. Who fills it has asked Gerrit; nothing here is taken from a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveFacts {
    /// The project's name.
    pub project: String,
    /// The ranges of the project's labels, inherited ones included.
    pub labels: LabelRanges,
    /// For each mail address that was asked about, in the writing that the commit has: the accounts for which it was
    /// proven that one of their own addresses equals it. An address without an entry counts as unproven.
    pub accounts: BTreeMap<String, BTreeSet<u64>>,
    /// What REST says of the change.
    pub rest: RestFacts,
    /// Meta revisions of this change that were seen before.
    pub seen: Vec<ObjectId>,
}

/// What REST says of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestFacts {
    /// `meta_rev_id`: of which meta revision it speaks. Another than the one judged is a disagreement.
    pub meta: Option<ObjectId>,
    /// `status`.
    pub status: Status,
    /// `submitter._account_id`.
    pub submitter: Option<u64>,
    /// `_number` of `current_revision`: the newest patch set.
    pub newest_patch_set: u32,
    /// `labels.*.all[]` with a value that is not 0, `SUBM` not among them.
    pub votes: BTreeSet<RestVote>,
    /// `submit_requirements`; only looked at for merged changes, whose results are stored.
    pub requirements: Vec<RequirementResult>,
}

/// One vote as REST lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RestVote {
    /// The label.
    pub label: String,
    /// The voter.
    pub account: u64,
    /// The value.
    pub value: i32,
}
