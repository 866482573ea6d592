//! The one door by which anything here reads git.

use std::sync::Arc;

use sha1dc::mitigate::Hasher;

use crate::ObjectId;

/// What sort of object it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A commit.
    Commit,
    /// A folder.
    Tree,
    /// A file.
    Blob,
    /// An annotated tag.
    Tag,
}

impl Kind {
    /// The word that git hashes and stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

/// One git object: its kind and its bytes without git's own header. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its kind.
    pub kind: Kind,
    /// Its content.
    pub data: Arc<[u8]>,
}

impl Object {
    /// An object of these bytes.
    #[must_use]
    pub fn new(kind: Kind, data: impl Into<Arc<[u8]>>) -> Self {
        Self { kind, data: data.into() }
    }

    /// Its name: the SHA-1 of kind, length and bytes. Bytes made to collide get a name that nothing else has.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        let mut hasher = Hasher::new();
        hasher.update(format!("{} {}\0", self.kind.as_str(), self.data.len()).as_bytes());
        hasher.update(&self.data);
        let digest = hasher.finalize().unwrap_or_else(|mitigated| mitigated.digest());
        ObjectId::from_bytes(digest.into())
    }
}

/// The object store could not answer. That an object is not there is an answer (`Ok(None)`), no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The store failed at this object.
    #[error("git object {id} could not be read: {reason}\nhint: run `git fsck` on the repository")]
    Object {
        /// Which one.
        id: ObjectId,
        /// What the store said.
        reason: String,
    },
    /// The object is larger than any that is looked at.
    #[error("git object {id} has {size} bytes, and at most {limit} are read")]
    TooLarge {
        /// Which one.
        id: ObjectId,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The refs could not be read.
    #[error("ref {name:?} could not be read: {reason}")]
    Ref {
        /// Which one, or the pattern that was asked for.
        name: String,
        /// What the store said.
        reason: String,
    },
}

/// A store of git objects. Everything that judges reads through this, so that a recorded map of what was read
/// ([`Recorder`](crate::Recorder)) gives the same judgement again, anywhere.
pub trait Objects: Sync {
    /// The object of that name; `None` if the store does not have it.
    ///
    /// # Errors
    /// [`ReadError`] if the store cannot say.
    fn get(&self, id: &ObjectId) -> Result<Option<Object>, ReadError>;
}

impl<O: Objects + ?Sized> Objects for &O {
    fn get(&self, id: &ObjectId) -> Result<Option<Object>, ReadError> {
        (**self).get(id)
    }
}

impl<O: Objects + Send + ?Sized> Objects for Arc<O> {
    fn get(&self, id: &ObjectId) -> Result<Option<Object>, ReadError> {
        (**self).get(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_git() {
        let empty = |kind| Object::new(kind, Vec::new()).id().to_string();
        assert_eq!(empty(Kind::Blob), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(empty(Kind::Tree), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }

    #[test]
    fn a_store_behind_a_pointer_is_the_same_store() {
        let mut map = crate::MapObjects::new();
        let id = map.insert(Kind::Blob, b"x".to_vec());
        let shared: Arc<dyn Objects + Send> = Arc::new(map.clone());
        assert!(map.get(&id).unwrap().is_some());
        assert_eq!(Objects::get(&shared, &id), map.get(&id));
        assert_eq!(Objects::get(&&map, &id), map.get(&id));
    }
}
