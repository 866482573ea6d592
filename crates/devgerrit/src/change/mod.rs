//! A change as its history tells it, and what can be done to it.

pub(crate) mod copying;
pub(crate) mod create;
pub(crate) mod kind;
pub(crate) mod patch_set;
pub(crate) mod push_merged;
pub(crate) mod records;
pub(crate) mod revert;
pub(crate) mod review;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::git::Oid;
use crate::notedb::results::{self, StoredResult};
use crate::notedb::update::ReviewerState;
use crate::world::changes::Note;

/// Where a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    New,
    Merged,
    Abandoned,
}

impl Status {
    /// As REST and events write it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Merged => "MERGED",
            Self::Abandoned => "ABANDONED",
        }
    }

    /// As refusals write it.
    pub(crate) fn lower(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Merged => "merged",
            Self::Abandoned => "abandoned",
        }
    }
}

/// One patch set.
#[derive(Clone, Debug)]
pub(crate) struct PatchSet {
    pub(crate) number: u32,
    pub(crate) commit: Oid,
    pub(crate) uploader: u32,
    pub(crate) real_uploader: u32,
    pub(crate) created: i64,
    pub(crate) description: Option<String>,
    pub(crate) group: Option<Oid>,
    /// Whether the submit made it (by rebasing or cherry-picking).
    pub(crate) made_by_submit: bool,
    /// How it was merged together: footer → value; empty if Gerrit did not make it.
    pub(crate) merge_facts: BTreeMap<String, String>,
}

/// One vote: the last one of its account, label and patch set. Zero is a vote taken back.
#[derive(Clone, Debug)]
pub(crate) struct Approval {
    pub(crate) value: i32,
    pub(crate) real: u32,
    pub(crate) at: i64,
    pub(crate) tag: Option<String>,
    pub(crate) uuid: String,
    pub(crate) post_submit: bool,
}

/// One message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: Oid,
    pub(crate) author: Option<u32>,
    pub(crate) real_author: Option<u32>,
    pub(crate) at: i64,
    pub(crate) text: String,
    pub(crate) tag: Option<String>,
    pub(crate) patch_set: u32,
}

/// One step of a reviewer.
#[derive(Clone, Debug)]
pub(crate) struct ReviewerUpdate {
    pub(crate) at: i64,
    pub(crate) by: u32,
    pub(crate) reviewer: u32,
    pub(crate) state: ReviewerState,
}

/// The last word on one account's attention.
#[derive(Clone, Debug)]
pub(crate) struct AttentionState {
    pub(crate) added: bool,
    pub(crate) at: i64,
    pub(crate) reason: String,
}

/// A change at one commit of its history.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) project: String,
    pub(crate) number: u32,
    /// The commit of the history that this is read from.
    pub(crate) meta: Oid,
    pub(crate) key: String,
    /// In full.
    pub(crate) branch: String,
    pub(crate) subject: String,
    pub(crate) status: Status,
    pub(crate) owner: u32,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) topic: Option<String>,
    pub(crate) hashtags: BTreeSet<String>,
    pub(crate) custom_values: BTreeMap<String, String>,
    pub(crate) patch_sets: BTreeMap<u32, PatchSet>,
    pub(crate) current: u32,
    /// (patch set, label, account) → vote
    pub(crate) approvals: BTreeMap<(u32, String, u32), Approval>,
    /// account → (state, since)
    pub(crate) reviewers: BTreeMap<u32, (ReviewerState, i64)>,
    pub(crate) reviewer_updates: Vec<ReviewerUpdate>,
    pub(crate) messages: Vec<Message>,
    pub(crate) attention: BTreeMap<u32, AttentionState>,
    pub(crate) private: bool,
    pub(crate) work_in_progress: bool,
    pub(crate) has_review_started: bool,
    pub(crate) submission_id: Option<String>,
    pub(crate) submitted: Option<(i64, u32)>,
    pub(crate) submitted_with: Vec<String>,
    pub(crate) revert_of: Option<u32>,
    pub(crate) cherry_pick_of: Option<(u32, u32)>,
    /// Stored results by the commit of the patch set that they judge.
    pub(crate) results: BTreeMap<String, Vec<StoredResult>>,
    /// Inline comments as they are stored, by the commit of the patch set that they stand on.
    pub(crate) comments: BTreeMap<String, Vec<Value>>,
}

/// The label that stands for the submit itself.
pub(crate) const SUBM: &str = "SUBM";

impl Change {
    pub(crate) fn comment_count(&self) -> usize {
        self.comments.values().map(Vec::len).sum()
    }

    /// Comments that wait for an answer: unresolved, and nothing replies to them.
    pub(crate) fn unresolved_count(&self) -> usize {
        let all = || self.comments.values().flatten();
        let answered = |uuid: &Value| all().any(|c| c.get("parentUuid").is_some_and(|parent| parent == uuid));
        let open = |c: &&Value| c.get("unresolved").and_then(Value::as_bool) == Some(true);
        all().filter(open).filter(|c| !c.pointer("/key/uuid").is_some_and(answered)).count()
    }

    /// The note beside the history for one patch set, with these results.
    pub(crate) fn note(&self, results: &[StoredResult], commit: Oid) -> Note {
        let commit_text = commit.to_string();
        let comments = self.comments.get(&commit_text).map(Vec::as_slice).unwrap_or_default();
        Note { commit, text: results::render(results, comments, &commit_text) }
    }

    pub(crate) fn is_new(&self) -> bool {
        self.status == Status::New
    }

    /// The newest patch set; every change has one.
    pub(crate) fn current_patch_set(&self) -> Option<&PatchSet> {
        self.patch_sets.get(&self.current)
    }

    pub(crate) fn current_commit(&self) -> Oid {
        self.current_patch_set().map_or(Oid::ZERO, |patch_set| patch_set.commit)
    }

    pub(crate) fn uploader(&self) -> u32 {
        self.current_patch_set().map_or(self.owner, |patch_set| patch_set.uploader)
    }

    /// Votes on one patch set, the submit's own mark left out: (label, account, vote).
    pub(crate) fn votes_on(&self, patch_set: u32) -> impl Iterator<Item = (&str, u32, &Approval)> {
        self.approvals
            .iter()
            .filter(move |((on, label, _), _)| *on == patch_set && label != SUBM)
            .map(|((_, label, account), vote)| (label.as_str(), *account, vote))
    }

    pub(crate) fn vote(&self, label: &str, account: u32) -> i32 {
        self.approvals.get(&(self.current, label.to_owned(), account)).map_or(0, |vote| vote.value)
    }

    /// The branch as REST and events shorten it.
    pub(crate) fn short_branch(&self) -> &str {
        self.branch.strip_prefix("refs/heads/").unwrap_or(&self.branch)
    }

    pub(crate) fn needs_attention(&self, account: u32) -> bool {
        self.attention.get(&account).is_some_and(|state| state.added)
    }

    pub(crate) fn reviewer_state(&self, account: u32) -> Option<ReviewerState> {
        self.reviewers.get(&account).map(|(state, _)| *state)
    }
}
