//! The plan's files, in memory: they are few and small, a step must not wait for the store, and one that isn't there has to
//! be missed before the grant is spent.

use std::{collections::BTreeMap, io};

use model::{Digest, Plan};
use store::{Object, Store};
use targets::Files;

use crate::ExecutorError;

/// Files by the SHA-256 that the plan names them by.
pub(crate) struct Loaded(BTreeMap<Digest, Vec<u8>>);

impl Loaded {
    /// All files of a plan: from what is about to be written, else from the store.
    ///
    /// # Errors
    /// [`ExecutorError::Files`] when one is in neither; [`ExecutorError::Store`] when that can't be said now.
    pub(crate) async fn of(plan: &Plan, new: &[Object], store: &dyn Store) -> Result<Self, ExecutorError> {
        let mut loaded = BTreeMap::new();
        for (path, digest) in &plan.files {
            let bytes = match new.iter().find(|object| object.digest() == *digest) {
                Some(object) => Some(object.bytes().to_vec()),
                None => store.object(*digest).await.map_err(|why| ExecutorError::Store(why.to_string()))?,
            };
            let bytes = bytes.ok_or_else(|| {
                ExecutorError::Files(format!("{path} ({digest}) is neither in the store nor handed in"))
            })?;
            loaded.insert(*digest, bytes);
        }
        Ok(Self(loaded))
    }
}

impl Files for Loaded {
    fn read(&self, sha256: &Digest, limit: usize) -> io::Result<Vec<u8>> {
        let bytes = self.0.get(sha256).ok_or(io::ErrorKind::NotFound)?;
        if bytes.len() > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes.clone()) }
    }
}
