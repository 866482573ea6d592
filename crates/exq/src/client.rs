//! The command line's way to the server: its own HTTP API, with the token that only this host's user can read.

use std::time::Duration;

use anyhow::{Context, bail};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

/// A connection to a running `exq serve`.
pub struct Api {
    http: reqwest::Client,
    base: String,
    token: SecretString,
}

impl Api {
    /// The server at `base`, `http://127.0.0.1:8470`.
    pub fn new(base: String, token: SecretString) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), token })
    }

    /// The bytes at a path below `/api/v1/`.
    pub async fn bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let url = format!("{}/api/v1/{path}", self.base);
        let answer = self
            .http
            .get(&url)
            .bearer_auth(self.token.expose_secret())
            .send()
            .await
            .with_context(|| format!("{} doesn't answer\nhint: is `exq serve` running?", self.base))?;
        let status = answer.status();
        let body = answer.bytes().await.context("the answer broke off")?;
        if status.is_success() {
            return Ok(body.to_vec());
        }
        let error: Value = serde_json::from_slice(&body).unwrap_or_default();
        let text =
            |key: &str| error.pointer(&format!("/error/{key}")).and_then(Value::as_str).map(str::to_owned);
        let hint = text("hint").map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        bail!("{}{hint}", text("message").unwrap_or_else(|| format!("the server answered {status}")));
    }

    /// The JSON at a path below `/api/v1/`.
    pub async fn json(&self, path: &str) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.bytes(path).await?).context("the server's answer is no JSON")
    }
}
