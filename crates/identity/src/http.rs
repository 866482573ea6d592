//! One request to an identity provider, one answer: limits, time-outs, no redirects.

use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::de::DeserializeOwned;
use url::{Url, form_urlencoded};

use crate::{Error, Limits, Result, Timeouts};

/// Kept connections to identity providers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
    body_bytes: usize,
}

/// An answer that was read whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, what: &'static str) -> Result<T> {
        // The library's message may quote the answer, which may hold a token: only its kind and place are repeated.
        serde_json::from_slice(&self.body).map_err(|why| Error::Answer {
            what,
            why: format!("status {}, {:?} at line {}", self.status, why.classify(), why.line()),
        })
    }
}

impl Http {
    /// A client of its own: no redirects, no cookies, nothing unlimited.
    ///
    /// # Errors
    /// [`Error::Config`] when TLS can't be set up.
    pub fn new(timeouts: Timeouts, limits: &Limits) -> Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.request)
            .user_agent(concat!("exequatur-identity/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|why| Error::Config { what: "the HTTP client", why: why.to_string() })?;
        Ok(Self { client, body_bytes: limits.body_bytes })
    }

    pub(crate) async fn get(&self, what: &'static str, url: &Url) -> Result<Answer> {
        self.send(what, self.client.get(url.clone())).await
    }

    /// Posts a form; `authorization` is a whole header.
    pub(crate) async fn post(
        &self,
        what: &'static str,
        url: &Url,
        form: &[(&str, &str)],
        authorization: Option<HeaderValue>,
    ) -> Result<Answer> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = self
            .client
            .post(url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        self.send(what, request).await
    }

    async fn send(&self, what: &'static str, request: reqwest::RequestBuilder) -> Result<Answer> {
        let request = request.header(ACCEPT, "application/json");
        let mut response = request.send().await.map_err(|why| network(what, &why))?;
        let limit = self.body_bytes;
        let too_large = || Error::TooLarge { what, limit };
        if response.content_length().is_some_and(|len| len > limit as u64) {
            return Err(too_large());
        }
        let status = response.status().as_u16();
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|why| network(what, &why))? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body: body.freeze() })
    }
}

/// The innermost reason; the library's own text holds the whole address.
fn network(what: &'static str, error: &reqwest::Error) -> Error {
    let mut why = if error.is_timeout() { "time-out".to_owned() } else { "it broke off".to_owned() };
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        why = inner.to_string();
        source = inner.source();
    }
    Error::Unreachable { what, why: shorten(&why, 200) }
}

/// The first characters of a text from outside, without controls.
pub(crate) fn shorten(text: &str, chars: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(chars).collect()
}

/// An address that we would send something secret to: `https`, or `http` on this machine.
pub(crate) fn endpoint(what: &'static str, text: &str) -> Result<Url> {
    let wrong = |why: &str| Error::Config { what, why: format!("{:?} {why}", shorten(text, 200)) };
    let url = Url::parse(text).map_err(|why| wrong(&format!("is no address: {why}")))?;
    let is_loopback = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => return Err(wrong("names no host")),
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        _ => return Err(wrong("isn't https")),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(wrong("has credentials or a fragment in it"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_only_over_tls_or_stay_on_this_machine() {
        for good in
            ["https://idp.example.com/t", "http://127.0.0.1:1/x", "http://[::1]:1/", "http://localhost:1/"]
        {
            assert!(endpoint("x", good).is_ok(), "{good}");
        }
        for bad in [
            "http://idp.example.com/",
            "http://127.0.0.1.example.com/",
            "http://localhost.example.com/",
            "ftp://127.0.0.1/",
            "https://user:pw@idp.example.com/",
            "https://idp.example.com/#x",
            "javascript:alert(1)",
            "",
        ] {
            assert!(endpoint("x", bad).is_err(), "{bad}");
        }
    }
}
