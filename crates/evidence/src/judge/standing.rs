//! Which votes stand, and where each one was cast first.

use std::collections::BTreeSet;

use notedb::{Account, Time};

use super::cast::{Act, ActKind, acts};
use super::story::Story;

/// One vote that stands, or was cast after the merge.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) label: String,
    pub(super) account: Account,
    pub(super) value: i32,
    pub(super) patch_set: u32,
    /// When it was cast first.
    pub(super) time: Time,
    /// Whether it was carried to its patch set.
    pub(super) copied: bool,
    /// Cast after the merge.
    pub(super) late: bool,
    /// Cast by somebody else in the voter's name, wherever it was cast first, or with nothing to show that the voter
    /// ever cast it.
    pub(super) on_behalf: bool,
    /// By whom, if that is known.
    pub(super) real: Option<Account>,
}

/// All votes of a change: those that stand at the merge or now, and those cast after the merge.
pub(super) fn votes(story: &Story<'_>) -> Vec<Standing> {
    let mut votes = Vec::new();
    for ((account, label), acts) in acts(story) {
        let split = acts.partition_point(|act| !story.is_after_merge(act.at));
        let (until, _) = acts.split_at_checked(split).unwrap_or((&acts, &[]));
        let standing = standing(story, until);
        let late = if split < acts.len() { acts.last().filter(|act| act.value != 0) } else { None };
        for act in standing.into_iter().chain(late) {
            votes.push(trace(story, &label, &account, act, &acts));
        }
    }
    votes
}

/// The one act, of those until the merge, by which one account's vote on one label stands: the last on the patch set
/// that stands, else the last in the chain's order on any earlier one. If that is a zero or a removal, none does.
fn standing<'a>(story: &Story<'_>, acts: &'a [Act]) -> Option<&'a Act> {
    let exists = |act: &&Act| story.patch_sets.contains_key(&act.patch_set);
    let number = story.standing.number;
    let mut latest_first = acts.iter().rev().filter(exists);
    let on_it = latest_first.clone().find(|act| act.patch_set == number);
    on_it.or_else(|| latest_first.find(|act| act.patch_set < number)).filter(|act| act.value != 0)
}

/// Follows a carried vote back to where it was cast: that gives the moment, and who really cast it.
fn trace(story: &Story<'_>, label: &str, account: &Account, act: &Act, acts: &[Act]) -> Standing {
    let (mut origin, mut real) = (act, act.real.as_ref());
    let mut unfounded = false;
    while origin.kind != ActKind::Cast {
        let Some(before) = vote_before(origin, acts) else {
            unfounded = origin.kind == ActKind::Carried;
            break;
        };
        origin = before;
        real = real.or(before.real.as_ref());
    }
    let writer = story.commits.get(origin.at).and_then(|commit| commit.account()).filter(|_| unfounded);
    Standing {
        label: label.to_owned(),
        account: account.clone(),
        value: act.value,
        patch_set: act.patch_set,
        time: origin.time,
        copied: act.kind != ActKind::Cast,
        late: story.is_after_merge(act.at),
        on_behalf: unfounded || real.is_some(),
        real: real.cloned().or(writer),
    }
}

/// The vote that a carried one is: the last before it that stood on its patch set with the same value.
fn vote_before<'a>(carried: &Act, acts: &'a [Act]) -> Option<&'a Act> {
    let earlier = acts.get(..acts.partition_point(|act| act.at < carried.at)).unwrap_or_default();
    // Backwards, the first act on a patch set is the one that stood there.
    let mut seen = BTreeSet::new();
    earlier.iter().rev().find(|act| seen.insert(act.patch_set) && act.value == carried.value)
}
