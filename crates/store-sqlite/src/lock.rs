//! One process a database, and nobody else reads its files.

use std::{
    fs::{File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::OpenError;

/// Owner only.
const MODE: u32 = 0o600;

/// How often a lock is tried to take, and at what distance: half a second.
const TRIES: u32 = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// The exclusive lock; held until dropped, or until the process ends, however it ends.
///
/// It is on a file of its own. SQLite's own locks are POSIX locks, which a process loses on *any* close of the database
/// file: opening that file here as well would take them away.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the database at `path`, which must be its canonical path: two names of one file have one lock.
    ///
    /// One that was just given back may still be held for a moment: by a child of that process that is between `fork` and
    /// `exec`.
    pub(crate) async fn take(path: &Path) -> Result<Self, OpenError> {
        for _ in 0..TRIES {
            match Self::try_take(path) {
                Err(OpenError::InUse { .. }) => tokio::time::sleep(BETWEEN_TRIES).await,
                taken => return taken,
            }
        }
        Self::try_take(path)
    }

    fn try_take(path: &Path) -> Result<Self, OpenError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let lock = PathBuf::from(name);
        let file = owner_only(&lock).map_err(|why| OpenError::File { path: lock.clone(), why })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(why)) => Err(OpenError::File { path: lock, why }),
        }
    }
}

/// The path without links, of a file that needn't be there yet.
pub(crate) fn canonical(path: &Path) -> io::Result<PathBuf> {
    if let Ok(path) = path.canonicalize() {
        return Ok(path);
    }
    let name = path.file_name().ok_or_else(|| io::Error::other("the path names no file"))?;
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    Ok(parent.canonicalize()?.join(name))
}

/// Makes the database file if it isn't there, readable by its owner only; SQLite gives the files beside it the same
/// mode. Called with the lock held, so that no other connection of this process loses its locks by the close.
pub(crate) fn make(path: &Path) -> io::Result<()> {
    owner_only(path)?.sync_all()?;
    // The name has to survive a power failure as well.
    if let Some(parent) = path.parent() {
        File::open(parent)?.sync_all()?;
    }
    for beside in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        match std::fs::set_permissions(&name, Permissions::from_mode(MODE)) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
            _ => {}
        }
    }
    Ok(())
}

fn owner_only(path: &Path) -> io::Result<File> {
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(MODE).open(path)?;
    if file.metadata()?.permissions().mode() & 0o777 != MODE {
        file.set_permissions(Permissions::from_mode(MODE))?;
    }
    Ok(file)
}
