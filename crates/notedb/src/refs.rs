//! Names that point at objects.

use std::collections::BTreeMap;

use crate::{ObjectId, ReadError};

/// The refs of one repository, as far as judging needs them.
pub trait Refs: Sync {
    /// What the ref points at; `None` if there is no such ref. `name` is full: `refs/heads/main`.
    ///
    /// # Errors
    /// [`ReadError::Ref`] if the store cannot say.
    fn tip(&self, name: &str) -> Result<Option<ObjectId>, ReadError>;

    /// All changes by number, with the tip of each one's meta ref, ordered by number.
    ///
    /// # Errors
    /// [`ReadError::Ref`] if the store cannot say.
    fn changes(&self) -> Result<Vec<(u64, ObjectId)>, ReadError>;
}

impl<R: Refs + ?Sized> Refs for &R {
    fn tip(&self, name: &str) -> Result<Option<ObjectId>, ReadError> {
        (**self).tip(name)
    }

    fn changes(&self) -> Result<Vec<(u64, ObjectId)>, ReadError> {
        (**self).changes()
    }
}

/// Refs in memory.
pub type MapRefs = BTreeMap<String, ObjectId>;

impl Refs for MapRefs {
    fn tip(&self, name: &str) -> Result<Option<ObjectId>, ReadError> {
        Ok(self.get(name).copied())
    }

    fn changes(&self) -> Result<Vec<(u64, ObjectId)>, ReadError> {
        let mut changes: Vec<_> =
            self.iter().filter_map(|(name, tip)| Some((change_of_meta_ref(name)?, *tip))).collect();
        changes.sort_unstable();
        Ok(changes)
    }
}

/// The ref of a change's meta history: `refs/changes/45/12345/meta`.
#[must_use]
pub fn meta_ref(change: u64) -> String {
    format!("refs/changes/{:02}/{change}/meta", change % 100)
}

/// The change whose meta history this ref is; `None` for any other ref, also for one in the wrong shard.
#[must_use]
pub fn change_of_meta_ref(name: &str) -> Option<u64> {
    let rest = name.strip_prefix("refs/changes/")?.strip_suffix("/meta")?;
    let (_, number) = rest.split_once('/')?;
    let number = number.parse().ok()?;
    (meta_ref(number) == name).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_refs_are_sharded_by_the_last_two_digits() {
        assert_eq!(meta_ref(7), "refs/changes/07/7/meta");
        assert_eq!(change_of_meta_ref("refs/changes/45/12345/meta"), Some(12345));
        for other in [
            "refs/changes/44/12345/meta",
            "refs/changes/45/12345/1",
            "refs/changes/05/+5/meta",
            "refs/heads/x",
        ] {
            assert_eq!(change_of_meta_ref(other), None, "{other}");
        }
    }

    #[test]
    fn changes_are_listed_by_number_and_a_pointer_lists_the_same() {
        let id = ObjectId::from_bytes([1; 20]);
        let refs: MapRefs = [100, 9].into_iter().map(|change| (meta_ref(change), id)).collect();
        assert_eq!(refs.changes().unwrap(), [(9, id), (100, id)]);
        assert_eq!(Refs::changes(&&refs), refs.changes());
        assert_eq!(Refs::tip(&&refs, &meta_ref(9)), Ok(Some(id)));
    }
}
