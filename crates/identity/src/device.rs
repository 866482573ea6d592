//! Device sign-in (RFC 8628): for the command line, which has no browser to send anywhere. The server asks the provider;
//! the command line polls the server, with an id that only it has.

use std::{collections::HashMap, sync::Arc};

use model::{Digest, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::{
    Error, RelyingParty, Result, SignedIn,
    http::{endpoint, shorten},
    pending::{hash, random},
    rely::{ErrorAnswer, challenge},
};

/// The grant's name (RFC 8628, section 3.4).
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// RFC 8628, section 3.2: if the provider says nothing.
const DEFAULT_INTERVAL_S: i64 = 5;
/// No device sign-in waits longer, whatever the provider says.
const MAX_LIFE_S: i64 = 30 * 60;

/// What whoever began a device sign-in polls with.
pub type DeviceId = SecretString;

/// A device sign-in that has begun.
pub struct DeviceStarted {
    /// To poll with.
    pub id: DeviceId,
    /// What the person types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it, if the provider has that.
    pub verification_uri_complete: Option<String>,
    /// Seconds until it is over.
    pub expires_in_s: i64,
    /// Seconds between two polls.
    pub interval_s: i64,
}

/// What a poll brings.
pub enum DeviceAnswer {
    /// Not yet; come back after so many seconds.
    Pending {
        /// Seconds until the next poll.
        interval_s: i64,
    },
    /// Somebody signed in.
    SignedIn(Box<SignedIn>),
}

struct Waiting {
    device_code: SecretString,
    verifier: SecretString,
    interval_s: i64,
    next_at: Timestamp,
    until: Timestamp,
}

#[derive(Deserialize)]
struct Started {
    device_code: SecretString,
    user_code: String,
    #[serde(alias = "verification_url")]
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: i64,
    interval: Option<i64>,
}

/// The device sign-ins that wait.
pub struct Devices {
    party: Arc<RelyingParty>,
    waiting: Mutex<HashMap<Digest, Waiting>>,
}

impl Devices {
    /// None yet.
    #[must_use]
    pub fn new(party: Arc<RelyingParty>) -> Self {
        Self { party, waiting: Mutex::default() }
    }

    /// Begins one.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the provider has no such grant; [`Error::Busy`] when too many wait.
    pub async fn begin(&self) -> Result<DeviceStarted> {
        const WHAT: &str = "device authorization";
        let party = &*self.party;
        self.make_room(party.clock.now()).await?;
        let metadata = party.issuer.metadata().await?;
        let url = metadata.device_authorization.clone().ok_or(Error::Unsupported("device sign-in"))?;
        let scope = {
            let mut scopes = vec!["openid".to_owned()];
            scopes.extend(party.config.scopes.iter().filter(|scope| *scope != "openid").cloned());
            scopes.join(" ")
        };
        // RFC 8628 has no PKCE; Keycloak demands it here too of a client that has to use it, and others ignore it.
        let verifier = random(&*party.entropy)?;
        let challenge = challenge(&verifier);
        let form = [
            ("scope", scope.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let answer = party.post_as_client(WHAT, &url, &form, metadata.secret_in_form).await?;
        if !answer.is_success() {
            return Err(answer.json::<ErrorAnswer>(WHAT)?.into_error());
        }
        let started: Started = answer.json(WHAT)?;
        // It is shown to a person, who then opens it.
        endpoint("verification_uri", &started.verification_uri)?;
        let complete = started.verification_uri_complete;
        let verification_uri_complete = complete.filter(|uri| endpoint("verification_uri", uri).is_ok());
        let interval_s = started.interval.unwrap_or(DEFAULT_INTERVAL_S).clamp(1, 60);
        let expires_in_s = started.expires_in.clamp(1, MAX_LIFE_S);
        let id = random(&*party.entropy)?;
        let now = party.clock.now();
        let waiting = Waiting {
            device_code: started.device_code,
            verifier: SecretString::from(verifier),
            interval_s,
            next_at: now,
            until: now.plus_ms(expires_in_s * 1000),
        };
        self.waiting.lock().await.insert(hash("device", &id), waiting);
        Ok(DeviceStarted {
            id: SecretString::from(id),
            user_code: shorten(&started.user_code, 64),
            verification_uri: started.verification_uri,
            verification_uri_complete,
            expires_in_s,
            interval_s,
        })
    }

    /// Asks whether the person has signed in. Asking too early costs the provider nothing.
    ///
    /// # Errors
    /// [`Error::NotBegun`] if there is none with this id, also when it was used or is too old; [`Error::Denied`] if the
    /// person or the provider said no.
    pub async fn poll(&self, id: &str) -> Result<DeviceAnswer> {
        let key = hash("device", id);
        let (device_code, verifier, interval_s) = {
            let mut all = self.waiting.lock().await;
            let now = self.party.clock.now();
            let waiting = all.get_mut(&key).filter(|w| now < w.until).ok_or(Error::NotBegun)?;
            if now < waiting.next_at {
                return Ok(DeviceAnswer::Pending { interval_s: waiting.interval_s });
            }
            waiting.next_at = now.plus_ms(waiting.interval_s * 1000);
            (waiting.device_code.clone(), waiting.verifier.clone(), waiting.interval_s)
        };
        let form = [
            ("grant_type", GRANT),
            ("device_code", device_code.expose_secret()),
            ("code_verifier", verifier.expose_secret()),
        ];
        let answer = self.party.post_token(&form).await?;
        if answer.is_success() {
            // Good once, whatever is in it.
            if self.waiting.lock().await.remove(&key).is_none() {
                return Err(Error::NotBegun);
            }
            return Ok(DeviceAnswer::SignedIn(Box::new(self.party.device_tokens(&answer).await?)));
        }
        let why: ErrorAnswer = answer.json("the token endpoint")?;
        match why.error.as_str() {
            "authorization_pending" => Ok(DeviceAnswer::Pending { interval_s }),
            "slow_down" => {
                let slower = interval_s.saturating_add(5).min(60);
                if let Some(waiting) = self.waiting.lock().await.get_mut(&key) {
                    waiting.interval_s = slower;
                }
                Ok(DeviceAnswer::Pending { interval_s: slower })
            }
            _ => {
                self.waiting.lock().await.remove(&key);
                Err(why.into_error())
            }
        }
    }

    async fn make_room(&self, now: Timestamp) -> Result<()> {
        let mut all = self.waiting.lock().await;
        all.retain(|_, waiting| now < waiting.until);
        if all.len() >= self.party.limits().devices {
            return Err(Error::Busy("device sign-ins"));
        }
        Ok(())
    }
}
