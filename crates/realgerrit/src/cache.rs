//! Where jars, classes and templates are kept, and how several processes share them.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::error::At;

/// The cache's folder.
#[derive(Debug, Clone)]
pub(crate) struct Cache(PathBuf);

impl Cache {
    /// `$XDG_CACHE_HOME/exequatur/gerrit`, else `gerrit` in the target folder of this build.
    pub(crate) fn open() -> Result<Self, Error> {
        let dir = match (std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("CARGO_TARGET_DIR")) {
            (Some(home), _) if !home.is_empty() => PathBuf::from(home).join("exequatur/gerrit"),
            (_, Some(target)) if !target.is_empty() => PathBuf::from(target).join("realgerrit"),
            _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/realgerrit"),
        };
        std::fs::create_dir_all(&dir).at(&dir)?;
        Ok(Self(dir.canonicalize().at(&dir)?))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Holds the cache for one process until the value is dropped.
    pub(crate) fn lock(&self) -> Result<File, Error> {
        lock(&self.path("lock"), true)?.ok_or_else(|| Error::Machine("a lock was not given".into()))
    }

    /// Makes `name` by `make` in a fresh folder, unless it is there already. The folder appears whole or not at all.
    /// The cache must be locked.
    pub(crate) fn once(
        &self,
        name: &str,
        make: impl FnOnce(&Path) -> Result<(), Error>,
    ) -> Result<PathBuf, Error> {
        let done = self.path(name);
        if done.is_dir() {
            return Ok(done);
        }
        let draft = self.path(&format!("{name}.draft"));
        if draft.exists() {
            std::fs::remove_dir_all(&draft).at(&draft)?;
        }
        std::fs::create_dir_all(&draft).at(&draft)?;
        make(&draft)?;
        std::fs::rename(&draft, &done).at(&done)?;
        Ok(done)
    }

    /// A fresh folder for a disposable site, with the lock that says that somebody uses it. Folders whose users died
    /// are removed on the way.
    pub(crate) fn disposable(&self) -> Result<(PathBuf, File), Error> {
        let sites = self.path("sites");
        std::fs::create_dir_all(&sites).at(&sites)?;
        let _held = self.lock()?;
        for entry in std::fs::read_dir(&sites).at(&sites)?.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|ext| ext == "lock") && lock(&path, false)?.is_some() {
                let _ = std::fs::remove_dir_all(path.with_extension(""));
                let _ = std::fs::remove_file(&path);
            }
        }
        let dir = sites.join(random_hex::<8>()?);
        let held = lock(&dir.with_extension("lock"), false)?
            .ok_or_else(|| Error::Machine("a name came twice".into()))?;
        Ok((dir, held))
    }
}

fn lock(path: &Path, wait: bool) -> Result<Option<File>, Error> {
    let file = File::options().create(true).truncate(false).write(true).open(path).at(path)?;
    if wait {
        file.lock().at(path)?;
        return Ok(Some(file));
    }
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(Error::File { path: path.to_owned(), error }),
    }
}

/// `N` random bytes in hex.
pub(crate) fn random_hex<const N: usize>() -> Result<String, Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::Machine(format!("no random numbers: {error}")))?;
    Ok(hex::encode(bytes))
}

/// Copies a folder with all that is in it.
pub(crate) fn copy_dir(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(to).at(to)?;
    for entry in std::fs::read_dir(from).at(from)? {
        let entry = entry.at(from)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().at(&source)?.is_dir() {
            copy_dir(&source, &target)?;
        } else {
            std::fs::copy(&source, &target).at(&target)?;
        }
    }
    Ok(())
}
