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
        let found = repo.try_find_reference(name).map_err(|error| fail(error.to_string()))?;
        // Git would also take a short name; here only the whole one is meant.
        let Some(mut found) = found.filter(|found| found.name().as_bstr() == name) else { return Ok(None) };
        let id = found.follow_to_object().map_err(|error| fail(error.to_string()))?;
        Ok(ObjectId::from_slice(id.as_bytes()))
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

#[cfg(test)]
mod tests {
    use gix::prelude::Write as _;

    use super::*;

    /// A bare repository with one commit, a branch, a symbolic ref, a change and a patch set.
    fn repository() -> (tempfile::TempDir, Repo, ObjectId) {
        let folder = tempfile::tempdir().unwrap();
        let bare = gix::init_bare(folder.path()).unwrap();
        let tree = bare.write_buf(GitKind::Tree, b"").unwrap();
        let commit = format!("tree {tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n");
        let commit = bare.write_buf(GitKind::Commit, commit.as_bytes()).unwrap();
        for (name, value) in [
            ("refs/heads/main", commit.to_string()),
            ("refs/heads/same", "ref: refs/heads/main".to_owned()),
            ("refs/changes/07/7/meta", commit.to_string()),
            ("refs/changes/07/7/1", commit.to_string()),
            ("refs/changes/01/101/meta", commit.to_string()),
        ] {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, format!("{value}\n")).unwrap();
        }
        let id = ObjectId::from_slice(commit.as_bytes()).unwrap();
        let repo = Repo::open(folder.path()).unwrap();
        (folder, repo, id)
    }

    #[test]
    fn objects_are_read_by_threads_at_once_and_missing_ones_are_none() {
        let (_folder, repo, id) = repository();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let object = repo.get(&id).unwrap().unwrap();
                    assert_eq!((object.kind, object.id()), (Kind::Commit, id));
                });
            }
        });
        assert_eq!(repo.get(&ObjectId::from_bytes([1; 20])).unwrap(), None);
    }

    #[test]
    fn refs_are_found_by_their_full_name_only() {
        let (_folder, repo, id) = repository();
        assert_eq!(repo.tip("refs/heads/main").unwrap(), Some(id));
        assert_eq!(repo.tip("refs/heads/same").unwrap(), Some(id), "a symbolic ref is followed");
        for other in
            ["main", "heads/main", "refs/heads/gone", "", "refs/heads/../main", "refs//heads", "\u{2028}"]
        {
            assert_eq!(repo.tip(other).unwrap(), None, "{other:?}");
        }
    }

    #[test]
    fn changes_and_patch_sets_are_listed_by_number() {
        let (_folder, repo, id) = repository();
        assert_eq!(repo.changes().unwrap(), [(7, id), (101, id)]);
        assert_eq!(repo.patch_sets().unwrap(), [PatchSetRef { change: 7, patch_set: 1, revision: id }]);
        assert_eq!(repo.branches().unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_repository_is_refused_with_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Repo::open(folder.path()).unwrap_err().to_string().contains("hint: "));
    }
}
