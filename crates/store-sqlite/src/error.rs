//! Why a store can't be opened, and what SQLite's errors mean to those who write and read.

use std::path::PathBuf;

use store::{CommitError, ReadError};

/// Why a store can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "{} is in use by another process\nhint: one server a database; stop the other one first",
        path.display()
    )]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// A file can't be made, read or locked.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: std::io::Error,
    },
    /// SQLite can't open it.
    #[error("{} can't be opened: {why}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        why: String,
    },
    /// It was written by a newer version, or its schema was changed by hand.
    #[error("the schema of {} is not one of this version: {why}\nhint: was it written by a newer version?", path.display())]
    Schema {
        /// The database.
        path: PathBuf,
        /// What doesn't fit.
        why: String,
    },
    /// It holds another log than the key signs.
    #[error(
        "{} holds the ledger {found:?}, the key is for {expected:?}\nhint: is this the right file, or the right key?",
        path.display()
    )]
    OtherLog {
        /// The database.
        path: PathBuf,
        /// The log in it.
        found: String,
        /// The key's.
        expected: String,
    },
    /// Its ledger is not what its newest checkpoint says.
    #[error("the ledger in {} is damaged: {why}\nhint: restore a backup; don't write to this file", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What doesn't fit.
        why: String,
    },
}

/// SQLite's result codes (sqlite.org/rescode.html) that say that there is no room: `SQLITE_FULL`, and
/// `SQLITE_IOERR_SHMSIZE`, which is how the shared-memory file beside a WAL says it.
const FULL: [&str; 2] = ["13", "4874"];

/// Whether the error says that there is no room.
pub(crate) fn is_full(why: &sqlx::Error) -> bool {
    why.as_database_error().and_then(|why| why.code()).is_some_and(|code| FULL.contains(&code.as_ref()))
}

/// Of a group that was certainly not written.
pub(crate) fn not_written(why: &Failure) -> CommitError {
    match why {
        Failure::Full(why) => CommitError::Full { why: why.clone() },
        Failure::Other(why) => CommitError::Unavailable { why: why.clone() },
    }
}

/// A group that failed.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Full(String),
    Other(String),
}

impl From<sqlx::Error> for Failure {
    fn from(why: sqlx::Error) -> Self {
        if is_full(&why) { Self::Full(why.to_string()) } else { Self::Other(why.to_string()) }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full(why) | Self::Other(why) => f.write_str(why),
        }
    }
}

pub(crate) fn unreadable(why: sqlx::Error) -> ReadError {
    ReadError::Unavailable { why: why.to_string() }
}
