//! Why a case can't be decided. None of these is a no: nothing was decided.

/// Why a case can't be decided.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// Something that the case names isn't there.
    #[error("{what} is missing")]
    Missing {
        /// What.
        what: String,
    },
    /// An answer of Gerrit that isn't what it should be.
    #[error("Gerrit's answer about {what} can't be used: {why}")]
    Answer {
        /// About what.
        what: String,
        /// Why not.
        why: String,
    },
    /// Git objects couldn't be read.
    #[error(transparent)]
    Git(#[from] notedb::ReadError),
    /// The range can't be judged at all.
    #[error(transparent)]
    Range(#[from] evidence::RangeError),
    /// A case, or what is handed in with it, that speaks of two things at once. It is a mistake of whoever made it.
    #[error("the case contradicts itself: {0}")]
    Contradiction(String),
    /// The configuration can't be used.
    #[error("the configuration at {commit} can't be used: {why}")]
    Configuration {
        /// The commit.
        commit: model::Revision,
        /// Why not.
        why: String,
    },
    /// A value that can't be written.
    #[error("can't be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}
