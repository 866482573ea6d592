//! A bare repository that follows one project.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::refs::file::transaction::PackedRefs;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};
use notedb::ObjectId;

use super::unpack::{SCRATCH, unpack};
use super::{GitHttp, Pack};
use crate::repo::Repo;
use crate::{Error, Result};

/// The most haves that we name: more would cost more than a few objects sent twice.
const MAX_HAVES: usize = 256;

/// More refs than that in one go are written to one file, not to a file each.
const LOOSE_REFS_UP_TO: usize = 100;

/// What to bring up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want<'a> {
    /// All refs whose names begin so (`refs/heads/`, `refs/changes/42/42/`); those that the server has no more are
    /// removed here too.
    Prefix(&'a str),
    /// One ref; it is removed here if the server has it no more.
    Ref(&'a str),
    /// One ref at a revision that we were told (such as `meta_rev_id`): needs no `ls-refs`.
    RefAt(&'a str, ObjectId),
}

/// Our copy of one project: objects, and refs under their own names. It holds only copies and can be deleted.
pub struct Mirror {
    path: PathBuf,
    writer: gix::ThreadSafeRepository,
    reader: Arc<Repo>,
    /// Our refs, which only we write.
    refs: BTreeMap<String, ObjectId>,
    /// What our refs point at: complete, with all that it leads to. That an object *is* there proves nothing, a crash
    /// may have come between it and its parents.
    complete: BTreeSet<ObjectId>,
    /// Locked as long as we hold the mirror.
    _held: File,
}

impl Mirror {
    /// Opens the bare repository at `dir`, or makes one, and holds it: what a crash left half done is cleared away.
    ///
    /// # Errors
    /// [`Error::Mirror`]; also if it is held already, here or by another process.
    pub fn open_or_init(dir: impl Into<PathBuf>) -> Result<Self> {
        let path = dir.into();
        let fail = |why: String| Error::Mirror { path: path.display().to_string(), why };
        if !path.join("HEAD").is_file() {
            make(&path).map_err(fail)?;
        }
        let held = hold(&path).map_err(fail)?;
        clear(&path).map_err(|error| fail(error.to_string()))?;
        let writer = open(&path).map_err(fail)?;
        let refs = read_refs(&writer.to_thread_local()).map_err(fail)?;
        let complete = refs.values().copied().collect();
        let reader = Arc::new(Repo::open(&path).map_err(|error| fail(error.to_string()))?);
        Ok(Self { path, writer, reader, refs, complete, _held: held })
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its objects and refs, for reading.
    #[must_use]
    pub fn repo(&self) -> &Repo {
        &self.reader
    }

    /// The same, to be read on while the mirror follows its project: what was there stays there.
    #[must_use]
    pub fn shared_repo(&self) -> Arc<Repo> {
        Arc::clone(&self.reader)
    }

    /// Its refs.
    #[must_use]
    pub const fn refs(&self) -> &BTreeMap<String, ObjectId> {
        &self.refs
    }

    /// Brings what is wanted up to date, and says where these refs point now. A ref that the server doesn't have (or
    /// doesn't show) is not in the answer.
    ///
    /// # Errors
    /// As [`GitHttp::ls_refs`] and [`GitHttp::fetch`]; [`Error::Mirror`].
    pub async fn sync(
        &mut self,
        git: &GitHttp,
        project: &str,
        wants: &[Want<'_>],
    ) -> Result<BTreeMap<String, ObjectId>> {
        let theirs = self.theirs(git, project, wants).await?;
        let news: BTreeSet<ObjectId> =
            theirs.values().filter(|id| !self.complete.contains(*id)).copied().collect();
        if !news.is_empty() {
            let wanted: Vec<ObjectId> = news.iter().copied().collect();
            let pack = git.fetch(project, &wanted, &self.haves(&theirs)).await?;
            self.take_in(pack, wanted).await?;
        }
        let gone: Vec<String> = self
            .refs
            .keys()
            .filter(|name| !theirs.contains_key(*name) && wants.iter().any(|want| want.covers(name)))
            .cloned()
            .collect();
        let moved: Vec<(String, ObjectId)> = theirs
            .iter()
            .filter(|(name, id)| self.refs.get(*name) != Some(id))
            .map(|(name, id)| (name.clone(), *id))
            .collect();
        self.move_refs(gone, moved).await?;
        Ok(theirs)
    }

    /// What the server has of what is wanted.
    async fn theirs(
        &self,
        git: &GitHttp,
        project: &str,
        wants: &[Want<'_>],
    ) -> Result<BTreeMap<String, ObjectId>> {
        let mut told = BTreeMap::new();
        let mut asked = Vec::new();
        for want in wants {
            match *want {
                Want::RefAt(name, id) => {
                    told.insert(name.to_owned(), id);
                }
                Want::Prefix(name) | Want::Ref(name) => asked.push(name),
            }
        }
        if !asked.is_empty() {
            let found = git.ls_refs(project, &asked).await?;
            told.extend(
                found.into_iter().filter(|(name, _)| {
                    name.starts_with("refs/") && wants.iter().any(|want| want.covers(name))
                }),
            );
        }
        Ok(told)
    }

    /// What we have that lies near what we want, nearest first: the former tips of these refs, the other refs of the
    /// same changes, and the branches.
    fn haves(&self, theirs: &BTreeMap<String, ObjectId>) -> Vec<ObjectId> {
        let former = theirs.keys().filter_map(|name| self.refs.get(name));
        let siblings = theirs
            .keys()
            .filter(|name| name.starts_with("refs/changes/"))
            .filter_map(|name| name.rsplit_once('/'))
            .flat_map(|(change, _)| self.starting_with(format!("{change}/")));
        let mut seen = BTreeSet::new();
        former
            .chain(siblings)
            .chain(self.starting_with("refs/heads/".to_owned()))
            .filter(|id| seen.insert(**id))
            .take(MAX_HAVES)
            .copied()
            .collect()
    }

    fn starting_with(&self, prefix: String) -> impl Iterator<Item = &ObjectId> {
        self.refs
            .range(prefix.clone()..)
            .take_while(move |(name, _)| name.starts_with(&prefix))
            .map(|(_, id)| id)
    }

    async fn take_in(&mut self, pack: Pack, wanted: Vec<ObjectId>) -> Result<()> {
        let repo = self.writer.clone();
        let path = self.path.clone();
        let kept = blocking(&self.path, move || {
            let repo = repo.to_thread_local();
            let kept = unpack(&repo, pack)?;
            let repo = if kept { open(&path)?.to_thread_local() } else { repo };
            for id in wanted {
                if !repo.has_object(oid(&id)) {
                    return Err(format!("the server did not send {id}"));
                }
            }
            Ok(kept)
        })
        .await?;
        if kept {
            // A store that is open has room for a set number of packs.
            self.writer = open(&self.path).map_err(|why| self.fail(why))?;
            self.reader = Arc::new(Repo::open(&self.path).map_err(|error| self.fail(error.to_string()))?);
        }
        Ok(())
    }

    async fn move_refs(&mut self, gone: Vec<String>, moved: Vec<(String, ObjectId)>) -> Result<()> {
        if gone.is_empty() && moved.is_empty() {
            return Ok(());
        }
        let repo = self.writer.clone();
        let (dead, fresh) = (gone.clone(), moved.clone());
        blocking(&self.path, move || {
            let repo = repo.to_thread_local();
            // Apart and first: a ref that goes may be in the way of one that comes (`a`, `a/b`).
            edit(&repo, dead.iter().map(|name| deletion(name)))?;
            edit(&repo, fresh.iter().map(|(name, id)| update(name, id)))
        })
        .await?;
        for name in gone {
            self.refs.remove(&name);
        }
        for (name, id) in moved {
            self.complete.insert(id);
            self.refs.insert(name, id);
        }
        Ok(())
    }

    fn fail(&self, why: String) -> Error {
        Error::Mirror { path: self.path.display().to_string(), why }
    }
}

impl Want<'_> {
    fn covers(&self, name: &str) -> bool {
        match self {
            Self::Prefix(prefix) => name.starts_with(prefix),
            Self::Ref(wanted) => name == *wanted,
            Self::RefAt(..) => false,
        }
    }
}

impl std::fmt::Debug for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mirror")
            .field("path", &self.path)
            .field("refs", &self.refs.len())
            .finish_non_exhaustive()
    }
}

/// Opens without the settings of whoever runs us.
fn open(path: &Path) -> std::result::Result<gix::ThreadSafeRepository, String> {
    gix::ThreadSafeRepository::open_opts(path, gix::open::Options::isolated().open_path_as_is(true))
        .map_err(|error| error.to_string())
}

/// Makes an empty bare repository.
fn make(path: &Path) -> std::result::Result<(), String> {
    std::fs::create_dir_all(path).map_err(|error| error.to_string())?;
    let options = gix::open::Options::isolated();
    gix::ThreadSafeRepository::init_opts(
        path,
        gix::create::Kind::Bare,
        gix::create::Options::default(),
        options,
    )
    .map(drop)
    .map_err(|error| error.to_string())
}

/// Locks it for us.
fn hold(path: &Path) -> std::result::Result<File, String> {
    let file = File::options().create(true).truncate(false).write(true).open(path.join("exequatur.lock"));
    let file = file.map_err(|error| error.to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err("it is held already, perhaps by another process".into()),
        Err(TryLockError::Error(error)) => Err(error.to_string()),
    }
}

/// Removes what a crash left: packs half taken in, and locks that nobody holds any more. (No ref's name ends so.)
fn clear(path: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(SCRATCH) {
            std::fs::remove_dir_all(entry.path())?;
        } else if name == "packed-refs.lock" {
            std::fs::remove_file(entry.path())?;
        }
    }
    let mut folders = vec![path.join("refs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if entry.path().extension().is_some_and(|end| end == "lock") {
                std::fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

fn read_refs(repo: &gix::Repository) -> std::result::Result<BTreeMap<String, ObjectId>, String> {
    let platform = repo.references().map_err(|error| error.to_string())?;
    let mut refs = BTreeMap::new();
    for reference in platform.all().map_err(|error| error.to_string())? {
        let reference = reference.map_err(|error| error.to_string())?;
        if let Some(id) = reference.try_id().and_then(|id| ObjectId::from_slice(id.as_bytes())) {
            refs.insert(reference.name().as_bstr().to_string(), id);
        }
    }
    Ok(refs)
}

/// Runs file work where it may block.
async fn blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> std::result::Result<T, String> + Send + 'static,
) -> Result<T> {
    let fail = |why: String| Error::Mirror { path: path.display().to_string(), why };
    tokio::task::spawn_blocking(work).await.map_err(|error| fail(error.to_string()))?.map_err(fail)
}

fn oid(id: &ObjectId) -> gix::ObjectId {
    gix::ObjectId::Sha1(*id.as_bytes())
}

fn full_name(name: &str) -> std::result::Result<gix::refs::FullName, String> {
    gix::refs::FullName::try_from(name)
        .map_err(|error| format!("the server names a ref that can't be: {error}"))
}

fn deletion(name: &str) -> std::result::Result<RefEdit, String> {
    let change = Change::Delete { expected: PreviousValue::Any, log: RefLog::AndReference };
    Ok(RefEdit { change, name: full_name(name)?, deref: false })
}

fn update(name: &str, id: &ObjectId) -> std::result::Result<RefEdit, String> {
    let log = LogChange { mode: RefLog::AndReference, force_create_reflog: false, message: "".into() };
    let change =
        Change::Update { log, expected: PreviousValue::Any, new: gix::refs::Target::Object(oid(id)) };
    Ok(RefEdit { change, name: full_name(name)?, deref: false })
}

fn edit(
    repo: &gix::Repository,
    edits: impl Iterator<Item = std::result::Result<RefEdit, String>>,
) -> std::result::Result<(), String> {
    let edits = edits.collect::<std::result::Result<Vec<_>, _>>()?;
    if edits.is_empty() {
        return Ok(());
    }
    let fail = gix::lock::acquire::Fail::Immediately;
    let packed = if edits.len() > LOOSE_REFS_UP_TO {
        PackedRefs::DeletionsAndNonSymbolicUpdatesRemoveLooseSourceReference(Box::new(&repo.objects))
    } else {
        PackedRefs::DeletionsOnly
    };
    repo.refs
        .transaction()
        .packed_refs(packed)
        .prepare(edits, fail, fail)
        .map_err(|error| error.to_string())?
        .commit(None)
        .map_err(|error| error.to_string())?;
    Ok(())
}
