//! Objects in memory: bundles, tests, and what a merge makes.

use std::collections::BTreeMap;

use crate::{Kind, Object, ObjectId, Objects, ReadError};

/// Objects in memory. An object's id is computed from its bytes, never taken on trust.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MapObjects {
    objects: BTreeMap<ObjectId, Object>,
}

impl MapObjects {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts in an object and says its id.
    pub fn insert(&mut self, kind: Kind, data: Vec<u8>) -> ObjectId {
        let object = Object::new(kind, data);
        let id = object.id();
        self.objects.insert(id, object);
        id
    }

    /// All objects, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectId, &Object)> {
        self.objects.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Takes one out; for tests of what is missing.
    pub fn remove(&mut self, id: &ObjectId) -> Option<Object> {
        self.objects.remove(id)
    }
}

impl Extend<Object> for MapObjects {
    fn extend<I: IntoIterator<Item = Object>>(&mut self, objects: I) {
        self.objects.extend(objects.into_iter().map(|object| (object.id(), object)));
    }
}

impl FromIterator<Object> for MapObjects {
    fn from_iter<I: IntoIterator<Item = Object>>(objects: I) -> Self {
        let mut map = Self::new();
        map.extend(objects);
        map
    }
}

impl Objects for MapObjects {
    fn get(&self, id: &ObjectId) -> Result<Option<Object>, ReadError> {
        Ok(self.objects.get(id).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_has_what_was_put_in() {
        let object = Object::new(Kind::Blob, b"x".to_vec());
        let map: MapObjects = [object.clone()].into_iter().collect();
        assert!(!map.is_empty() && MapObjects::new().is_empty());
        assert_eq!(map.get(&object.id()), Ok(Some(object)));
    }
}
