//! The server itself (`rest-api-config.html`).

use crate::http::Call;
use crate::info::ServerInfo;
use crate::{Answer, Client, Result};

/// The server.
impl Client {
    /// Its version, such as `3.13.5`. Some builds call themselves `(dev)`: don't choose features by it.
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn version(&self) -> Result<Answer<String>> {
        self.transport.json(Call::get(&["config", "server", "version"])?).await
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn server_info(&self) -> Result<Answer<ServerInfo>> {
        self.transport.json(Call::get(&["config", "server", "info"])?).await
    }
}
