//! REST as an administrator, or as anybody: enough to provision and to act in tests.

use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::Value;

use crate::Error;

/// One account on one server.
#[derive(Debug, Clone)]
pub struct Admin {
    http: Client,
    url: String,
    user: String,
    password: String,
}

impl Admin {
    /// At `url` (the server's root), with HTTP Basic.
    #[must_use]
    pub fn new(url: &str, user: &str, password: &str) -> Self {
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .no_proxy()
            .build()
            .unwrap_or_default();
        Self {
            http,
            url: format!("{}/", url.trim_end_matches('/')),
            user: user.into(),
            password: password.into(),
        }
    }

    /// The same server, as somebody else.
    #[must_use]
    pub fn user(&self, user: &str, password: &str) -> Self {
        Self { user: user.into(), password: password.into(), ..self.clone() }
    }

    /// True if the server answers at all.
    pub(crate) async fn answers(&self) -> bool {
        let request =
            self.http.get(format!("{}config/server/version", self.url)).timeout(Duration::from_secs(2));
        request.send().await.is_ok_and(|response| response.status().is_success())
    }

    /// One request to `a/<path>` (encoded by the caller). Gives status and body; JSON is parsed, text is a string.
    ///
    /// # Errors
    /// No answer.
    pub async fn try_call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), Error> {
        let request = format!("{method} {path}");
        let failed = |error: reqwest::Error| Error::Rest { request: request.clone(), why: error.to_string() };
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|error| Error::Rest { request: request.clone(), why: error.to_string() })?;
        let mut call = self
            .http
            .request(method, format!("{}a/{path}", self.url))
            .basic_auth(&self.user, Some(&self.password));
        if let Some(body) = body {
            call = call.json(body);
        }
        let response = call.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(failed)?;
        let value = text.strip_prefix(")]}'").and_then(|json| serde_json::from_str(json).ok());
        Ok((status, value.unwrap_or(Value::String(text))))
    }

    /// As [`try_call`](Self::try_call), but anything other than success is an error.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let (status, value) = self.try_call(method, path, body).await?;
        if (200..300).contains(&status) {
            return Ok(value);
        }
        Err(Error::Rest { request: format!("{method} {path}"), why: format!("status {status}: {value}") })
    }

    /// As [`call`](Self::call); a 409, which says that it is there already, is success too.
    pub(crate) async fn ensure(&self, method: &str, path: &str, body: &Value) -> Result<(), Error> {
        let (status, value) = self.try_call(method, path, Some(body)).await?;
        if (200..300).contains(&status) || status == 409 {
            return Ok(());
        }
        Err(Error::Rest { request: format!("{method} {path}"), why: format!("status {status}: {value}") })
    }
}
