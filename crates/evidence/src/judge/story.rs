//! What a meta history tells: patch sets, status, the merge, and the patch set that was reviewed.

use std::collections::BTreeMap;

use notedb::meta::{MetaCommit, PatchSetState, StatusLine};
use notedb::{Account, ObjectId, ParseError};

use crate::{Status, Submitted};

/// One patch set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PatchSet {
    pub(super) number: u32,
    pub(super) revision: ObjectId,
    pub(super) uploader: Option<Account>,
    pub(super) real_uploader: Option<Account>,
}

/// A history, understood.
#[derive(Debug)]
pub(super) struct Story<'h> {
    pub(super) commits: &'h [MetaCommit],
    /// The id of the server whose accounts are the change's own: that of its first commit with an account.
    pub(super) server: &'h str,
    pub(super) owner: u64,
    pub(super) change_id: &'h str,
    /// At the merge, or now.
    pub(super) branch: &'h str,
    pub(super) status: Status,
    /// The patch sets that exist at the merge, or now.
    pub(super) patch_sets: BTreeMap<u32, PatchSet>,
    /// The merged patch set; of an unmerged change the current one.
    pub(super) standing: PatchSet,
    /// The patch set that was reviewed: another only where the submit made one of its own.
    pub(super) reviewed: PatchSet,
    merge: Option<usize>,
}

impl<'h> Story<'h> {
    /// Understands a history, oldest commit first.
    ///
    /// # Errors
    /// [`ParseError`] if it lacks what every change has.
    pub(super) fn new(commits: &'h [MetaCommit]) -> Result<Self, ParseError> {
        let tip = commits.last().map_or(ObjectId::from_bytes([0; 20]), |commit| commit.id);
        let lacks =
            |what: &str| ParseError { commit: tip, line: 1, reason: format!("the history has no {what}") };
        let owner =
            commits.iter().find_map(MetaCommit::account).ok_or_else(|| lacks("commit of an account"))?;
        // The account's address lives as long as the history does; its parsed copy does not.
        let server = commits
            .iter()
            .filter(|commit| commit.account().is_some())
            .find_map(|commit| commit.author.email.split_once('@'))
            .map_or("", |(_, server)| server);

        let (status, merge) = status_and_merge(commits);
        let at_stake = commits.get(..=merge.unwrap_or(commits.len())).unwrap_or(commits);
        let patch_sets = patch_sets(at_stake)?;
        let branch = at_stake.iter().rev().find_map(|commit| commit.branch.as_deref());
        let number = match merge.and_then(|at| commits.get(at)) {
            Some(merge) => Some(merge.patch_set),
            None => current_patch_set(commits, &patch_sets),
        };
        let standing = match number.map(|number| (number, patch_sets.get(&number))) {
            Some((_, Some(known))) => Some(known.clone()),
            // Some migrations wrote down what was merged before they wrote down what it is.
            Some((number, None)) => self::patch_sets(commits)?.remove(&number),
            None => None,
        };
        let standing = standing.ok_or_else(|| lacks("patch set that stands"))?;
        let mut story = Self {
            commits,
            server,
            owner: owner.number,
            change_id: commits
                .iter()
                .rev()
                .find_map(|commit| commit.change_id.as_deref())
                .ok_or_else(|| lacks("Change-id"))?,
            branch: branch.ok_or_else(|| lacks("Branch"))?,
            status,
            standing: standing.clone(),
            reviewed: standing.clone(),
            patch_sets,
            merge,
        };
        if story.submit_made_patch_set()
            && let Some((_, before)) = story.patch_sets.range(..story.standing.number).next_back()
        {
            story.reviewed = before.clone();
        }
        Ok(story)
    }

    /// The merge commit, with its place in the chain: the first of the last unbroken run of `Status: merged`.
    pub(super) fn merge(&self) -> Option<(usize, &'h MetaCommit)> {
        self.merge.and_then(|at| Some((at, self.commits.get(at)?)))
    }

    /// Whether the commit at this place comes after the merge.
    pub(super) fn is_after_merge(&self, at: usize) -> bool {
        self.merge.is_some_and(|merge| at > merge)
    }

    /// Whether the submit made a patch set of its own: the merge commit names a revision, or its message says
    /// `rebased … as` or `cherry-picked … as` the merged one. Then uploader and committer are the submitter, who
    /// wrote nothing.
    pub(super) fn submit_made_patch_set(&self) -> bool {
        self.merge().is_some_and(|(_, merge)| {
            merge.revision.is_some()
                || rewritten_as(&merge.body).is_some_and(|revision| revision == self.standing.revision)
        })
    }

    /// Whether it was closed because its commit was pushed to the branch.
    pub(super) fn pushed_directly(&self) -> bool {
        self.merge().is_some_and(|(_, merge)| {
            merge.body.split('\n').any(|line| line.starts_with("Change has been successfully pushed"))
                || (merge.current && merge.records.is_empty())
        })
    }

    /// The commit that the merge message names, if it is another than the revision.
    pub(super) fn landed_as(&self) -> Option<ObjectId> {
        let (_, merge) = self.merge()?;
        named_commit(&merge.body).filter(|named| *named != self.standing.revision)
    }

    /// The number of an account of the change's own server.
    pub(super) fn own(&self, account: &Account) -> Option<u64> {
        (account.server == self.server).then_some(account.number)
    }

    /// The submit: when, by whom, and in whose place.
    pub(super) fn submitted(&self) -> Option<Submitted> {
        let (at, merge) = self.merge()?;
        let (submitter, source) = self.submitter(at, merge);
        let real = source.real_user.clone().filter(|real| Some(real) != submitter.as_ref());
        Some(Submitted {
            at: merge.committer.time,
            by: submitter.and_then(|account| self.own(&account)),
            real: real.map(|account| account.number),
            submission_id: merge.submission_id.clone(),
        })
    }

    /// The `SUBM` voter of the merge commit: its author unless the line names another. If the author is the server
    /// itself, the one of the last `SUBM` before. With the commit that says so.
    fn submitter(&self, at: usize, merge: &'h MetaCommit) -> (Option<Account>, &'h MetaCommit) {
        let named = |commit: &MetaCommit| match &commit.submitter {
            Some(Some(account)) => Some(account.clone()),
            _ => commit.account(),
        };
        if let Some(account) = named(merge) {
            return (Some(account), merge);
        }
        let before = self.commits.get(..at).unwrap_or_default();
        let source = before.iter().rev().find(|commit| commit.submitter.is_some());
        source.map_or((None, merge), |commit| (named(commit), commit))
    }
}

/// The status at the tip, and the place of the merge commit if that is merged.
fn status_and_merge(commits: &[MetaCommit]) -> (Status, Option<usize>) {
    let mut status = Status::New;
    let mut merge = None;
    for (at, commit) in commits.iter().enumerate() {
        match commit.status {
            Some(StatusLine::Merged) => {
                merge = merge.or(Some(at));
                status = Status::Merged;
            }
            Some(StatusLine::New) => (status, merge) = (Status::New, None),
            Some(StatusLine::Abandoned) => (status, merge) = (Status::Abandoned, None),
            None => {}
        }
    }
    (status, merge)
}

/// The patch sets that these commits made and left.
fn patch_sets(commits: &[MetaCommit]) -> Result<BTreeMap<u32, PatchSet>, ParseError> {
    let mut all = BTreeMap::new();
    for commit in commits {
        if commit.patch_set_state == PatchSetState::Deleted {
            all.remove(&commit.patch_set);
        }
        let Some(revision) = commit.revision else { continue };
        let uploader = commit.account();
        let patch_set = PatchSet {
            number: commit.patch_set,
            revision,
            real_uploader: commit.real_user.clone().filter(|real| Some(real) != uploader.as_ref()),
            uploader,
        };
        // Who made it first is its uploader, whoever says so again.
        let first = all.entry(commit.patch_set).or_insert(patch_set);
        if first.revision != revision {
            let reason = format!("patch set {} has two revisions", commit.patch_set);
            return Err(ParseError { commit: commit.id, line: 1, reason });
        }
    }
    Ok(all)
}

/// The last one that was made, or made current, and still exists.
fn current_patch_set(commits: &[MetaCommit], patch_sets: &BTreeMap<u32, PatchSet>) -> Option<u32> {
    let made = commits.iter().rev().filter(|commit| commit.revision.is_some() || commit.current);
    made.map(|commit| commit.patch_set).find(|number| patch_sets.contains_key(number))
}

/// The commit in `Change has been successfully … as <commit>`.
fn named_commit(body: &str) -> Option<ObjectId> {
    merge_message(body).and_then(commit_after_as)
}

/// The same, where the message says that the submit rewrote the commit.
fn rewritten_as(body: &str) -> Option<ObjectId> {
    merge_message(body)
        .filter(|message| message.starts_with("rebased") || message.starts_with("cherry-picked"))
        .and_then(commit_after_as)
}

fn merge_message(body: &str) -> Option<&str> {
    body.split('\n').find_map(|line| line.strip_prefix("Change has been successfully "))
}

fn commit_after_as(message: &str) -> Option<ObjectId> {
    let (_, after) = message.split_once(" as ")?;
    ObjectId::from_hex(after.as_bytes().get(..40)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_merge_message_names_a_commit() {
        let hex = "0123456789abcdef0123456789abcdef01234567";
        for (verb, rewritten) in
            [("rebased and submitted", true), ("rebased", true), ("cherry-picked", true), ("merged", false)]
        {
            let body = format!("Change has been successfully {verb} as {hex} by Somebody as Nobody");
            assert_eq!(named_commit(&body).unwrap().to_string(), hex);
            assert_eq!(rewritten_as(&body).is_some(), rewritten, "{verb}");
        }
        for other in [
            "",
            "Change has been successfully merged by A as B",
            "rebased as 0123456789abcdef0123456789abcdef01234567",
        ] {
            assert_eq!(named_commit(other), None);
        }
    }
}
