//! Who among some commits is whose ancestor.

use std::collections::HashMap;

use super::bits::Bits;
use super::paint::{About, Known, paint};
use crate::{ObjectId, Objects, ReadError};

/// Who among some commits is whose ancestor: found by one walk, down to where all of them meet.
#[derive(Debug, Clone)]
pub struct Ancestry {
    places: HashMap<ObjectId, usize>,
    reached_by: HashMap<ObjectId, Bits>,
}

impl Ancestry {
    /// Of these commits; one that is not in the store is nobody's ancestor and has none.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub fn new<O: Objects + ?Sized>(objects: &O, commits: &[ObjectId]) -> Result<Self, ReadError> {
        let mut known = Known::new(objects);
        let mut there = Vec::new();
        for id in commits {
            // What is not there meets nobody: it would lead the walk down to the roots.
            if known.links(*id)?.is_some() {
                there.push(*id);
            }
        }
        let groups: Vec<&[ObjectId]> = there.chunks(1).collect();
        let mut reached_by = paint(&mut known, &groups, About::All)?;
        let places: HashMap<ObjectId, usize> = there.into_iter().zip(0..).collect();
        reached_by.retain(|id, _| places.contains_key(id));
        Ok(Self { places, reached_by })
    }

    /// Whether `a` is `b`, or reachable from it. False for commits that were not named.
    #[must_use]
    pub fn is_ancestor(&self, a: &ObjectId, b: &ObjectId) -> bool {
        match (self.reached_by.get(a), self.places.get(b)) {
            (Some(reached_by), Some(place)) => reached_by.has(*place),
            _ => false,
        }
    }
}
