//! Objects that a merge makes, over those that are there.

use notedb::{Kind, MapObjects, Object, ObjectId, Objects, ReadError};

use super::budget::Budget;

/// A store, what was made beside it, and what may still be done with it.
pub(super) struct Overlay<'a, O: ?Sized> {
    below: &'a O,
    made: MapObjects,
    pub(super) budget: Budget,
}

impl<'a, O: Objects + ?Sized> Overlay<'a, O> {
    pub(super) fn new(below: &'a O) -> Self {
        Self { below, made: MapObjects::new(), budget: Budget::default() }
    }

    pub(super) fn insert(&mut self, kind: Kind, data: Vec<u8>) -> ObjectId {
        self.made.insert(kind, data)
    }
}

impl<O: Objects + ?Sized> Objects for Overlay<'_, O> {
    fn get(&self, id: &ObjectId) -> Result<Option<Object>, ReadError> {
        match self.made.get(id)? {
            Some(object) => Ok(Some(object)),
            None => self.below.get(id),
        }
    }
}
