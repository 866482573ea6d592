//! What can go wrong before and while serving.

use std::net::SocketAddr;

/// Why the server doesn't serve.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Bound to an address that others can reach.
    #[error(
        "the server would listen on {0}, which others can reach, and nobody can sign in yet\n\
         hint: listen on 127.0.0.1 or [::1], and put an SSH tunnel in front"
    )]
    NotLoopback(SocketAddr),
    /// A token that could be guessed.
    #[error(
        "the {what} has {len} characters; at least {min} are needed\nhint: make it with `server::fresh_token`"
    )]
    WeakToken {
        /// Which one.
        what: &'static str,
        /// How long it is.
        len: usize,
        /// How long it has to be.
        min: usize,
    },
    /// The address by which browsers are said to reach us can't be that.
    #[error(
        "{0:?} is no address by which browsers reach this server\nhint: https:// and a name, nothing after it; or \
         http://127.0.0.1 with the port on which it listens"
    )]
    Origin(String),
    /// The socket can't be used.
    #[error("the listening socket can't be used: {0}")]
    Listener(#[source] std::io::Error),
    /// No randomness.
    #[error("the machine gives no randomness, and tokens need it: {0}")]
    Entropy(#[source] std::io::Error),
}
