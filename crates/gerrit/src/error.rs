//! What can go wrong, and what a caller may do about it.

/// Why a call to Gerrit gave no answer that we can use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configured address can't be used.
    #[error(
        "{url:?} can't be the address of Gerrit: {why}\nhint: give the address of the server's root, such as https://review.example.com/"
    )]
    BaseUrl {
        /// What was configured.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// A name or value that can't be put in a request.
    #[error("{what} can't be used: {name:?}")]
    Unusable {
        /// What kind of thing.
        what: String,
        /// The thing, shortened.
        name: String,
    },
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be set up: {why}")]
    Setup {
        /// What the library said.
        why: String,
    },
    /// No connection: nothing was asked.
    #[error("Gerrit can't be reached ({what}): {why}")]
    Unreachable {
        /// The request, without its query.
        what: String,
        /// What the network said.
        why: String,
    },
    /// No whole answer in time.
    #[error("Gerrit did not answer in time ({what})")]
    Timeout {
        /// The request.
        what: String,
        /// True for a request that writes: it may have been done.
        may_have_acted: bool,
    },
    /// The answer broke off.
    #[error("the answer broke off ({what}): {why}")]
    Interrupted {
        /// The request.
        what: String,
        /// What the network said.
        why: String,
        /// True for a request that writes: it may have been done.
        may_have_acted: bool,
    },
    /// 429, 500, 502, 503, 504.
    #[error("Gerrit is not able to answer just now ({what}): status {status}{}", said(.message))]
    Unavailable {
        /// The request.
        what: String,
        /// The HTTP status.
        status: u16,
        /// What it said, shortened; empty for an HTML page.
        message: String,
        /// Seconds that it asked us to wait (`Retry-After`).
        retry_after_s: Option<u64>,
        /// True for a request that writes: it may have been done.
        may_have_acted: bool,
    },
    /// 401.
    #[error(
        "Gerrit refused our credentials ({what})\nhint: the token of this account is wrong, expired or revoked, or the account is inactive"
    )]
    Unauthorized {
        /// The request.
        what: String,
    },
    /// 403.
    #[error("Gerrit does not allow it ({what}): {message}")]
    Forbidden {
        /// The request.
        what: String,
        /// Gerrit's reason, such as `submit not permitted`.
        message: String,
    },
    /// 404: not there, not visible, private or deleted; Gerrit doesn't tell which.
    #[error("not found, or not visible to us: {what}")]
    NotFound {
        /// The request.
        what: String,
    },
    /// 409: the state does not allow it, or something is there already.
    #[error("Gerrit refused because of the state of things ({what}): {message}")]
    Conflict {
        /// The request.
        what: String,
        /// Gerrit's reason.
        message: String,
    },
    /// 412: the meta revision that was named is not (or no longer) part of the change's history.
    #[error("the meta revision is not part of this change's history ({what}): {message}")]
    NotReachable {
        /// The request.
        what: String,
        /// Gerrit's reason.
        message: String,
    },
    /// Any other status that is no success.
    #[error("Gerrit refused the request ({what}): status {status}{}", said(.message))]
    Rejected {
        /// The request.
        what: String,
        /// The HTTP status.
        status: u16,
        /// Gerrit's reason, shortened; empty for an HTML page.
        message: String,
    },
    /// 3xx. We follow none: credentials go only where they were meant to go.
    #[error(
        "the server sent us elsewhere ({what}): status {status}, to {location:?}\nhint: set the address to the one that Gerrit itself uses; a login page in between can't be passed"
    )]
    Redirected {
        /// The request.
        what: String,
        /// The HTTP status.
        status: u16,
        /// Where to, shortened.
        location: String,
    },
    /// A success whose body isn't Gerrit's JSON.
    #[error(
        "the answer is not Gerrit's JSON ({what}): it is {content_type:?} and begins {excerpt:?}\nhint: a proxy or a login page may answer in Gerrit's place, or the address lacks a path"
    )]
    NotGerrit {
        /// The request.
        what: String,
        /// Its `Content-Type`, shortened.
        content_type: String,
        /// Its beginning, shortened and cleaned.
        excerpt: String,
    },
    /// Gerrit's JSON, but not of the shape that we know.
    #[error("the answer has an unexpected shape ({what}): {why}")]
    Shape {
        /// The request.
        what: String,
        /// Where and what.
        why: String,
    },
    /// More than we take.
    #[error(
        "the answer is larger than {limit} bytes ({what})\nhint: ask for less at a time, or raise the limit"
    )]
    TooLarge {
        /// The request.
        what: String,
        /// The limit, in bytes (or refs, for `ls-refs`).
        limit: u64,
    },
    /// Gerrit answered 200, but did not store the votes that were sent (it drops unknown labels and values silently).
    #[error("Gerrit did not take the vote {label}: sent {sent}, stored {stored}")]
    VoteDropped {
        /// The label.
        label: String,
        /// The value that was sent.
        sent: i32,
        /// What the answer says is stored: a value, or `nothing`.
        stored: String,
    },
    /// Something that was asked for over git is not there (any more), or not visible to us: read again where it is.
    #[error("the server does not (or no longer) have it ({what}): {why}")]
    Gone {
        /// The request.
        what: String,
        /// What the server said.
        why: String,
    },
    /// The git protocol was broken, or a pack is not what it should be.
    #[error("git over HTTP failed ({what}): {why}")]
    Git {
        /// The request or repository.
        what: String,
        /// What is wrong.
        why: String,
    },
    /// The local mirror can't be read or written.
    #[error(
        "the mirror at {path} can't be used: {why}\nhint: a mirror holds only copies: it may be deleted and is fetched again"
    )]
    Mirror {
        /// Where it lies.
        path: String,
        /// What is wrong.
        why: String,
    },
}

/// What a caller may do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Nothing was done: ask again later.
    Retry,
    /// It may have been done: look before asking again.
    Unsettled,
    /// It is not there, or not visible to us.
    NotFound,
    /// Our credentials or rights don't allow it: a person has to act.
    Denied,
    /// The state of the server does not allow it (any more): read again.
    Conflict,
    /// It will not work however often it is asked.
    Permanent,
}

impl Error {
    /// What may be done about it.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Unreachable { .. } => Class::Retry,
            Self::Timeout { may_have_acted, .. }
            | Self::Interrupted { may_have_acted, .. }
            | Self::Unavailable { may_have_acted, .. } => {
                if *may_have_acted {
                    Class::Unsettled
                } else {
                    Class::Retry
                }
            }
            Self::NotFound { .. } => Class::NotFound,
            Self::Unauthorized { .. } | Self::Forbidden { .. } => Class::Denied,
            Self::Conflict { .. } | Self::NotReachable { .. } | Self::Gone { .. } => Class::Conflict,
            Self::BaseUrl { .. }
            | Self::Unusable { .. }
            | Self::Setup { .. }
            | Self::Rejected { .. }
            | Self::Redirected { .. }
            | Self::NotGerrit { .. }
            | Self::Shape { .. }
            | Self::TooLarge { .. }
            | Self::VoteDropped { .. }
            | Self::Git { .. }
            | Self::Mirror { .. } => Class::Permanent,
        }
    }

    /// True if nothing was done and asking again later may work.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self.class(), Class::Retry)
    }

    /// True for 404.
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}

fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(", {message}") }
}
