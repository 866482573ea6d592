//! What the server is told at start.

use secrecy::SecretString;

use crate::SignIn;

/// What the caller decides.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// What `Authorization: Bearer …` of the command line has to be. At least 32 characters; see [`crate::fresh_token`].
    pub cli_token: SecretString,
    /// Opens the first session, once; printed by the caller as [`crate::open_url`]. At least 32 characters.
    pub open_token: SecretString,
    /// Names, with their port, by which the server may be called besides `localhost:P`, `127.0.0.1:P` and `[::1]:P`.
    /// Empty by default: a name that is not listed is refused, so that no web page can point its own name at us.
    pub allowed_hosts: Vec<String>,
    /// How people sign in. None: nobody does, and a one-time token opens a browser's session.
    pub sign_in: Option<SignIn>,
    /// How readers name the ledger's public key in `exq verify BUNDLE --key …`. Default `ledger.pub`.
    pub verify_key: String,
    /// A limit on everything.
    pub limits: Limits,
}

impl ServerConfig {
    /// With defaults for everything but the two tokens.
    #[must_use]
    pub fn new(cli_token: SecretString, open_token: SecretString) -> Self {
        Self {
            cli_token,
            open_token,
            allowed_hosts: Vec::new(),
            sign_in: None,
            verify_key: "ledger.pub".to_owned(),
            limits: Limits::default(),
        }
    }
}

/// Limits; the defaults suit one team's server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once. Default 512.
    pub connections: usize,
    /// Requests at once, hooks apart. Default 128.
    pub requests: usize,
    /// Hooks at once: a lane of their own, so that neither starves the other. Default 128.
    pub hooks: usize,
    /// Live streams at once. Default 64.
    pub streams: usize,
    /// A hook's body, in bytes. Default 256 KiB.
    pub hook_body_bytes: usize,
    /// Any other body, in bytes. Default 16 KiB.
    pub body_bytes: usize,
    /// For a request's head to arrive. Default 10 s.
    pub head_timeout_ms: u64,
    /// For a hook's body to arrive. Default 10 s.
    pub hook_read_timeout_ms: u64,
    /// For an answer to be made. Default 30 s.
    pub request_timeout_ms: u64,
    /// For open requests to end after the shutdown began. Default 5 s.
    pub drain_timeout_ms: u64,
    /// Between two signs of life on a stream; the session is checked again at each. Default 15 s.
    pub heartbeat_ms: u64,
    /// Changes that come closer together are shown as one. Default 200 ms.
    pub settle_ms: u64,
    /// Sessions at once; the one idle longest makes room. Default 64.
    pub sessions: usize,
    /// A session that is not used ends after this. Default 2 h.
    pub session_idle_ms: i64,
    /// Every session ends after this. Default 12 h.
    pub session_absolute_ms: i64,
    /// A one-time token is good for this long. Default 1 h.
    pub open_token_ms: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            requests: 128,
            hooks: 128,
            streams: 64,
            hook_body_bytes: 256 * 1024,
            body_bytes: 16 * 1024,
            head_timeout_ms: 10_000,
            hook_read_timeout_ms: 10_000,
            request_timeout_ms: 30_000,
            drain_timeout_ms: 5_000,
            heartbeat_ms: 15_000,
            settle_ms: 200,
            sessions: 64,
            session_idle_ms: 2 * 60 * 60 * 1000,
            session_absolute_ms: 12 * 60 * 60 * 1000,
            open_token_ms: 60 * 60 * 1000,
        }
    }
}
