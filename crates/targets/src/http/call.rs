//! One try of a call.

use model::{Digest, Http, Method};
use reqwest::{
    Client, RequestBuilder, Response,
    header::{ACCEPT, CONTENT_TYPE},
};
use url::Url;

use super::{Tried, expect, pin};
use crate::Limits;

/// A call with the addresses that its first try resolved.
pub(super) struct Call<'a> {
    url: Url,
    http: &'a Http,
    key: Digest,
    limits: Limits,
    pinned: Option<Client>,
}

impl<'a> Call<'a> {
    pub(super) const fn new(url: Url, http: &'a Http, key: Digest, limits: Limits) -> Self {
        Self { url, http, key, limits, pinned: None }
    }

    pub(super) async fn attempt(&mut self) -> Tried {
        let client = match &self.pinned {
            Some(client) => client.clone(),
            None => match pin::client(&self.url, &self.limits).await {
                Ok(client) => self.pinned.insert(client).clone(),
                Err(why) => return Tried::NotSent(why),
            },
        };
        match self.request(&client).send().await {
            Ok(answer) => self.judge(answer).await,
            Err(why) if why.is_connect() || why.is_builder() => Tried::NotSent(reason(why)),
            Err(why) => Tried::Lost(reason(why)),
        }
    }

    fn request(&self, client: &Client) -> RequestBuilder {
        let method = match self.http.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let request = client
            .request(method, self.url.clone())
            .header(ACCEPT, "application/json")
            // draft-ietf-httpapi-idempotency-key-header: the same for every try and attempt
            .header("idempotency-key", format!("\"{}\"", self.key));
        match &self.http.body {
            None => request,
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body.clone()),
        }
    }

    async fn judge(&self, answer: Response) -> Tried {
        let status = answer.status().as_u16();
        if let Err(why) = expect::status(&self.http.expect, status) {
            return Tried::Differs(why);
        }
        if self.http.expect.json.is_empty() {
            return Tried::Fits;
        }
        let body = match read(answer, self.limits.answer_bytes).await {
            Ok(Some(body)) => body,
            Ok(None) => {
                let limit = self.limits.answer_bytes;
                return Tried::Differs(format!("answered {status} with more than {limit} bytes"));
            }
            Err(why) => return Tried::Lost(reason(why)),
        };
        match expect::json(&self.http.expect, &body) {
            Ok(()) => Tried::Fits,
            Err(why) => Tried::Differs(why),
        }
    }
}

/// The body; none if it is longer than the limit, of which not much more is read.
async fn read(mut answer: Response, limit: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// The first cause, without the URL, which may hold more than people should read.
fn reason(why: reqwest::Error) -> String {
    let why = why.without_url();
    if why.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = &why;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
