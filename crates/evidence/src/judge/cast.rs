//! Every act of voting in a history, in the order of the chain.

use std::collections::BTreeMap;

use notedb::{Account, Time};

use super::story::Story;

/// One act that sets or takes one vote on one patch set.
#[derive(Debug, Clone)]
pub(super) struct Act {
    /// The place of its commit in the chain.
    pub(super) at: usize,
    pub(super) time: Time,
    pub(super) patch_set: u32,
    /// 0 for a zero or a removal.
    pub(super) value: i32,
    /// Who really did it, if that is another account.
    pub(super) real: Option<Account>,
    pub(super) kind: ActKind,
}

/// How a vote came to its patch set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ActKind {
    /// It was cast there.
    Cast,
    /// A `Copied-Label` carried it.
    Copied,
    /// The submit made the patch set, and its commit carried it.
    Carried,
}

/// The acts of one account on one label, in the order of the chain.
pub(super) type Acts = BTreeMap<(Account, String), Vec<Act>>;

/// All acts of a history, by account and label.
pub(super) fn acts(story: &Story<'_>) -> Acts {
    let merge = story.merge().filter(|_| story.submit_made_patch_set()).map(|(at, _)| at);
    let mut acts = Acts::new();
    for (at, commit) in story.commits.iter().enumerate() {
        let act = |value, real, kind| Act {
            at,
            time: commit.committer.time,
            patch_set: commit.patch_set,
            value,
            real,
            kind,
        };
        for copied in &commit.copied_labels {
            let real = copied.real.clone().filter(|real| *real != copied.account);
            let key = (copied.account.clone(), copied.label.clone());
            acts.entry(key).or_default().push(act(copied.change.value(), real, ActKind::Copied));
        }
        for line in &commit.labels {
            let author = commit.account();
            let Some(voter) = line.account.clone().or_else(|| author.clone()) else { continue };
            let kind = if merge == Some(at) { ActKind::Carried } else { ActKind::Cast };
            let real = [&commit.real_user, &author].into_iter().flatten().find(|real| **real != voter);
            // Who takes a vote away acts in nobody's name, and who carries one is no voter.
            let real = real.filter(|_| kind == ActKind::Cast).cloned();
            acts.entry((voter, line.label.clone())).or_default().push(act(line.change.value(), real, kind));
        }
        for removed in &commit.removed {
            take_all(&mut acts, removed, &act(0, None, ActKind::Cast));
        }
    }
    acts
}

/// Takes all votes of an account, on each patch set on which one stands.
fn take_all(acts: &mut Acts, account: &Account, act: &Act) {
    let of_account = acts.range_mut((account.clone(), String::new())..);
    for (_, of_label) in of_account.take_while(|((voter, _), _)| voter == account) {
        let last: BTreeMap<u32, i32> = of_label.iter().map(|act| (act.patch_set, act.value)).collect();
        let standing = last.into_iter().filter(|(_, value)| *value != 0);
        of_label.extend(standing.map(|(patch_set, _)| Act { patch_set, ..act.clone() }));
    }
}
