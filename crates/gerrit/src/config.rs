//! What a client must be told.

use std::time::Duration;

use secrecy::SecretString;

/// Where Gerrit is, and who we are there.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The address of the server's root, as people use it (`https://review.example.com/` or with a path under which
    /// Gerrit lives). Requests go to `<base_url>a/…`.
    pub base_url: String,
    /// The user name of the account.
    pub user: String,
    /// An authentication token of that account (or its HTTP password); sent as HTTP Basic on each request.
    pub token: SecretString,
    /// How long we wait.
    pub timeouts: Timeouts,
    /// How much we take.
    pub limits: Limits,
}

impl ClientConfig {
    /// With the default timeouts and limits.
    pub fn new(base_url: impl Into<String>, user: impl Into<String>, token: SecretString) -> Self {
        Self {
            base_url: base_url.into(),
            user: user.into(),
            token,
            timeouts: Timeouts::default(),
            limits: Limits::default(),
        }
    }
}

/// How long we wait before a request counts as failed.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For the connection to stand. Default 5 s.
    pub connect: Duration,
    /// For a read or a vote to be answered whole. Default 30 s.
    pub request: Duration,
    /// For a fetch over git to be answered whole; the first one of a large project is big. Default 10 min.
    pub fetch: Duration,
    /// Between two pieces of any answer. Default 30 s.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(30),
            fetch: Duration::from_secs(600),
            idle: Duration::from_secs(30),
        }
    }
}

/// How much we take from a server. Beyond it the answer is [`Error::TooLarge`](crate::Error::TooLarge).
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one REST answer, after content decoding. Default 16 MiB.
    pub body_bytes: usize,
    /// Bytes of one pack. Default 4 GiB.
    pub pack_bytes: u64,
    /// Bytes of one pack that we hold in memory; a larger one is spooled to an unnamed file. Default 8 MiB.
    pub pack_memory_bytes: usize,
    /// Refs in one answer of `ls-refs`. Default 2,000,000.
    pub refs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 16 << 20, pack_bytes: 4 << 30, pack_memory_bytes: 8 << 20, refs: 2_000_000 }
    }
}
