//! What doesn't hold.

/// What doesn't hold in a bundle.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProofError {
    /// Something isn't written in the one way in which it is written.
    #[error("{what}: not as docs/BUNDLE.md says: {why}")]
    Format {
        /// What.
        what: String,
        /// Why not.
        why: String,
    },
    /// The ledger's signature, an inclusion or the order of entries doesn't hold.
    #[error("the ledger: {0}")]
    Ledger(String),
    /// Something that has to be there isn't.
    #[error("{0} is missing")]
    Missing(String),
    /// Two things that have to be the same are not.
    #[error("{what}: {here} is not {there}")]
    Differs {
        /// What.
        what: String,
        /// What one says.
        here: String,
        /// What the other says.
        there: String,
    },
    /// Deriving it again gives something else.
    #[error("deriving {what} again gives something else: {why}")]
    Rederived {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
    /// There is something that nothing in the bundle refers to.
    #[error("{0} is not referred to by anything: it proves nothing, and doesn't belong here")]
    Stray(String),
}

impl ProofError {
    pub(crate) fn format(what: impl Into<String>, why: impl ToString) -> Self {
        Self::Format { what: what.into(), why: why.to_string() }
    }

    pub(crate) fn rederived(what: impl Into<String>, why: impl ToString) -> Self {
        Self::Rederived { what: what.into(), why: why.to_string() }
    }

    pub(crate) fn missing(what: impl Into<String>) -> Self {
        Self::Missing(what.into())
    }
}

/// Refuses two things that aren't the same.
pub(crate) fn same<T: PartialEq + ToString + ?Sized>(
    what: &str,
    here: &T,
    there: &T,
) -> Result<(), ProofError> {
    if here == there {
        return Ok(());
    }
    Err(ProofError::Differs { what: what.to_owned(), here: here.to_string(), there: there.to_string() })
}
