//! The relying party: OpenID Connect's authorization code flow with PKCE (RFC 7636), step-up, refresh.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{Clock, Digest, Entropy, Identity, Timestamp};
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use crate::{
    Error, Http, Issuer, Limits, Person, ProviderConfig, Refusal, Result, ReturnTo, SessionId,
    http::{endpoint, shorten},
    logout::SeenNotices,
    pending::{Pending, PendingSignIns, random},
    presence::{Presence, Proof},
    token::{Expected, IdToken},
};

/// No value of a callback is longer, in bytes. Entra's codes have some 2,000.
const MAX_PARAMETER: usize = 8192;

/// What a sign-in is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// A session.
    SignIn,
    /// To prove, once more and now, that somebody is who their session says (`max_age=0`): before tokens are made, links
    /// or passkeys added, or a plan consented to.
    StepUp {
        /// Whose session it is. Somebody else's sign-in proves nothing.
        who: Identity,
        /// That session: the presence is for it alone.
        session: SessionId,
        /// The hash of what is signed, if anything: the nonce is made from it.
        binds: Option<Digest>,
    },
}

/// A sign-in that has begun.
pub struct Begun {
    /// Where to send the browser.
    pub url: String,
    /// What the browser keeps in the cookie [`crate::CookiePolicy::sign_in`] until it comes back.
    pub binding: SecretString,
}

/// What the browser brings back.
#[derive(Clone, Default, Deserialize)]
pub struct Callback {
    /// Ours.
    pub state: Option<String>,
    /// The provider's, good once.
    pub code: Option<String>,
    /// The provider's name (RFC 9207).
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// The same in words.
    pub error_description: Option<String>,
}

/// What came of a sign-in, and where the browser goes now.
pub struct Finished {
    /// For [`Purpose::SignIn`] the person, who can be given a session; for [`Purpose::StepUp`] the proof.
    pub outcome: Outcome,
    /// Where the browser goes now.
    pub return_to: ReturnTo,
}

/// What came of a sign-in.
pub enum Outcome {
    /// Somebody signed in.
    SignedIn(SignedIn),
    /// Somebody proved to be present.
    Present(Box<Presence>),
}

/// Somebody who has just signed in. Only a sign-in makes one; [`crate::Sessions::open`] takes it.
pub struct SignedIn {
    pub(crate) person: Person,
    pub(crate) idp_session: Option<String>,
    pub(crate) authenticated_at: Option<Timestamp>,
    pub(crate) refresh: Option<SecretString>,
}

impl SignedIn {
    /// Who.
    #[must_use]
    pub const fn person(&self) -> &Person {
        &self.person
    }
}

/// What a refresh brought.
pub struct Refreshed {
    /// The person as the provider sees them now; none if it sent no ID token.
    pub person: Option<Person>,
    /// The next refresh token; none: the old one stays.
    pub(crate) refresh: Option<SecretString>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: Option<String>,
    refresh_token: Option<SecretString>,
}

#[derive(Deserialize)]
pub(crate) struct ErrorAnswer {
    pub(crate) error: String,
    pub(crate) error_description: Option<String>,
}

impl ErrorAnswer {
    pub(crate) fn into_error(self) -> Error {
        Error::Denied {
            code: shorten(&self.error, 60),
            text: self.error_description.map(|text| shorten(&text, 300)),
        }
    }
}

/// One identity provider, and what we are there.
pub struct RelyingParty {
    pub(crate) config: ProviderConfig,
    pub(crate) issuer: Issuer,
    pub(crate) http: Http,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) seen: SeenNotices,
    pending: PendingSignIns,
}

impl RelyingParty {
    /// Nothing is asked yet: a server starts also while the provider is away.
    ///
    /// # Errors
    /// [`Error::Config`] for addresses that aren't `https` (or loopback), or a claim that can't name a person.
    pub fn new(
        config: ProviderConfig,
        http: Http,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self> {
        endpoint("redirect_uri", &config.redirect_uri)?;
        if config.client_id.is_empty() {
            return Err(Error::Config { what: "client_id", why: "it is empty".to_owned() });
        }
        if let Some(claim) = config.person_claim.as_deref().filter(|claim| is_a_name(claim)) {
            let why = format!(
                "{claim:?} is an address or a name: it changes hands\nhint: a claim that stays with one human, such as \
                 an employee's number"
            );
            return Err(Error::Config { what: "person_claim", why });
        }
        let issuer = Issuer::new(
            &config.issuer,
            http.clone(),
            Arc::clone(&clock),
            config.algorithms.clone(),
            config.limits,
        )?;
        let pending = PendingSignIns::new(&config.limits);
        Ok(Self { config, issuer, http, clock, entropy, seen: SeenNotices::default(), pending })
    }

    /// The issuer.
    #[must_use]
    pub const fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// For how long a sign-in waits for its browser, in milliseconds.
    #[must_use]
    pub const fn pending_ms(&self) -> i64 {
        self.config.limits.pending_ms
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// Begins a sign-in. `binding` is what the browser holds from one that it began before, if it does: with it two tabs
    /// don't disturb each other.
    ///
    /// # Errors
    /// [`Error`] when the provider can't be read.
    pub async fn begin(&self, purpose: Purpose, return_to: ReturnTo, binding: Option<&str>) -> Result<Begun> {
        let metadata = self.issuer.metadata().await?;
        let mut url = metadata.authorization.clone().ok_or(Error::Unsupported("authorization endpoint"))?;
        let now = self.clock.now();
        let entropy = &*self.entropy;
        let state = random(entropy)?;
        let verifier = random(entropy)?;
        let (nonce, salt) = match &purpose {
            Purpose::StepUp { binds: Some(binds), .. } => {
                let salt = random(entropy)?;
                (grant::bound_nonce(binds, &salt), Some(salt))
            }
            _ => (random(entropy)?, None),
        };
        let binding = match binding.filter(|held| self.pending.knows(held, now)) {
            Some(held) => held.to_owned(),
            None => random(entropy)?,
        };
        let mut scopes = vec!["openid"];
        scopes.extend(self.config.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid"));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", &self.config.redirect_uri)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge(&verifier))
            .append_pair("code_challenge_method", "S256");
        if matches!(purpose, Purpose::StepUp { .. }) {
            // Some providers hear only the one, some only the other; what counts is `auth_time`.
            url.query_pairs_mut().append_pair("max_age", "0").append_pair("prompt", "login");
        }
        let verifier = SecretString::from(verifier);
        let pending = Pending { nonce, salt, verifier, purpose, return_to, begun_at: now };
        self.pending.add(&state, &binding, pending, now);
        Ok(Begun { url: url.into(), binding: SecretString::from(binding) })
    }

    /// Ends a sign-in: what the browser brought, and what its cookie says.
    ///
    /// # Errors
    /// [`Error::NotBegun`] if it isn't one that this browser began and that still waits; [`Error::MixedUp`];
    /// [`Error::Denied`]; [`Error::Refused`].
    pub async fn finish(&self, callback: Callback, binding: &str) -> Result<Finished> {
        let Callback { state, code, iss, error, error_description } = callback;
        let given = [&state, &code, &iss, &error];
        if given.into_iter().flatten().any(|text| text.len() > MAX_PARAMETER) {
            return Err(Error::NotBegun);
        }
        let now = self.clock.now();
        let pending =
            state.and_then(|state| self.pending.take(&state, binding, now)).ok_or(Error::NotBegun)?;
        let metadata = self.issuer.metadata().await?;
        match iss {
            Some(iss) if iss != self.config.issuer => return Err(Error::MixedUp),
            None if metadata.names_itself => return Err(Error::MixedUp),
            _ => {}
        }
        if let Some(error) = error {
            return Err(ErrorAnswer { error, error_description }.into_error());
        }
        let code = code.ok_or(Error::NotBegun)?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", self.config.redirect_uri.as_str()),
            ("code_verifier", pending.verifier.expose_secret()),
        ];
        let answer = self.ask_token(&form).await?;
        let id_token = answer.id_token.ok_or(Error::Answer {
            what: "the token endpoint",
            why: "there is no ID token in it".to_owned(),
        })?;
        let is_step_up = matches!(pending.purpose, Purpose::StepUp { .. });
        let fresh_since = is_step_up.then_some(pending.begun_at);
        let read = self.read_id_token(&id_token, Some(&pending.nonce), fresh_since).await?;
        let outcome = match pending.purpose {
            Purpose::SignIn => {
                Outcome::SignedIn(SignedIn { refresh: answer.refresh_token, ..read.signed_in })
            }
            Purpose::StepUp { who, session, binds } => {
                let SignedIn { person, authenticated_at, .. } = read.signed_in;
                if person.identity != who {
                    return Err(Refusal::OtherSubject.into());
                }
                let at = authenticated_at.ok_or(Refusal::NotFresh)?;
                let proof = Proof {
                    client: self.config.client_id.clone(),
                    person_claim: self.config.person_claim.clone(),
                    binds,
                    salt: pending.salt,
                    id_token,
                    key: read.key,
                };
                Outcome::Present(Box::new(Presence { person, session, at, proof }))
            }
        };
        Ok(Finished { outcome, return_to: pending.return_to })
    }

    /// Asks the provider for the person as it sees them now.
    ///
    /// # Errors
    /// [`Error::Denied`] with `invalid_grant` when the provider has ended what the token stands for.
    pub async fn refresh(&self, token: &SecretString) -> Result<Refreshed> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token.expose_secret())];
        let answer = self.ask_token(&form).await?;
        let person = match answer.id_token {
            Some(token) => Some(self.read_id_token(&token, None, None).await?.signed_in.person),
            None => None,
        };
        Ok(Refreshed { person, refresh: answer.refresh_token })
    }

    /// The person that a device sign-in's tokens speak of.
    pub(crate) async fn device_tokens(&self, answer: &crate::http::Answer) -> Result<SignedIn> {
        let answer: TokenAnswer = answer.json("the token endpoint")?;
        let id_token = answer.id_token.ok_or(Error::Answer {
            what: "the token endpoint",
            why: "there is no ID token in it".to_owned(),
        })?;
        let read = self.read_id_token(&id_token, None, None).await?;
        Ok(SignedIn { refresh: answer.refresh_token, ..read.signed_in })
    }

    async fn read_id_token(
        &self,
        token: &str,
        nonce: Option<&str>,
        fresh_since: Option<Timestamp>,
    ) -> Result<Read> {
        let opened = self.issuer.open(token).await?;
        let expected = Expected {
            issuer: &self.config.issuer,
            client_id: &self.config.client_id,
            nonce,
            fresh_since,
            now: self.clock.now(),
        };
        let (claims, limits) = (&opened.claims, self.limits());
        let id_token = IdToken::check(claims, opened.kind.as_deref(), &expected, limits)?;
        let person = Person {
            identity: id_token.identity,
            key: self.config.person_claim.as_deref().and_then(|claim| claims.person_key(claim)),
            profile: claims.profile(),
            groups: claims.groups(&self.config.groups_claim, limits)?,
        };
        let signed_in = SignedIn {
            person,
            idp_session: id_token.session,
            authenticated_at: id_token.authenticated_at,
            refresh: None,
        };
        Ok(Read { signed_in, key: opened.key })
    }

    async fn ask_token(&self, form: &[(&str, &str)]) -> Result<TokenAnswer> {
        let answer = self.post_token(form).await?;
        if answer.is_success() {
            return answer.json("the token endpoint");
        }
        Err(answer.json::<ErrorAnswer>("the token endpoint")?.into_error())
    }

    pub(crate) async fn post_token(&self, form: &[(&str, &str)]) -> Result<crate::http::Answer> {
        let metadata = self.issuer.metadata().await?;
        let url = metadata.token.clone().ok_or(Error::Unsupported("token endpoint"))?;
        self.post_as_client("the token endpoint", &url, form, metadata.secret_in_form).await
    }

    /// Posts a form as our client: with the secret in the header or in the form, or without one.
    pub(crate) async fn post_as_client(
        &self,
        what: &'static str,
        url: &url::Url,
        form: &[(&str, &str)],
        secret_in_form: bool,
    ) -> Result<crate::http::Answer> {
        let mut form = form.to_vec();
        let id = self.config.client_id.as_str();
        let secret = self.config.client_secret.as_ref();
        let header = match secret {
            Some(secret) if !secret_in_form => Some(basic(id, secret)?),
            _ => None,
        };
        if header.is_none() {
            form.push(("client_id", id));
        }
        if let (Some(secret), true) = (secret, secret_in_form) {
            form.push(("client_secret", secret.expose_secret()));
        }
        self.http.post(what, url, &form, header).await
    }
}

struct Read {
    signed_in: SignedIn,
    key: Value,
}

/// RFC 6749, section 2.3.1: both are form-encoded before they are joined.
fn basic(id: &str, secret: &SecretString) -> Result<HeaderValue> {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = zeroize::Zeroizing::new(format!("{}:{}", encode(id), encode(secret.expose_secret())));
    let value = zeroize::Zeroizing::new(format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair.as_bytes())
    ));
    let mut header = HeaderValue::from_str(&value)
        .map_err(|_| Error::Config { what: "client_secret", why: "it fits in no header".to_owned() })?;
    header.set_sensitive(true);
    Ok(header)
}

/// PKCE's `S256`.
pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Digest::of(verifier.as_bytes()).as_bytes())
}

/// Claims that look like a person and are an address or a name: they can be given to somebody else.
fn is_a_name(claim: &str) -> bool {
    const NAMES: [&str; 9] = [
        "email",
        "mail",
        "name",
        "nickname",
        "given_name",
        "family_name",
        "preferred_username",
        "unique_name",
        "upn",
    ];
    NAMES.contains(&claim)
}

impl fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelyingParty").field("config", &self.config).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pkce_is_as_in_the_appendix_of_rfc_7636() {
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn a_secret_is_encoded_before_it_is_joined() {
        let header = basic("a:b", &SecretString::from("p%/ w")).unwrap();
        assert!(header.is_sensitive());
        let text = header.to_str().unwrap().strip_prefix("Basic ").unwrap();
        let pair = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        assert_eq!(pair, b"a%3Ab:p%25%2F+w");
    }
}
