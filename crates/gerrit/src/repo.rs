//! A bare git repository as a store of objects and refs: what a mirror, a backup or a server's own disk holds.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use gix::objs::Kind as GitKind;
use gix::odb::pack::cache::lru::StaticLinkedList;
use gix::prelude::{FindExt as _, Header as _};
use notedb::{Kind, Object, ObjectId, Objects, ReadError, Refs, change_of_meta_ref};

/// The largest object that is read, in bytes.
pub const MAX_OBJECT: u64 = 128 << 20;

/// The most that one handle keeps of the objects on which deltas rest, in bytes.
const DELTA_CACHE: usize = 4 << 20;

/// What one thread reads objects with.
type Handle = gix::odb::HandleArc;

/// A repository that can't be opened.
#[derive(Debug, thiserror::Error)]
#[error("{path} can't be opened as a git repository: {reason}\nhint: name a bare repository, such as a `git clone --mirror` makes", path = path.display())]
pub struct OpenError {
    path: PathBuf,
    reason: String,
}

/// A bare repository, opened for reading. Threads may share it.
///
/// Nothing of the user's or the machine's git configuration is read, and no program is started.
pub struct Repo {
    shared: gix::ThreadSafeRepository,
    /// Handles not in use; each keeps its own cache of deltas. There are never more than threads that read at once.
    idle: Mutex<Vec<Handle>>,
}

impl std::fmt::Debug for Repo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repo").field("path", &self.shared.refs.git_dir()).finish_non_exhaustive()
    }
}

/// One patch set's ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PatchSetRef {
    /// The change.
    pub change: u64,
    /// The number of the patch set.
    pub patch_set: u32,
    /// Its revision.
    pub revision: ObjectId,
}

impl Repo {
    /// Opens the repository at this path.
    ///
    /// # Errors
    /// [`OpenError`] if there is none.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let options = gix::open::Options::isolated().open_path_as_is(true);
        let shared = gix::ThreadSafeRepository::open_opts(path, options)
            .map_err(|error| OpenError { path: path.to_owned(), reason: error.to_string() })?;
        Ok(Self { shared, idle: Mutex::new(Vec::new()) })
    }

    /// The patch sets of all changes, ordered.
    ///
    /// # Errors
    /// [`ReadError::Ref`] if the refs can't be read.
    pub fn patch_sets(&self) -> Result<Vec<PatchSetRef>, ReadError> {
        let mut patch_sets: Vec<_> = self
            .refs_under("refs/changes/")?
            .into_iter()
            .filter_map(|(name, revision)| {
                let (change, patch_set) = patch_set_of_ref(&name)?;
                Some(PatchSetRef { change, patch_set, revision })
            })
            .collect();
        patch_sets.sort_unstable();
        Ok(patch_sets)
    }

    /// The branches, by full name, with their tips.
    ///
    /// # Errors
    /// [`ReadError::Ref`] if the refs can't be read.
    pub fn branches(&self) -> Result<Vec<(String, ObjectId)>, ReadError> {
        self.refs_under("refs/heads/")
    }

    /// All refs that begin with `prefix`, by name. One whose name is no UTF-8 is left out: Gerrit makes none.
    ///
    /// # Errors
    /// [`ReadError::Ref`] if the refs can't be read.
    pub fn refs_under(&self, prefix: &str) -> Result<Vec<(String, ObjectId)>, ReadError> {
        let fail = |reason: String| ReadError::Ref { name: format!("{prefix}*"), reason };
        let repo = self.shared.to_thread_local();
        {
            let platform = repo.references().map_err(|error| fail(error.to_string()))?;
            let refs = platform.prefixed(prefix).map_err(|error| fail(error.to_string()))?;
            let mut found = Vec::new();
            for one in refs {
                let mut one = one.map_err(|error| fail(error.to_string()))?;
                let Ok(name) = std::str::from_utf8(one.name().as_bstr()).map(str::to_owned) else { continue };
                let id = match one.target().try_id() {
                    Some(id) => id.to_owned(),
                    None => one.follow_to_object().map_err(|error| fail(error.to_string()))?.detach(),
                };
                found.extend(ObjectId::from_slice(id.as_bytes()).map(|id| (name, id)));
            }
            Ok(found)
        }
    }

    /// Lends a handle that no other thread uses meanwhile.
    fn with_objects<T>(&self, act: impl FnOnce(&Handle) -> T) -> T {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let handle = idle.unwrap_or_else(|| {
            let mut handle = gix::odb::Cache::from(self.shared.objects.to_handle_arc());
            handle.set_pack_cache(|| Box::new(StaticLinkedList::<64>::new(DELTA_CACHE)));
            handle
        });
        let result = act(&handle);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        result
    }
}

impl Objects for Repo {
    fn get(&self, id: &ObjectId) -> Result<Option<Object>, ReadError> {
        let fail = |reason: String| ReadError::Object { id: *id, reason };
        let name = gix::ObjectId::Sha1(*id.as_bytes());
        self.with_objects(|objects| {
            let Some(header) = objects.try_header(&name).map_err(|error| fail(error.to_string()))? else {
                return Ok(None);
            };
            if header.size() > MAX_OBJECT {
                return Err(ReadError::TooLarge { id: *id, size: header.size(), limit: MAX_OBJECT });
            }
            let mut data = Vec::new();
            let found = objects.find(&name, &mut data).map_err(|error| fail(error.to_string()))?;
            let kind = match found.kind {
                GitKind::Commit => Kind::Commit,
                GitKind::Tree => Kind::Tree,
                GitKind::Blob => Kind::Blob,
                GitKind::Tag => Kind::Tag,
            };
            Ok(Some(Object::new(kind, found.data)))
        })
    }
}

impl Refs for Repo {
    fn tip(&self, name: &str) -> Result<Option<ObjectId>, ReadError> {
        let fail = |reason: String| ReadError::Ref { name: name.to_owned(), reason };
        // A name that git would not take is the name of no ref.
        if gix::refs::FullName::try_from(name).is_err() {
            return Ok(None);
        }
        let repo = self.shared.to_thread_local();
        {
            let Some(mut found) = repo.try_find_reference(name).map_err(|error| fail(error.to_string()))?
            else {
                return Ok(None);
            };
            if found.name().as_bstr() != name {
                return Ok(None);
            }
            let id = found.follow_to_object().map_err(|error| fail(error.to_string()))?;
            Ok(ObjectId::from_slice(id.as_bytes()))
        }
    }

    fn changes(&self) -> Result<Vec<(u64, ObjectId)>, ReadError> {
        let refs = self.refs_under("refs/changes/")?;
        let mut changes: Vec<_> =
            refs.into_iter().filter_map(|(name, tip)| Some((change_of_meta_ref(&name)?, tip))).collect();
        changes.sort_unstable();
        Ok(changes)
    }
}

/// Change and number of `refs/changes/45/12345/6`.
fn patch_set_of_ref(name: &str) -> Option<(u64, u32)> {
    let (change, patch_set) = name.strip_prefix("refs/changes/")?.split_once('/')?.1.split_once('/')?;
    Some((change.parse().ok()?, patch_set.parse().ok()?))
}
