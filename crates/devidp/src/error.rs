//! What can go wrong.

/// Why the issuer, or a browser before it, can't do what a test asks.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The socket.
    #[error("the issuer can't listen on loopback: {0}")]
    Listen(#[source] std::io::Error),
    /// A key can't be made, or doesn't sign.
    #[error("a key can't be used: {0}")]
    Key(&'static str),
    /// No randomness.
    #[error("the machine gives no randomness: {0}")]
    Entropy(#[source] std::io::Error),
    /// There is no such person or client.
    #[error("there is no {0}")]
    Unknown(String),
    /// A request of the browser failed.
    #[error("{what}: {why}")]
    Browser {
        /// What it did.
        what: &'static str,
        /// What came.
        why: String,
    },
}
