//! The files of a plan, unpacked fresh by digest into a private, read-only directory.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use grant::VerifiedGrant;
use model::{Action, Digest, Plan, Program};
use tempfile::TempDir;

use crate::TargetError;

/// Where files come from: a store of bytes by their plain SHA-256.
pub trait Files: Send + Sync {
    /// The bytes; not more than `limit`. They are not believed: whoever asks hashes them.
    ///
    /// # Errors
    /// When there is no such file, or it can't be read.
    fn read(&self, sha256: &Digest, limit: usize) -> io::Result<Vec<u8>>;
}

/// A directory of one action: the plan's files, and an empty home. Both are removed when it is dropped.
///
/// Files and directories can't be written (0500 programs and directories, 0400 others); whoever runs as the same user can
/// change that, so each action unpacks afresh and nothing of it is used again.
#[derive(Debug)]
pub struct Workspace {
    root: TempDir,
}

impl Workspace {
    /// Unpacks the files of the granted plan below `scratch`.
    ///
    /// # Errors
    /// [`TargetError`]: nothing is left behind then.
    pub fn unpack(
        grant: &VerifiedGrant,
        files: &dyn Files,
        scratch: &Path,
        limit: usize,
    ) -> Result<Self, TargetError> {
        let builder = tempfile::Builder::new().prefix("exq-").tempdir_in(scratch);
        let root = builder.map_err(|why| failed("make a directory in", scratch, why))?;
        fs::set_permissions(root.path(), Permissions::from_mode(0o700))
            .map_err(|why| failed("protect", root.path(), why))?;
        let workspace = Self { root };
        make_dir(&workspace.files())?;
        make_dir(&workspace.home())?;
        workspace.write(grant.plan(), files, limit)?;
        Ok(workspace)
    }

    /// The directory of the plan's files.
    #[must_use]
    pub fn files(&self) -> PathBuf {
        self.root.path().join("files")
    }

    /// An empty directory that can be written.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The path of a program of the plan, hashed again as it lies there.
    ///
    /// # Errors
    /// [`TargetError::NotInPlan`], [`TargetError::Changed`].
    pub fn program(&self, plan: &Plan, path: &str, sha256: &Digest) -> Result<PathBuf, TargetError> {
        if plan.files.get(path) != Some(sha256) {
            return Err(TargetError::NotInPlan { path: path.to_owned() });
        }
        let full = self.files().join(plain(path)?);
        let mut bytes = Vec::new();
        let read = fs::File::open(&full).and_then(|mut file| file.read_to_end(&mut bytes));
        read.map_err(|why| failed("read", &full, why))?;
        check(path, sha256, &bytes)?;
        Ok(full)
    }

    fn write(&self, plan: &Plan, files: &dyn Files, limit: usize) -> Result<(), TargetError> {
        let mut left = limit;
        for (path, sha256) in &plan.files {
            let full = self.files().join(plain(path)?);
            let bytes = files.read(sha256, left).map_err(|why| failed("read", Path::new(path), why))?;
            left = left.checked_sub(bytes.len()).ok_or(TargetError::TooLarge { limit })?;
            check(path, sha256, &bytes)?;
            if let Some(parent) = full.parent() {
                DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(parent)
                    .map_err(|why| failed("make", parent, why))?;
            }
            let mode = if is_program(plan, path) { 0o500 } else { 0o400 };
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&full)
                .map_err(|why| failed("make", &full, why))?;
            file.write_all(&bytes).map_err(|why| failed("write", &full, why))?;
        }
        directories(&self.files(), |_| ()).iter().try_for_each(|dir| {
            fs::set_permissions(dir, Permissions::from_mode(0o500)).map_err(|why| failed("protect", dir, why))
        })
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // A directory must be writable for its entries to be removed; what was in it may be anything by now.
        directories(self.root.path(), |dir| {
            if let Err(why) = fs::set_permissions(dir, Permissions::from_mode(0o700)) {
                tracing::warn!(dir = %dir.display(), %why, "a private directory can't be opened to remove it");
            }
        });
    }
}

/// This directory and all below it, outermost first, each visited before its entries are read; links are not followed.
fn directories(root: &Path, visit: impl Fn(&Path)) -> Vec<PathBuf> {
    let mut found = vec![root.to_owned()];
    let mut next = 0;
    while let Some(dir) = found.get(next).cloned() {
        visit(&dir);
        let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
        found.extend(entries.filter(|e| e.file_type().is_ok_and(|t| t.is_dir())).map(|e| e.path()));
        next += 1;
    }
    found
}

fn make_dir(path: &Path) -> Result<(), TargetError> {
    DirBuilder::new().mode(0o700).create(path).map_err(|why| failed("make", path, why))
}

/// A relative path of plain parts: it can't lead out of the directory, nor into the same file twice.
fn plain(path: &str) -> Result<&Path, TargetError> {
    let fine = !path.is_empty()
        && path.len() <= 255
        && path.chars().all(|c| !c.is_control() && c != '\\')
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if fine { Ok(Path::new(path)) } else { Err(TargetError::Path { path: path.chars().take(80).collect() }) }
}

fn check(path: &str, approved: &Digest, bytes: &[u8]) -> Result<(), TargetError> {
    let found = Digest::of(bytes);
    if found == *approved {
        Ok(())
    } else {
        Err(TargetError::Changed { path: path.to_owned(), approved: *approved, found })
    }
}

/// Whether a step, or its undo, names it as its program.
fn is_program(plan: &Plan, path: &str) -> bool {
    let names = |action: &Action| {
        matches!(action, Action::Exec(exec)
            if matches!(&exec.program, Program::Operations { path: program, .. } if program == path))
    };
    plan.steps.iter().any(|step| names(&step.action) || step.undo.as_ref().is_some_and(names))
}

fn failed(what: &'static str, path: &Path, why: io::Error) -> TargetError {
    TargetError::Io { what, path: path.display().to_string(), why }
}
