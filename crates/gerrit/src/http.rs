//! One request, one answer: limits, timeouts, no redirects, and every odd answer named.

use std::time::Instant;

use base64::Engine as _;
use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::answer::without_prefix;
use crate::encode::{Path, clean, encode, shorten};
use crate::{Answer, ClientConfig, Error, Limits, Result, Time, Timeouts};

const MESSAGE_CHARS: usize = 500;
const ERROR_BODY_BYTES: usize = 64 << 10;

/// The kept connections, the address and the credentials.
pub(crate) struct Transport {
    http: reqwest::Client,
    base: Url,
    authorization: HeaderValue,
    pub(crate) timeouts: Timeouts,
    pub(crate) limits: Limits,
}

/// A request before it is sent.
pub(crate) struct Call {
    method: Method,
    path: Path,
    query: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
    /// A POST that only asks (`check.submit_requirement`) is a read.
    writes: bool,
}

impl Call {
    pub(crate) fn get(segments: &[&str]) -> Result<Self> {
        Self::new(Method::GET, segments)
    }

    pub(crate) fn new(method: Method, segments: &[&str]) -> Result<Self> {
        let writes = method != Method::GET;
        Ok(Self { method, path: Path::new(segments)?, query: Vec::new(), body: None, writes })
    }

    pub(crate) fn query(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    /// A key without a value, such as `recursive`.
    pub(crate) fn flag(self, key: &'static str) -> Self {
        self.query(key, "")
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(|error| Error::Unusable {
            what: "the request's content".into(),
            name: error.to_string(),
        })?;
        self.body = Some(body);
        Ok(self)
    }

    /// Method and path, for messages: never the query, never the body.
    fn what(&self) -> String {
        format!("{} {}", self.method, self.path.as_str())
    }
}

/// A success that was read whole.
pub(crate) struct Read {
    pub(crate) what: String,
    pub(crate) body: Bytes,
    pub(crate) date: Option<Time>,
    pub(crate) trace: Option<String>,
    content_type: String,
}

impl Transport {
    pub(crate) fn new(config: &ClientConfig) -> Result<Self> {
        let bad = |why: &str| Error::BaseUrl { url: shorten(&config.base_url), why: why.into() };
        let mut base = Url::parse(&config.base_url).map_err(|error| bad(&error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(bad("it must begin with https:// or http://"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(bad("it must have no query and no fragment"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(bad("credentials don't belong in an address"));
        }
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(config.timeouts.connect)
            .read_timeout(config.timeouts.idle)
            .tcp_nodelay(true)
            .user_agent(concat!("exequatur-gerrit/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::Setup { why: error.to_string() })?;
        Ok(Self {
            http,
            base,
            authorization: basic(&config.user, &config.token)?,
            timeouts: config.timeouts,
            limits: config.limits,
        })
    }

    /// The same connections with other credentials: a rotated token needs no new connection.
    pub(crate) fn with_credentials(&self, user: &str, token: &SecretString) -> Result<Self> {
        Ok(Self {
            http: self.http.clone(),
            base: self.base.clone(),
            authorization: basic(user, token)?,
            timeouts: self.timeouts,
            limits: self.limits,
        })
    }

    pub(crate) const fn base(&self) -> &Url {
        &self.base
    }

    /// Starts a request to `<base>a/<path>`.
    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&'static str, String)],
    ) -> Result<RequestBuilder> {
        let mut address = format!("{}a/{path}", self.base);
        for (index, (key, value)) in query.iter().enumerate() {
            address.push(if index == 0 { '?' } else { '&' });
            address.push_str(key);
            if !value.is_empty() {
                address.push('=');
                address.push_str(&encode(value));
            }
        }
        let url = Url::parse(&address)
            .map_err(|error| Error::Unusable { what: "an address".into(), name: error.to_string() })?;
        Ok(self.http.request(method, url).header(AUTHORIZATION, self.authorization.clone()))
    }

    /// JSON in Gerrit's dress.
    pub(crate) async fn json<T: DeserializeOwned>(&self, call: Call) -> Result<Answer<T>> {
        let read = self.send(call).await?;
        let Some(json) = without_prefix(&read.body) else {
            return Err(not_gerrit(read.what, &read.content_type, &read.body));
        };
        let value = serde_json::from_slice(json)
            .map_err(|error| Error::Shape { what: read.what, why: error.to_string() })?;
        Ok(Answer { value, raw: read.body, date: read.date, trace: read.trace })
    }

    /// A success whose content does not matter (204, or JSON that nobody needs).
    pub(crate) async fn done(&self, call: Call) -> Result<Answer<()>> {
        let read = self.send(call).await?;
        Ok(Answer { value: (), raw: read.body, date: read.date, trace: read.trace })
    }

    /// Any success, read whole.
    pub(crate) async fn send(&self, call: Call) -> Result<Read> {
        let (what, writes) = (call.what(), call.writes);
        let mut request =
            self.request(call.method, call.path.as_str(), &call.query)?.timeout(self.timeouts.request);
        if let Some(body) = call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let started = Instant::now();
        let response = request.send().await.map_err(|error| network(&what, &error, writes))?;
        let status = response.status();
        let date = header(response.headers(), DATE.as_str()).and_then(|text| Time::parse_http(&text));
        let trace = header(response.headers(), "x-gerrit-trace").map(|text| shorten(&text));
        let content_type = header(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
        tracing::debug!(
            what,
            status = status.as_u16(),
            gerrit_trace = trace.as_deref().unwrap_or(""),
            elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "gerrit answered"
        );
        if !status.is_success() {
            return Err(refusal(what, response, writes).await);
        }
        let body = read_body(response, &what, self.limits.body_bytes, writes).await?;
        Ok(Read { what, body, date, trace, content_type })
    }
}

fn basic(user: &str, token: &SecretString) -> Result<HeaderValue> {
    if user.is_empty() || user.contains(':') || user.chars().any(char::is_control) {
        return Err(Error::Unusable { what: "a user name".into(), name: shorten(user) });
    }
    let pair = zeroize::Zeroizing::new(format!("{user}:{}", token.expose_secret()));
    let value = zeroize::Zeroizing::new(format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair.as_bytes())
    ));
    let mut header = HeaderValue::from_str(&value)
        .map_err(|_| Error::Unusable { what: "a token".into(), name: "(hidden)".into() })?;
    header.set_sensitive(true);
    Ok(header)
}

pub(crate) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Names what the network did.
pub(crate) fn network(what: &str, error: &reqwest::Error, writes: bool) -> Error {
    // The library's texts contain the whole address; ours must not (queries hold mail addresses).
    let mut why = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        why = inner.to_string();
        source = inner.source();
    }
    let (what, why) = (what.to_owned(), clean(&why, MESSAGE_CHARS));
    if error.is_connect() {
        Error::Unreachable { what, why }
    } else if error.is_timeout() {
        Error::Timeout { what, may_have_acted: writes }
    } else {
        Error::Interrupted { what, why, may_have_acted: writes }
    }
}

/// Reads at most `limit` bytes.
async fn read_body(mut response: Response, what: &str, limit: usize, writes: bool) -> Result<Bytes> {
    let too_large = || Error::TooLarge { what: what.to_owned(), limit: limit as u64 };
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| network(what, &error, writes))? {
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Names an answer that is no success.
pub(crate) async fn refusal(what: String, response: Response, writes: bool) -> Error {
    let status = response.status();
    let location = header(response.headers(), LOCATION.as_str()).unwrap_or_default();
    let retry_after_s = header(response.headers(), RETRY_AFTER.as_str()).and_then(|text| text.parse().ok());
    let content_type = header(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
    // What an error says is only for people: if it can't be read, the status still counts.
    let body = read_body(response, &what, ERROR_BODY_BYTES, writes).await.unwrap_or_default();
    let message = if content_type.starts_with("text/html") {
        String::new()
    } else {
        clean(String::from_utf8_lossy(&body).trim(), MESSAGE_CHARS)
    };
    match status {
        status if status.is_redirection() => {
            Error::Redirected { what, status: status.as_u16(), location: clean(&location, 200) }
        }
        StatusCode::UNAUTHORIZED => Error::Unauthorized { what },
        StatusCode::FORBIDDEN => Error::Forbidden { what, message },
        StatusCode::NOT_FOUND => Error::NotFound { what },
        StatusCode::CONFLICT => Error::Conflict { what, message },
        StatusCode::PRECONDITION_FAILED => Error::NotReachable { what, message },
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::INTERNAL_SERVER_ERROR
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Error::Unavailable {
            what,
            status: status.as_u16(),
            message,
            retry_after_s,
            // Too many requests is the one answer that says for sure that nothing was begun.
            may_have_acted: writes && status != StatusCode::TOO_MANY_REQUESTS,
        },
        status => Error::Rejected { what, status: status.as_u16(), message },
    }
}

pub(crate) fn not_gerrit(what: String, content_type: &str, body: &[u8]) -> Error {
    let head = body.get(..body.len().min(400)).unwrap_or_default();
    Error::NotGerrit {
        what,
        content_type: shorten(content_type),
        excerpt: clean(&String::from_utf8_lossy(head), 100),
    }
}
