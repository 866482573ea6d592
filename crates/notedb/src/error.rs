//! Why a history could not be had.

use crate::{ObjectId, ReadError};

/// A history, or an object of it, that does not parse. Says where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("commit {commit}, line {line}: {reason}")]
pub struct ParseError {
    /// The commit in which it was found.
    pub commit: ObjectId,
    /// The line of the whole commit object, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

impl ParseError {
    pub(crate) fn new(commit: ObjectId, line: usize, reason: impl Into<String>) -> Self {
        Self { commit, line, reason: reason.into() }
    }
}

/// Reading a history failed: it does not parse, or the store could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// What is there is no history.
    #[error(transparent)]
    Malformed(#[from] ParseError),
    /// The store could not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
}
