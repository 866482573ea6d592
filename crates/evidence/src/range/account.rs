//! Finds for each commit the first row of the table that holds.

use std::collections::{BTreeMap, BTreeSet};

use notedb::walk::CommitLinks;
use notedb::{ObjectId, Objects, ReadError};

use super::evidence::{Account, RangeCommit};
use super::imports::imported;
use super::merged::Merged;
use super::order::parents_first;
use super::{RangeError, RangeInput};
use crate::merge::{MergeVerdict, remerge};

/// The accounting of one range.
pub(super) struct Accounts<'a, O: ?Sized> {
    objects: &'a O,
    input: &'a RangeInput<'a>,
    within: &'a BTreeMap<ObjectId, CommitLinks>,
    lost: &'a BTreeSet<ObjectId>,
    imported: BTreeMap<ObjectId, Vec<&'a Merged>>,
    unaccounted: BTreeSet<ObjectId>,
}

impl<'a, O: Objects + ?Sized> Accounts<'a, O> {
    pub(super) fn new(
        objects: &'a O,
        input: &'a RangeInput<'a>,
        within: &'a BTreeMap<ObjectId, CommitLinks>,
        lost: &'a BTreeSet<ObjectId>,
    ) -> Result<Self, RangeError> {
        let imported = imported(objects, input, within)?;
        Ok(Self { objects, input, within, lost, imported, unaccounted: BTreeSet::new() })
    }

    /// Every commit of the range, parents before children, and whether it is an import that policy takes for fine.
    pub(super) fn commits(mut self) -> Result<Vec<(RangeCommit, bool)>, RangeError> {
        let mut commits = Vec::new();
        for id in parents_first(self.input.tip, self.within) {
            let (commit, fine) = self.commit(id)?;
            if commit.account == Account::Unaccounted {
                self.unaccounted.insert(id);
            }
            commits.push((commit, fine));
        }
        Ok(commits)
    }

    fn commit(&self, sha: ObjectId) -> Result<(RangeCommit, bool), ReadError> {
        let row = |account, change: Option<&Merged>, why: String| RangeCommit {
            sha,
            account,
            change: change.map(|change| change.number),
            reviewed: change.map(|change| change.reviewed),
            why,
        };
        // Also if a change brought it: nobody knows what lies behind it.
        if self.lost.contains(&sha) {
            let why = "is not there, or no commit that can be read".to_owned();
            return Ok((row(Account::Unaccounted, None, why), false));
        }
        if let Some(change) = self.change(&sha) {
            let why = format!("change {}, {}", change.number, reviewed_word(change));
            return Ok((row(Account::Change, Some(change), why), false));
        }
        let (made, why) = self.merge_made_by_gerrit(&sha)?;
        if made {
            return Ok((row(Account::MergeMadeByGerrit, None, why), false));
        }
        if let Some(merges) = self.imported.get(&sha) {
            let origin = self.input.merged.elsewhere(self.input.branch, &sha);
            let by: Vec<_> = merges.iter().map(|merge| merge.number.to_string()).collect();
            let why = match origin {
                None => format!("brought by merge change {}", by.join(", ")),
                Some(from) => format!(
                    "change {} of {}, {}, brought by merge change {}",
                    from.number,
                    from.branch,
                    reviewed_word(from),
                    by.join(", ")
                ),
            };
            return Ok((row(Account::Imported, origin, why), self.input.imports.is_fine(origin, merges)));
        }
        Ok((row(Account::Unaccounted, None, why), false))
    }

    /// The merged change of the branch whose revision it is, or whose merge message names it.
    fn change(&self, sha: &ObjectId) -> Option<&'a Merged> {
        self.input.merged.on(self.input.branch, sha)
    }

    /// Whether it has two parents, the second is accounted for or in the base, and merging them gives its tree. And
    /// how we know.
    fn merge_made_by_gerrit(&self, sha: &ObjectId) -> Result<(bool, String), ReadError> {
        let parents = self.within.get(sha).map(|links| links.parents.as_slice()).unwrap_or_default();
        let [first, second] = *parents else {
            return Ok((false, "no merged change of the branch brought it".to_owned()));
        };
        if self.unaccounted.contains(&second) {
            return Ok((false, format!("merges {second}, which nothing accounts for")));
        }
        Ok(match remerge(self.objects, *sha, first, second)? {
            MergeVerdict::SameTree => (true, "merging its parents gives the same tree".to_owned()),
            MergeVerdict::OtherTree => (false, "merging its parents gives another tree".to_owned()),
            MergeVerdict::Conflict(path) => (false, format!("merging its parents conflicts in {path}")),
            MergeVerdict::Unreadable(what) => (false, format!("its parents can't be merged: {what}")),
        })
    }
}

fn reviewed_word(change: &Merged) -> &'static str {
    if change.reviewed { "reviewed" } else { "not reviewed" }
}
