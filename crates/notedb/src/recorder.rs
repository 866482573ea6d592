//! Remembers what was read.

use std::sync::{Mutex, PoisonError};

use crate::{MapObjects, Object, ObjectId, Objects, ReadError};

/// Passes reads on and remembers each object that it handed out. What it recorded is enough to judge again: an object
/// that was asked for and not there is not in the recording either.
#[derive(Debug)]
pub struct Recorder<O> {
    inner: O,
    recorded: Mutex<MapObjects>,
}

impl<O: Objects> Recorder<O> {
    /// Records what is read from `inner`.
    pub fn new(inner: O) -> Self {
        Self { inner, recorded: Mutex::new(MapObjects::new()) }
    }

    /// What was read, by the ids that its bytes have: a store that handed out other bytes than it was asked for does
    /// not get them into the recording under the name that it claimed.
    pub fn into_recorded(self) -> MapObjects {
        self.recorded.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Objects> Objects for Recorder<O> {
    fn get(&self, id: &ObjectId) -> Result<Option<Object>, ReadError> {
        let found = self.inner.get(id)?;
        if let Some(object) = &found {
            self.recorded.lock().unwrap_or_else(PoisonError::into_inner).extend([object.clone()]);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn the_recording_has_what_was_read_and_nothing_else() {
        let mut map = MapObjects::new();
        let read = map.insert(Kind::Blob, b"read".to_vec());
        map.insert(Kind::Blob, b"not read".to_vec());
        let recorder = Recorder::new(&map);
        recorder.get(&read).unwrap().unwrap();
        assert!(recorder.get(&ObjectId::from_bytes([0; 20])).unwrap().is_none());
        let recorded = recorder.into_recorded();
        assert_eq!(recorded.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [read]);
    }
}
