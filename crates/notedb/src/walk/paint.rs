//! One walk from many commits that remembers, for each commit it meets, which of them reach it.

use std::collections::{BTreeMap, BinaryHeap, HashMap};

use super::{CommitLinks, links};
use crate::{ObjectId, Objects, ReadError};

/// A set of small numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bits(Box<[u64]>);

impl Bits {
    fn none(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)].into())
    }

    fn one(count: usize, bit: usize) -> Self {
        let mut bits = Self::none(count);
        if let Some(word) = bits.0.get_mut(bit / 64) {
            *word |= 1 << (bit % 64);
        }
        bits
    }

    pub(super) fn has(&self, bit: usize) -> bool {
        self.0.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    /// Takes in another set; true if it brought something.
    fn take_in(&mut self, other: &Self) -> bool {
        let mut grew = false;
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            grew |= *more & !*word != 0;
            *word |= more;
        }
        grew
    }

    fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }
}

/// What one commit is known to be reached by.
struct Met {
    bits: Bits,
    links: CommitLinks,
    waits: bool,
}

/// A walk from numbered commits. It ends as soon as no commit that waits could change the answer: one that *all* of them
/// reach has none of them below it, since no history runs in a circle. So the answer is exact whatever the clocks said;
/// they only decide how much is read for it.
pub(super) struct Paint<'a, O: ?Sized> {
    objects: &'a O,
    /// What was read already.
    known: &'a BTreeMap<ObjectId, CommitLinks>,
    seeds: usize,
    /// Only what this one reaches is asked about; none: all are.
    about: Option<usize>,
    met: HashMap<ObjectId, Met>,
    queue: BinaryHeap<(i64, ObjectId)>,
    /// Commits that wait and could change the answer.
    open: usize,
}

impl<'a, O: Objects + ?Sized> Paint<'a, O> {
    pub(super) fn new(
        objects: &'a O,
        known: &'a BTreeMap<ObjectId, CommitLinks>,
        seeds: usize,
        about: Option<usize>,
    ) -> Self {
        Self { objects, known, seeds, about, met: HashMap::new(), queue: BinaryHeap::new(), open: 0 }
    }

    /// Begins at a commit; one that is not there reaches nothing.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub(super) fn begin(&mut self, id: ObjectId, seed: usize) -> Result<(), ReadError> {
        self.reach(id, &Bits::one(self.seeds, seed))
    }

    /// Walks until the answer can't change any more.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub(super) fn run(&mut self) -> Result<(), ReadError> {
        while self.open > 0 {
            let Some((_, id)) = self.queue.pop() else { break };
            let Some(met) = self.met.get_mut(&id) else { continue };
            met.waits = false;
            let (bits, parents) = (met.bits.clone(), met.links.parents.clone());
            self.open -= usize::from(self.matters(&bits));
            // Also one that all reach: what lies below it may wait for just that.
            for parent in parents {
                self.reach(parent, &bits)?;
            }
        }
        Ok(())
    }

    /// What is known to reach a commit.
    pub(super) fn reached_by(&self, id: &ObjectId) -> Option<&Bits> {
        self.met.get(id).map(|met| &met.bits)
    }

    /// Whether what lies below a commit so reached could change the answer.
    fn matters(&self, bits: &Bits) -> bool {
        self.about.is_none_or(|seed| bits.has(seed)) && bits.count() < self.seeds
    }

    fn reach(&mut self, id: ObjectId, bits: &Bits) -> Result<(), ReadError> {
        if !self.met.contains_key(&id) {
            let links = match self.known.get(&id) {
                Some(known) => Some(known.clone()),
                None => links(self.objects, &id)?,
            };
            let Some(links) = links else { return Ok(()) };
            self.met.insert(id, Met { bits: Bits::none(self.seeds), links, waits: false });
        }
        let Some(met) = self.met.get_mut(&id) else { return Ok(()) };
        let before = met.bits.clone();
        if !met.bits.take_in(bits) {
            return Ok(());
        }
        let (waited, after, seconds) = (met.waits, met.bits.clone(), met.links.seconds);
        met.waits = true;
        if !waited {
            self.queue.push((seconds, id));
        }
        self.open -= usize::from(waited && self.matters(&before));
        self.open += usize::from(self.matters(&after));
        Ok(())
    }
}

/// Who among some commits is whose ancestor: found by one walk, down to where all of them meet.
#[derive(Debug, Clone)]
pub struct Ancestry {
    place: HashMap<ObjectId, usize>,
    reached_by: HashMap<ObjectId, Bits>,
}

impl Ancestry {
    /// Of these commits; one that is not in the store is nobody's ancestor and has none.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub fn new<O: Objects + ?Sized>(objects: &O, commits: &[ObjectId]) -> Result<Self, ReadError> {
        let mut place = HashMap::new();
        for id in commits {
            let next = place.len();
            place.entry(*id).or_insert(next);
        }
        let known = BTreeMap::new();
        let mut paint = Paint::new(objects, &known, place.len(), None);
        for (id, seed) in &place {
            paint.begin(*id, *seed)?;
        }
        paint.run()?;
        let reached_by = place.keys().filter_map(|id| Some((*id, paint.reached_by(id)?.clone()))).collect();
        Ok(Self { place, reached_by })
    }

    /// Whether `a` is `b`, or reachable from it. False for commits that were not named.
    #[must_use]
    pub fn is_ancestor(&self, a: &ObjectId, b: &ObjectId) -> bool {
        let (Some(reached_by), Some(place)) = (self.reached_by.get(a), self.place.get(b)) else {
            return false;
        };
        reached_by.has(*place)
    }
}
