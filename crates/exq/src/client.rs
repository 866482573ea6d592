//! The command line's way to the server: its own HTTP API, with the token that only this host's user can read.

use std::time::Duration;

use anyhow::{Context, bail};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

/// A connection to a running `exq serve`.
pub struct Api {
    http: reqwest::Client,
    base: String,
    token: Option<SecretString>,
}

impl Api {
    /// The server at `base`, `http://127.0.0.1:8470`.
    pub fn new(base: String, token: SecretString) -> anyhow::Result<Self> {
        Ok(Self { token: Some(token), ..Self::anonymous(base)? })
    }

    /// The same, as nobody: for signing in.
    pub fn anonymous(base: String) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), token: None })
    }

    /// The bytes at a path below `/api/v1/`.
    pub async fn bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let url = format!("{}/api/v1/{path}", self.base);
        self.send(self.http.get(&url)).await
    }

    /// Posts JSON to a path below `/api/v1/`; null for an answer without a body.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let url = format!("{}/api/v1/{path}", self.base);
        let answer = self.send(self.http.post(&url).json(body)).await?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer).context("the server's answer is no JSON")
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Vec<u8>> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        };
        let answer = request
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
