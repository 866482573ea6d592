//! The client.

use std::sync::Arc;

use secrecy::SecretString;
use url::Url;

use crate::http::Transport;
use crate::{ClientConfig, Result};

/// A client of one Gerrit server, as one account. Cheap to clone: clones share the kept connections.
///
/// Calls are grouped by what they are about: see the `impl` blocks.
#[derive(Clone)]
pub struct Client {
    pub(crate) transport: Arc<Transport>,
}

impl Client {
    /// Makes a client; nothing is sent.
    ///
    /// # Errors
    /// [`Error::BaseUrl`](crate::Error::BaseUrl), [`Error::Unusable`](crate::Error::Unusable) for a user name or
    /// token that fits in no header, [`Error::Setup`](crate::Error::Setup).
    pub fn new(config: &ClientConfig) -> Result<Self> {
        Ok(Self { transport: Arc::new(Transport::new(config)?) })
    }

    /// The same server and connections, other credentials: for a token that was rotated.
    ///
    /// # Errors
    /// [`Error::Unusable`](crate::Error::Unusable) for a user name or token that fits in no header.
    pub fn with_credentials(&self, user: &str, token: &SecretString) -> Result<Self> {
        Ok(Self { transport: Arc::new(self.transport.with_credentials(user, token)?) })
    }

    /// The server's root, with a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &Url {
        self.transport.base()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("base_url", &self.base_url().as_str()).finish_non_exhaustive()
    }
}
