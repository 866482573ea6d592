//! The operations project at one commit.

use std::{collections::BTreeMap, sync::Arc};

/// Files of a tree.
const FILES: usize = 4096;
/// Bytes of one file (a program may be one).
const FILE: usize = 16 * 1024 * 1024;
/// Bytes of all files.
const TOTAL: usize = 64 * 1024 * 1024;
/// Bytes of one path.
const PATH: usize = 255;

/// Why a tree can't be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TreeError {
    /// A path that could leave the place it is unpacked to, or that hides what it is.
    #[error(
        "{path:?} can't be a path in the operations project\nhint: {PATH} bytes at most, no part `.`, `..` or `.git`, no control characters, no backslash"
    )]
    Path {
        /// The path.
        path: String,
    },
    /// The same path twice.
    #[error("{path} is in the tree twice")]
    Twice {
        /// The path.
        path: String,
    },
    /// One file is too large.
    #[error("{path} has {len} bytes; a file of the operations project may have {FILE}")]
    FileTooLarge {
        /// The file.
        path: String,
        /// Its size, in bytes.
        len: usize,
    },
    /// There are too many files.
    #[error("more than {FILES} files in the operations project")]
    TooManyFiles,
    /// All files together are too large.
    #[error("more than {TOTAL} bytes in the operations project")]
    TooLarge,
}

/// The regular files of the operations project at one commit, by path. Links and submodules are not files: whoever reads
/// them into a tree leaves them out, and a program that is one isn't found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<String, Arc<[u8]>>,
    total: usize,
}

impl Tree {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    ///
    /// # Errors
    /// [`TreeError`]: a path that isn't one, or more than the limits (4,096 files, 16 MiB each, 64 MiB in all).
    pub fn insert(&mut self, path: &str, bytes: impl Into<Arc<[u8]>>) -> Result<(), TreeError> {
        let bytes = bytes.into();
        if !is_path(path) {
            return Err(TreeError::Path { path: path.chars().take(PATH).collect() });
        }
        if bytes.len() > FILE {
            return Err(TreeError::FileTooLarge { path: path.to_owned(), len: bytes.len() });
        }
        if self.files.contains_key(path) {
            return Err(TreeError::Twice { path: path.to_owned() });
        }
        if self.files.len() >= FILES {
            return Err(TreeError::TooManyFiles);
        }
        if self.total.saturating_add(bytes.len()) > TOTAL {
            return Err(TreeError::TooLarge);
        }
        self.total += bytes.len();
        self.files.insert(path.to_owned(), bytes);
        Ok(())
    }

    /// A tree of all these files.
    ///
    /// # Errors
    /// As [`Tree::insert`].
    pub fn from_files<P: AsRef<str>, B: Into<Arc<[u8]>>>(
        files: impl IntoIterator<Item = (P, B)>,
    ) -> Result<Self, TreeError> {
        let mut tree = Self::new();
        for (path, bytes) in files {
            tree.insert(path.as_ref(), bytes)?;
        }
        Ok(tree)
    }

    /// The bytes of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(|bytes| &**bytes)
    }

    /// All files by path, in order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), &**bytes))
    }

    /// The files right inside a folder (`operations/`) that end so.
    pub(crate) fn inside<'a>(
        &'a self,
        folder: &'a str,
        end: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.files().filter(move |(path, _)| {
            path.strip_prefix(folder).is_some_and(|rest| !rest.contains('/') && rest.ends_with(end))
        })
    }
}

fn is_path(path: &str) -> bool {
    (1..=PATH).contains(&path.len())
        && !path.contains('\\')
        && model::hidden_character(path).is_none()
        && !path.contains(['\n', '\t'])
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != ".." && !part.eq_ignore_ascii_case(".git"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leaves_the_tree_is_refused() {
        for bad in [
            "",
            "/etc/passwd",
            "a/../b",
            "../a",
            "a//b",
            "./a",
            ".git/config",
            "a/.GIT/x",
            "a\\b",
            "a\nb",
            "a\u{202e}b",
        ] {
            assert!(matches!(Tree::new().insert(bad, *b""), Err(TreeError::Path { .. })), "{bad:?}");
        }
        assert!(Tree::new().insert("shop/switch", *b"#!").is_ok());
    }

    #[test]
    fn a_tree_has_limits() {
        let mut tree = Tree::new();
        assert!(matches!(tree.insert("a", vec![0; FILE + 1]), Err(TreeError::FileTooLarge { .. })));
        for n in 0..FILES {
            tree.insert(&format!("f{n}"), *b"").unwrap();
        }
        assert_eq!(tree.insert("one-more", *b""), Err(TreeError::TooManyFiles));
        let mut tree = Tree::new();
        for n in 0..4 {
            tree.insert(&format!("f{n}"), vec![0; FILE]).unwrap();
        }
        assert_eq!(tree.insert("one-more", *b"x"), Err(TreeError::TooLarge));
        assert_eq!(tree.insert("f0", *b""), Err(TreeError::Twice { path: "f0".into() }));
    }
}
