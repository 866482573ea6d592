//! What a commit changes, file by file, against its first parent.

use super::tree::{self, Entry};
use super::{Commit, GitError, Oid, Repo, linediff};

/// One changed file.
pub(crate) struct FileChange {
    pub(crate) path: String,
    pub(crate) old: Option<Entry>,
    pub(crate) new: Option<Entry>,
    /// `None` for binary files and submodules.
    pub(crate) lines: Option<(usize, usize)>,
    pub(crate) old_size: usize,
    pub(crate) new_size: usize,
}

/// The tree of the first parent; `None` for a root commit.
pub(crate) fn parent_tree(repo: &Repo, commit: &Commit) -> Result<Option<Oid>, GitError> {
    commit.parents.first().map(|parent| repo.commit(*parent).map(|c| c.tree)).transpose()
}

/// The changed files, by path.
pub(crate) fn changed(repo: &Repo, commit: &Commit) -> Result<Vec<FileChange>, GitError> {
    let old = match parent_tree(repo, commit)? {
        Some(tree) => tree::flatten(repo, tree)?,
        None => tree::Flat::new(),
    };
    let new = tree::flatten(repo, commit.tree)?;
    let paths: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut found = Vec::new();
    for path in paths {
        let (was, is) = (old.get(path).copied(), new.get(path).copied());
        if was == is {
            continue;
        }
        let (before, after) = (content(repo, was)?, content(repo, is)?);
        let lines = match (&before, &after) {
            (Some(a), Some(b)) => linediff::count(a, b),
            _ => None,
        };
        let (old_size, new_size) = (before.map_or(0, |b| b.len()), after.map_or(0, |b| b.len()));
        found.push(FileChange { path: path.clone(), old: was, new: is, lines, old_size, new_size });
    }
    Ok(found)
}

/// Bytes of a file; empty where there is none; `None` for what is no file (a submodule).
fn content(repo: &Repo, entry: Option<Entry>) -> Result<Option<Vec<u8>>, GitError> {
    match entry {
        None => Ok(Some(Vec::new())),
        Some(entry) if entry.mode == 0o160_000 => Ok(None),
        Some(entry) => repo.blob(entry.id).map(Some),
    }
}

/// (insertions, deletions) over all files.
pub(crate) fn totals(repo: &Repo, commit: &Commit) -> Result<(usize, usize), GitError> {
    let files = changed(repo, commit)?;
    Ok(files.iter().filter_map(|f| f.lines).fold((0, 0), |(i, d), (fi, fd)| (i + fi, d + fd)))
}
