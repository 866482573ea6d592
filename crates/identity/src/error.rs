//! What can go wrong: the provider is away, a token is refused, a sign-in isn't the one that we began, the store.

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why somebody isn't known to us.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration can't work.
    #[error("{what}: {why}")]
    Config {
        /// Which setting.
        what: &'static str,
        /// Why not, and what helps.
        why: String,
    },
    /// The provider doesn't answer.
    #[error("{what}: the identity provider doesn't answer: {why}")]
    Unreachable {
        /// What was asked.
        what: &'static str,
        /// What the network said.
        why: String,
    },
    /// The provider answers with an error, or with something that isn't what the protocol says.
    #[error("{what}: the identity provider's answer can't be used: {why}")]
    Answer {
        /// What was asked.
        what: &'static str,
        /// What is wrong with the answer.
        why: String,
    },
    /// An answer over the limit.
    #[error("{what}: the identity provider's answer has more than {limit} bytes")]
    TooLarge {
        /// What was asked.
        what: &'static str,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The discovery document speaks of another issuer than the one that is pinned.
    #[error(
        "the identity provider calls itself {found:?}, and {pinned:?} is pinned\n\
         hint: write the issuer exactly as the provider does; for Entra, the tenant's own, not `common`"
    )]
    OtherIssuer {
        /// The issuer of the configuration.
        pinned: String,
        /// What the provider says.
        found: String,
    },
    /// A token was refused.
    #[error("the token is refused: {0}")]
    Refused(#[from] Refusal),
    /// No sign-in of this browser waits for this answer: used, too old, begun by somebody else, or never begun.
    #[error("no sign-in that was begun in this browser waits for this answer\nhint: begin again")]
    NotBegun,
    /// The provider says no.
    #[error("the identity provider says {code}{}", text.as_deref().map(|t| format!(": {t}")).unwrap_or_default())]
    Denied {
        /// Its error code (RFC 6749, section 4.1.2.1 and 5.2).
        code: String,
        /// Its words.
        text: Option<String>,
    },
    /// The answer came from another issuer than the one that was asked (RFC 9207).
    #[error("the answer comes from another issuer than the one that was asked")]
    MixedUp,
    /// Too many sign-ins or sessions at once.
    #[error("too many {0} at once\nhint: try again in a few minutes")]
    Busy(&'static str),
    /// The provider can't do what was asked.
    #[error("the identity provider offers no {0}")]
    Unsupported(&'static str),
    /// The store can't be read or written: a sign-in that can't be recorded doesn't take place.
    #[error("the session can't be recorded: {0}")]
    Store(String),
    /// No randomness.
    #[error("the machine gives no randomness: {0}")]
    Entropy(#[source] std::io::Error),
}

/// Why a token is refused. Nothing of the token is repeated here: it may hold anything.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // the message says it
pub enum Refusal {
    #[error("it has more than {limit} bytes")]
    TooLong { limit: usize },
    #[error("it isn't a signed JWT: {0}")]
    Malformed(&'static str),
    #[error("its algorithm is none that is allowed")]
    Algorithm,
    #[error("it isn't of the kind that is taken here")]
    Kind,
    #[error("no key of the issuer is the one that it names")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("it lacks the claim {0}, or that has the wrong shape")]
    Claim(&'static str),
    #[error("it is from another issuer")]
    Issuer,
    #[error("it is for another audience")]
    Audience,
    #[error("it was given to another client")]
    AuthorizedParty,
    #[error("it has expired")]
    Expired,
    #[error("it is from the future")]
    FromTheFuture,
    #[error("it was made too long ago")]
    TooOld,
    #[error("its nonce isn't the one of this sign-in")]
    Nonce,
    #[error("the sign-in behind it isn't fresh: the provider didn't ask the person again")]
    NotFresh,
    #[error("it is about somebody else")]
    OtherSubject,
    #[error("it was given to somebody who acts for that person: that is no person's sign-in")]
    Delegated,
    #[error("it lists more than {limit} groups\nhint: let the provider send only those that roles speak of")]
    TooManyGroups { limit: usize },
    #[error("no rule's conditions hold for it")]
    NoRule,
}

impl From<store::CommitError> for Error {
    fn from(why: store::CommitError) -> Self {
        Self::Store(why.to_string())
    }
}

impl From<store::ReadError> for Error {
    fn from(why: store::ReadError) -> Self {
        Self::Store(why.to_string())
    }
}

impl From<store::Invalid> for Error {
    fn from(why: store::Invalid) -> Self {
        Self::Store(why.to_string())
    }
}
