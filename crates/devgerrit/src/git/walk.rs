//! Which commits are reached from where.

use std::collections::{BTreeSet, HashSet, VecDeque};

use super::{Commit, GitError, Oid, Repo};

/// The most commits that one walk looks at.
const MOST_COMMITS: usize = 200_000;

/// All commits reachable from `tip`, itself included.
pub(crate) fn ancestors(repo: &Repo, tip: Oid) -> Result<HashSet<Oid>, GitError> {
    let mut seen = HashSet::new();
    let mut todo = VecDeque::from([tip]);
    while let Some(id) = todo.pop_front() {
        if seen.len() < MOST_COMMITS && seen.insert(id) {
            todo.extend(repo.commit(id)?.parents);
        }
    }
    Ok(seen)
}

/// Whether `old` is reachable from `new`.
pub(crate) fn is_ancestor(repo: &Repo, old: Oid, new: Oid) -> Result<bool, GitError> {
    Ok(old == new || ancestors(repo, new)?.contains(&old))
}

/// The commits reachable from `tip` and from none of `without`, parents before children.
pub(crate) fn new_commits(repo: &Repo, tip: Oid, without: &[Oid]) -> Result<Vec<Commit>, GitError> {
    let mut old = HashSet::new();
    for id in without {
        if !old.contains(id) {
            old.extend(ancestors(repo, *id)?);
        }
    }
    let mut done = HashSet::new();
    let mut order = Vec::new();
    // depth first, without recursion: a commit is written when all of its parents are
    let mut stack = vec![(tip, false)];
    while let Some((id, ready)) = stack.pop() {
        if old.contains(&id) || done.contains(&id) {
            continue;
        }
        let commit = repo.commit(id)?;
        if ready {
            done.insert(id);
            order.push(commit);
        } else if done.len() < MOST_COMMITS {
            stack.push((id, true));
            stack.extend(commit.parents.iter().rev().map(|parent| (*parent, false)));
        }
    }
    Ok(order)
}

/// The best common ancestors of two commits: those that no other common ancestor reaches.
pub(crate) fn merge_bases(repo: &Repo, a: Oid, b: Oid) -> Result<Vec<Oid>, GitError> {
    let of_a = ancestors(repo, a)?;
    let of_b = ancestors(repo, b)?;
    let common: BTreeSet<Oid> = of_a.intersection(&of_b).copied().collect();
    let mut beaten = HashSet::new();
    for id in &common {
        for parent in repo.commit(*id)?.parents {
            beaten.insert(parent);
        }
    }
    Ok(common.into_iter().filter(|id| !beaten.contains(id)).collect())
}
