//! What a client is told when something is not done: a status and one line of text, in Gerrit's words.

use crate::git::GitError;

/// A refusal. Gerrit answers all of them as `text/plain`.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Refusal {
    fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self::new(400, text)
    }

    pub(crate) fn forbidden(text: impl Into<String>) -> Self {
        Self::new(403, text)
    }

    /// Of a thing that has a name: not there and not visible look the same.
    pub(crate) fn not_found(id: &str) -> Self {
        Self::new(404, format!("Not found: {id}"))
    }

    pub(crate) fn absent(text: impl Into<String>) -> Self {
        Self::new(404, text)
    }

    pub(crate) fn not_allowed(text: impl Into<String>) -> Self {
        Self::new(405, text)
    }

    pub(crate) fn conflict(text: impl Into<String>) -> Self {
        Self::new(409, text)
    }

    pub(crate) fn stale(text: impl Into<String>) -> Self {
        Self::new(412, text)
    }

    pub(crate) fn unprocessable(text: impl Into<String>) -> Self {
        Self::new(422, text)
    }

    pub(crate) fn internal(why: &dyn std::fmt::Display) -> Self {
        tracing::error!("internal error: {why}");
        Self::new(500, "Internal server error")
    }
}

impl From<GitError> for Refusal {
    fn from(error: GitError) -> Self {
        Self::internal(&error)
    }
}
