//! One walk from several groups of commits that finds out, for each commit it meets, which of the groups reach it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::bits::Bits;
use super::{CommitLinks, links};
use crate::{ObjectId, Objects, ReadError};

/// Commits as they were read, each once for all walks.
pub(super) struct Known<'a, O: ?Sized> {
    objects: &'a O,
    links: HashMap<ObjectId, Option<CommitLinks>>,
}

impl<'a, O: Objects + ?Sized> Known<'a, O> {
    pub(super) fn new(objects: &'a O) -> Self {
        Self { objects, links: HashMap::new() }
    }

    /// As [`links`].
    pub(super) fn links(&mut self, id: ObjectId) -> Result<Option<&CommitLinks>, ReadError> {
        let links = match self.links.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(links(self.objects, &id)?),
        };
        Ok(links.as_ref())
    }
}

/// What a walk finds out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Everything that any group reaches.
    All,
    /// Only what the first group reaches.
    First,
}

/// Which groups reach what, by their places in the list. It goes by committer time, newest first, and ends as soon as no
/// commit that waits could change the answer: one that *all* groups reach has no commit below it that not all reach. So
/// the answer is exact, whatever the clocks said, for every commit that doesn't lie below one that all groups reach;
/// clocks only decide how much is read for it. A commit that is not in the store ends that way of the walk.
///
/// # Errors
/// [`ReadError`] of the store.
pub(super) fn paint<O: Objects + ?Sized>(
    known: &mut Known<'_, O>,
    groups: &[&[ObjectId]],
    about: About,
) -> Result<HashMap<ObjectId, Bits>, ReadError> {
    let mut walk = Paint {
        known,
        groups: groups.len(),
        about,
        met: HashMap::new(),
        waiting: BTreeSet::new(),
        open: HashSet::new(),
    };
    for (place, group) in groups.iter().enumerate() {
        for id in *group {
            walk.reach(*id, &Bits::one(place))?;
        }
    }
    while !walk.open.is_empty()
        && let Some((_, id)) = walk.waiting.pop_last()
    {
        walk.pass(id)?;
    }
    Ok(walk.met)
}

struct Paint<'k, 'a, O: ?Sized> {
    known: &'k mut Known<'a, O>,
    groups: usize,
    about: About,
    /// What is known to reach each commit.
    met: HashMap<ObjectId, Bits>,
    /// Commits whose parents don't know yet, by time.
    waiting: BTreeSet<(i64, ObjectId)>,
    /// Those of them that could change the answer.
    open: HashSet<ObjectId>,
}

impl<O: Objects + ?Sized> Paint<'_, '_, O> {
    fn reach(&mut self, id: ObjectId, by: &Bits) -> Result<(), ReadError> {
        let Some(links) = self.known.links(id)? else { return Ok(()) };
        let met = self.met.entry(id).or_default();
        if met.take_in(by) {
            self.waiting.insert((links.seconds, id));
            let asked = self.about == About::All || met.has(0);
            if asked && met.count() < self.groups {
                self.open.insert(id);
            } else {
                self.open.remove(&id);
            }
        }
        Ok(())
    }

    /// Tells the parents; also those of a commit that all reach: what lies below it may wait for just that.
    fn pass(&mut self, id: ObjectId) -> Result<(), ReadError> {
        self.open.remove(&id);
        let by = self.met.get(&id).cloned().unwrap_or_default();
        let parents = self.known.links(id)?.map(|links| links.parents.clone()).unwrap_or_default();
        for parent in parents {
            self.reach(parent, &by)?;
        }
        Ok(())
    }
}
