//! One issuer: what it says of itself, and its keys. Read when needed, kept for a while, used for longer when it is away.

use std::sync::Arc;

use model::{Clock, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::{
    Error, Http, Limits, Refusal, Result, SigningAlgorithm,
    http::{endpoint, shorten},
    token::{Claims, Jws, Keys},
};

/// Between two attempts to reach an issuer that is away.
const RETRY_MS: i64 = 5_000;
/// Signatures that are tried for a token that names no key.
const MAX_TRIES: usize = 8;

/// What an issuer says of itself (OpenID Connect Discovery, section 3), as far as it is needed.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) authorization: Option<Url>,
    pub(crate) token: Option<Url>,
    pub(crate) device_authorization: Option<Url>,
    /// It names itself in its answers to browsers (RFC 9207).
    pub(crate) names_itself: bool,
    /// Client secrets go into the header unless it only takes them in the form.
    pub(crate) secret_in_form: bool,
    keys: Url,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

#[derive(Clone)]
struct Known {
    metadata: Arc<Metadata>,
    keys: Arc<Keys>,
    at: Timestamp,
}

#[derive(Default)]
struct State {
    known: Option<Known>,
    /// The last attempt that failed, and what it said.
    failed: Option<(Timestamp, String)>,
    /// The last read because of an unknown key.
    asked_again: Option<Timestamp>,
}

/// An issuer that is pinned.
pub struct Issuer {
    pinned: String,
    discovery: Url,
    http: Http,
    clock: Arc<dyn Clock>,
    algorithms: Vec<SigningAlgorithm>,
    limits: Limits,
    // Held while it is asked: whoever else needs the answer waits for the same one.
    state: Mutex<State>,
}

/// A token whose signature is the issuer's.
pub(crate) struct Opened {
    pub(crate) claims: Claims,
    /// The header's `typ`.
    pub(crate) kind: Option<String>,
    /// The public key that checked it, as the issuer wrote it.
    pub(crate) key: Value,
}

impl Issuer {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Config`] for an issuer that is no `https` address (or `http` on loopback), or no allowed algorithm.
    pub fn new(
        pinned: &str,
        http: Http,
        clock: Arc<dyn Clock>,
        algorithms: Vec<SigningAlgorithm>,
        limits: Limits,
    ) -> Result<Self> {
        let base = endpoint("the issuer", pinned)?;
        if base.query().is_some() {
            return Err(Error::Config { what: "the issuer", why: "it has a query".to_owned() });
        }
        if algorithms.is_empty() {
            let why = "none is allowed, so no token could be".to_owned();
            return Err(Error::Config { what: "signing algorithms", why });
        }
        let path = pinned.strip_suffix('/').unwrap_or(pinned);
        let discovery = endpoint("the issuer", &format!("{path}/.well-known/openid-configuration"))?;
        Ok(Self {
            pinned: pinned.to_owned(),
            discovery,
            http,
            clock,
            algorithms,
            limits,
            state: Mutex::default(),
        })
    }

    /// The issuer, as it is pinned.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.pinned
    }

    /// Asks it now, to see whether it is there and is the one that is pinned.
    ///
    /// # Errors
    /// What would keep tokens of it from being taken.
    pub async fn check(&self) -> Result<()> {
        self.known().await.map(drop)
    }

    pub(crate) async fn metadata(&self) -> Result<Arc<Metadata>> {
        Ok(self.known().await?.metadata)
    }

    /// Checks a token's signature.
    pub(crate) async fn open(&self, token: &str) -> Result<Opened> {
        let jws = Jws::parse(token, &self.algorithms, self.limits.token_bytes)?;
        let known = self.known().await?;
        let keys = match find(&jws, &known.keys)? {
            Some(opened) => return Ok(opened),
            None => self.ask_again().await?,
        };
        find(&jws, &keys)?.ok_or_else(|| Refusal::UnknownKey.into())
    }

    /// What is known, asked for anew if that is old.
    async fn known(&self) -> Result<Known> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        if let Some(known) = &state.known
            && now.ms_since(known.at) < self.limits.refresh_ms
        {
            return Ok(known.clone());
        }
        let recent = state.failed.as_ref().filter(|(at, _)| now.ms_since(*at) < RETRY_MS);
        let failed = match recent {
            Some((_, why)) => Error::Unreachable { what: "discovery", why: why.clone() },
            None => match self.read(now).await {
                Ok(known) => {
                    state.failed = None;
                    state.known = Some(known.clone());
                    return Ok(known);
                }
                Err(why) => {
                    tracing::warn!(issuer = self.pinned, error = %why, "the identity provider can't be read");
                    state.failed = Some((now, why.to_string()));
                    why
                }
            },
        };
        match &state.known {
            // Another issuer in its place is no outage.
            Some(known)
                if now.ms_since(known.at) < self.limits.stale_ms
                    && !matches!(failed, Error::OtherIssuer { .. }) =>
            {
                Ok(known.clone())
            }
            _ => Err(failed),
        }
    }

    /// The keys as they are now, at most once in a while: a token can name any key.
    async fn ask_again(&self) -> Result<Arc<Keys>> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        let Some(known) = state.known.clone() else { return Err(Refusal::UnknownKey.into()) };
        if state.asked_again.is_some_and(|at| now.ms_since(at) < self.limits.unknown_key_ms) {
            return Ok(known.keys);
        }
        state.asked_again = Some(now);
        tracing::info!(issuer = self.pinned, "a token names an unknown key: the keys are read again");
        let keys = self.read_keys(&known.metadata.keys).await?;
        state.known = Some(Known { keys: Arc::clone(&keys), ..known });
        Ok(keys)
    }

    async fn read(&self, now: Timestamp) -> Result<Known> {
        const WHAT: &str = "discovery";
        let answer = self.http.get(WHAT, &self.discovery).await?;
        if !answer.is_success() {
            return Err(Error::Answer { what: WHAT, why: format!("status {}", answer.status) });
        }
        let document: Document = answer.json(WHAT)?;
        if document.issuer != self.pinned {
            let found = shorten(&document.issuer, 200);
            return Err(Error::OtherIssuer { pinned: self.pinned.clone(), found });
        }
        let methods = document.code_challenge_methods_supported.as_deref();
        if methods.is_some_and(|all| !all.iter().any(|one| one == "S256")) {
            return Err(Error::Unsupported("PKCE with S256"));
        }
        let address = |what, text: Option<String>| text.map(|text| endpoint(what, &text)).transpose();
        let auth = document.token_endpoint_auth_methods_supported.unwrap_or_default();
        let takes = |method: &str| auth.iter().any(|one| one == method);
        let metadata = Metadata {
            authorization: address("authorization_endpoint", document.authorization_endpoint)?,
            token: address("token_endpoint", document.token_endpoint)?,
            device_authorization: address(
                "device_authorization_endpoint",
                document.device_authorization_endpoint,
            )?,
            names_itself: document.authorization_response_iss_parameter_supported,
            secret_in_form: takes("client_secret_post") && !takes("client_secret_basic"),
            keys: endpoint("jwks_uri", &document.jwks_uri)?,
        };
        let keys = self.read_keys(&metadata.keys).await?;
        Ok(Known { metadata: Arc::new(metadata), keys, at: now })
    }

    async fn read_keys(&self, url: &Url) -> Result<Arc<Keys>> {
        const WHAT: &str = "the issuer's keys";
        let answer = self.http.get(WHAT, url).await?;
        if !answer.is_success() {
            return Err(Error::Answer { what: WHAT, why: format!("status {}", answer.status) });
        }
        let set: KeySet = answer.json(WHAT)?;
        Ok(Arc::new(Keys::of(&set.keys, self.limits.keys)))
    }
}

/// None: no key is the one that the token names. A known key that didn't sign it is a refusal.
fn find(jws: &Jws<'_>, keys: &Keys) -> Result<Option<Opened>, Refusal> {
    let mut tried = false;
    for key in keys.candidates(jws.algorithm, jws.key_id.as_deref()).take(MAX_TRIES) {
        tried = true;
        if let Ok(payload) = jws.verify(key) {
            let claims = Claims::read(&payload)?;
            return Ok(Some(Opened { claims, kind: jws.kind.clone(), key: key.written().clone() }));
        }
    }
    if tried { Err(Refusal::Signature) } else { Ok(None) }
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("pinned", &self.pinned).finish_non_exhaustive()
    }
}
