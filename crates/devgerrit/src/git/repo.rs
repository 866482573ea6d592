//! One bare repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::objects::{self, Kind};
use super::{Commit, GitError, Ident, Oid, refs};

/// A bare repository on disk. Cheap to make: it holds nothing but the path.
#[derive(Clone, Debug)]
pub(crate) struct Repo {
    dir: PathBuf,
}

impl Repo {
    pub(crate) fn at(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Makes an empty bare repository whose `HEAD` names `head` (`refs/heads/…`).
    pub(crate) fn init(dir: PathBuf, head: &str) -> Result<Self, GitError> {
        let failed = |source| GitError::io(format!("make {}", dir.display()), source);
        for folder in ["objects/info", "objects/pack", "refs/heads", "refs/tags"] {
            fs::create_dir_all(dir.join(folder)).map_err(failed)?;
        }
        fs::write(dir.join("HEAD"), format!("ref: {head}\n")).map_err(failed)?;
        let config =
            "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n[gc]\n\tauto = 0\n";
        fs::write(dir.join("config"), config).map_err(failed)?;
        Ok(Self { dir })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Lets `HEAD` name another branch (`refs/heads/…`).
    pub(crate) fn set_head(&self, head: &str) -> Result<(), GitError> {
        let failed = |source| GitError::io("HEAD", source);
        let new = self.dir.join("HEAD.new");
        fs::write(&new, format!("ref: {head}\n")).map_err(failed)?;
        fs::rename(&new, self.dir.join("HEAD")).map_err(failed)
    }

    /// The branch that `HEAD` names, in full.
    pub(crate) fn head(&self) -> String {
        let text = fs::read_to_string(self.dir.join("HEAD")).unwrap_or_default();
        text.trim_end().strip_prefix("ref: ").unwrap_or("refs/heads/master").to_owned()
    }

    pub(crate) fn read(&self, id: Oid) -> Result<(Kind, Vec<u8>), GitError> {
        objects::read(&self.dir, id)
    }

    pub(crate) fn read_kind(&self, id: Oid, kind: Kind) -> Result<Vec<u8>, GitError> {
        match self.read(id)? {
            (has, bytes) if has == kind => Ok(bytes),
            _ => Err(GitError::Corrupt { id, why: "another kind than expected" }),
        }
    }

    pub(crate) fn has(&self, id: Oid) -> bool {
        objects::exists(&self.dir, id)
    }

    pub(crate) fn blob(&self, id: Oid) -> Result<Vec<u8>, GitError> {
        self.read_kind(id, Kind::Blob)
    }

    pub(crate) fn commit(&self, id: Oid) -> Result<Commit, GitError> {
        Commit::parse(id, &self.read_kind(id, Kind::Commit)?)
    }

    pub(crate) fn write_blob(&self, bytes: &[u8]) -> Result<Oid, GitError> {
        objects::write(&self.dir, Kind::Blob, bytes)
    }

    pub(crate) fn write_commit(
        &self,
        tree: Oid,
        parents: &[Oid],
        author: &Ident,
        committer: &Ident,
        message: &str,
    ) -> Result<Oid, GitError> {
        objects::write(&self.dir, Kind::Commit, &Commit::encode(tree, parents, author, committer, message))
    }

    pub(crate) fn reference(&self, name: &str) -> Option<Oid> {
        refs::read(&self.dir, name)
    }

    pub(crate) fn references(&self, prefix: &str) -> BTreeMap<String, Oid> {
        refs::list(&self.dir, prefix)
    }

    pub(crate) fn update(&self, name: &str, old: Oid, new: Oid) -> Result<(), GitError> {
        refs::update(&self.dir, name, old, new)
    }
}
