//! What some commits reach and others don't.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashSet};

use super::paint::Paint;
use super::{CommitLinks, links};
use crate::{ObjectId, Objects, ReadError};

/// Ends of a range that are looked at in one walk.
const AT_ONCE: usize = 1023;

/// The commits reachable from `tips` and not from `hidden`, with their parents, by id.
///
/// Exact, whatever the clocks of the committers said: they only decide in which order is read. A commit that is not in the
/// store ends that way of the walk.
///
/// # Errors
/// [`ReadError`] of the store.
pub fn difference<O: Objects + ?Sized>(
    objects: &O,
    tips: &[ObjectId],
    hidden: &[ObjectId],
) -> Result<BTreeMap<ObjectId, CommitLinks>, ReadError> {
    let mut walk = Difference::default();
    for (ids, hide) in [(hidden, true), (tips, false)] {
        for id in ids {
            walk.reach(objects, *id, hide)?;
        }
    }
    walk.run(objects)?;
    let Difference { commits: known, hidden: out, .. } = walk;
    let mut found: BTreeSet<ObjectId> = known.keys().filter(|id| !out.contains(*id)).copied().collect();
    while let Some(wrong) = wrong(objects, &known, &found, hidden)? {
        // With it goes all that it reaches.
        let mut stack = wrong;
        while let Some(id) = stack.pop() {
            if found.remove(&id) {
                stack.extend(known.get(&id).map(|links| links.parents.as_slice()).unwrap_or_default());
            }
        }
    }
    Ok(known.into_iter().filter(|(id, _)| found.contains(id)).collect())
}

/// Commits of those found that are hidden after all: a clock that ran wrong let the first walk end too early.
///
/// It is enough to look at the ends of what was found, those with no parent in it: what all of the ends reach can't lead
/// back to any of them, so the hidden side has to be followed only as far as there.
fn wrong<O: Objects + ?Sized>(
    objects: &O,
    known: &BTreeMap<ObjectId, CommitLinks>,
    found: &BTreeSet<ObjectId>,
    hidden: &[ObjectId],
) -> Result<Option<Vec<ObjectId>>, ReadError> {
    let is_end = |id: &&ObjectId| {
        known.get(*id).is_some_and(|links| !links.parents.iter().any(|parent| found.contains(parent)))
    };
    let ends: Vec<ObjectId> = found.iter().filter(is_end).copied().collect();
    for ends in ends.chunks(AT_ONCE) {
        let mut paint = Paint::new(objects, known, ends.len() + 1, Some(0));
        for id in hidden {
            paint.begin(*id, 0)?;
        }
        for (at, id) in ends.iter().enumerate() {
            paint.begin(*id, at + 1)?;
        }
        paint.run()?;
        let is_hidden = |id: &&ObjectId| paint.reached_by(id).is_some_and(|by| by.has(0));
        let wrong: Vec<ObjectId> = found.iter().filter(is_hidden).copied().collect();
        if !wrong.is_empty() {
            return Ok(Some(wrong));
        }
    }
    Ok(None)
}

/// A first walk of both sides together by committer time, newest first, until nothing is left that should matter. A clock
/// that ran wrong by more than the range is long can leave a commit in that is hidden too; it never takes one out that is
/// not.
#[derive(Default)]
struct Difference {
    commits: BTreeMap<ObjectId, CommitLinks>,
    hidden: HashSet<ObjectId>,
    queue: BinaryHeap<(i64, ObjectId)>,
    /// The oldest second of anything in the range, below which the hidden side need not be followed.
    oldest: Option<i64>,
}

impl Difference {
    fn reach<O: Objects + ?Sized>(&mut self, objects: &O, id: ObjectId, hide: bool) -> Result<(), ReadError> {
        if hide {
            // What was taken for wanted and turns out hidden takes its known ancestors with it.
            let mut stack = vec![id];
            while let Some(id) = stack.pop() {
                if self.hidden.insert(id)
                    && let Some(known) = self.commits.get(&id)
                {
                    stack.extend(&known.parents);
                }
            }
        }
        if self.commits.contains_key(&id) {
            return Ok(());
        }
        if let Some(links) = links(objects, &id)? {
            self.queue.push((links.seconds, id));
            if !self.hidden.contains(&id) {
                self.oldest = Some(self.oldest.map_or(links.seconds, |oldest| oldest.min(links.seconds)));
            }
            self.commits.insert(id, links);
        }
        Ok(())
    }

    fn run<O: Objects + ?Sized>(&mut self, objects: &O) -> Result<(), ReadError> {
        while let Some((seconds, id)) = self.queue.pop() {
            let queued_hidden = self.hidden.contains(&id);
            if queued_hidden
                && self.oldest.is_none_or(|oldest| seconds < oldest)
                && self.queue.iter().all(|(_, id)| self.hidden.contains(id))
            {
                break;
            }
            let parents = self.commits.get(&id).map(|links| links.parents.clone()).unwrap_or_default();
            for parent in parents {
                self.reach(objects, parent, queued_hidden)?;
            }
        }
        Ok(())
    }
}
