//! What the branches reach, found out once for all changes that ask.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use notedb::walk::{Reach, difference};
use notedb::{ObjectId, Objects, ReadError, Refs};

/// The searches begun on the branches of one repository.
#[derive(Debug, Default)]
pub(crate) struct Branches {
    begun: Mutex<BTreeMap<String, Option<Begun>>>,
}

/// A search, and from where.
#[derive(Debug, Clone)]
struct Begun {
    tip: ObjectId,
    reach: Arc<Mutex<Reach>>,
}

/// How a branch moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    /// It reaches all that it reached.
    On,
    /// It was reset, made or deleted.
    Elsewhere,
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
            return Ok(known.as_ref().map(|known| Arc::clone(&known.reach)));
        }
        let fresh = match refs.tip(branch)? {
            Some(tip) => Some(Begun { tip, reach: Arc::new(Mutex::new(Reach::new(objects, &[tip])?)) }),
            None => None,
        };
        let reach = fresh.as_ref().map(|fresh| Arc::clone(&fresh.reach));
        begun.insert(branch.to_owned(), fresh);
        Ok(reach)
    }

    /// Follows the branches that were asked about to where they are now; says which moved, and how.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub(crate) fn follow<O: Objects + ?Sized>(
        &mut self,
        objects: &O,
        refs: &dyn Refs,
    ) -> Result<BTreeMap<String, Moved>, ReadError> {
        let begun = self.begun.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut moved = BTreeMap::new();
        for (name, known) in begun.iter_mut() {
            let now = refs.tip(name)?;
            if known.as_ref().map(|known| known.tip) == now {
                continue;
            }
            let went_on = match (known.as_mut(), now) {
                (Some(known), Some(now)) if difference(objects, &[known.tip], &[now])?.is_empty() => {
                    known.reach.lock().unwrap_or_else(PoisonError::into_inner).extend(objects, now)?;
                    known.tip = now;
                    true
                }
                _ => false,
            };
            moved.insert(name.clone(), if went_on { Moved::On } else { Moved::Elsewhere });
        }
        begun.retain(|name, _| moved.get(name) != Some(&Moved::Elsewhere));
        Ok(moved)
    }
}
