//! What the branches reach, found out once for all changes that ask.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use notedb::walk::Reach;
use notedb::{ObjectId, Objects, ReadError, Refs};

/// The searches begun on the branches of one repository.
#[derive(Debug, Default)]
pub(crate) struct Branches {
    begun: Mutex<BTreeMap<String, Option<Arc<Mutex<Reach>>>>>,
}

impl Branches {
    /// Whether the branch reaches any of these commits; `None` if there is no such branch.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub(crate) fn reaches<O: Objects + ?Sized>(
        &self,
        objects: &O,
        refs: &dyn Refs,
        branch: &str,
        wanted: &[ObjectId],
    ) -> Result<Option<bool>, ReadError> {
        let Some(reach) = self.begin(objects, refs, branch)? else { return Ok(None) };
        let mut reach = reach.lock().unwrap_or_else(PoisonError::into_inner);
        for id in wanted {
            if reach.contains(objects, id)? {
                return Ok(Some(true));
            }
        }
        Ok(Some(false))
    }

    fn begin<O: Objects + ?Sized>(
        &self,
        objects: &O,
        refs: &dyn Refs,
        branch: &str,
    ) -> Result<Option<Arc<Mutex<Reach>>>, ReadError> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = begun.get(branch) {
            return Ok(known.clone());
        }
        let reach = match refs.tip(branch)? {
            Some(tip) => Some(Arc::new(Mutex::new(Reach::new(objects, &[tip])?))),
            None => None,
        };
        begun.insert(branch.to_owned(), reach.clone());
        Ok(reach)
    }
}
