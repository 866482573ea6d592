//! Consent by step-up: the identity provider's ID token, whose nonce is made from what was signed.

use model::{Digest, to_canonical};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::GrantError;

use super::{Consent, jws, refuse};

/// How far the provider's sign-in may be from the moment at which the consent came, in milliseconds: the time that a step-up
/// may take, and clocks that are a minute apart.
const LATER_MS: i64 = 11 * 60_000;
const EARLIER_MS: i64 = 61_000;
/// No issuer, subject or client is longer, in bytes.
const NAME_BYTES: usize = 2048;

/// Consent by step-up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepUp {
    /// Our client at the provider: for whom the token is.
    pub client: String,
    /// The claim that names the human, if the configuration has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub person_claim: Option<String>,
    /// With which the nonce was made: [`bound_nonce`].
    pub salt: String,
    /// SHA-256 of the ID token.
    pub token: Digest,
    /// SHA-256 of the canonical key (JWK) that signed it.
    pub key: Digest,
}

/// What the provider signed, and the key by which that is checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// The ID token, as it came.
    pub id_token: String,
    /// The key (JWK), as the issuer publishes it.
    pub key: Value,
}

impl Token {
    /// The key's canonical bytes.
    ///
    /// # Errors
    /// None in practice.
    pub fn key_bytes(&self) -> Result<Vec<u8>, GrantError> {
        Ok(to_canonical(&self.key)?)
    }
}

/// A nonce that says what is signed, and still is used once.
#[must_use]
pub fn bound_nonce(binds: &Digest, salt: &str) -> String {
    Digest::of_parts("exequatur.identity/presence", &[binds.as_bytes(), salt.as_bytes()]).to_string()
}

impl StepUp {
    /// That the token says what the consent says.
    pub(super) fn verify(&self, consent: &Consent, token: &Token) -> Result<(), GrantError> {
        let identity = &consent.identity;
        if [&identity.issuer, &identity.subject, &self.client, &self.salt]
            .iter()
            .any(|t| t.len() > NAME_BYTES)
        {
            return Err(refuse("a name in it is too long"));
        }
        if Digest::of(token.id_token.as_bytes()) != self.token || Digest::of(&token.key_bytes()?) != self.key
        {
            return Err(refuse("the token or the key is not the one that it names"));
        }
        let opened = jws::open(&token.id_token, &token.key)?;
        let claims = &opened.claims;
        is_id_token(claims, opened.kind.as_deref())?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("iss") != Some(identity.issuer.as_str()) || text("sub") != Some(identity.subject.as_str()) {
            return Err(refuse("the provider's token is about somebody else"));
        }
        if !is_for(claims, &self.client) {
            return Err(refuse("the provider's token is for somebody else"));
        }
        if text("nonce") != Some(bound_nonce(&consent.signed(), &self.salt).as_str()) {
            return Err(refuse(
                "the nonce of the provider's token binds something else than this plan and this answer",
            ));
        }
        let asked_ms = claims.get("auth_time").and_then(Value::as_f64).map(|s| s * 1000.0);
        #[allow(clippy::cast_precision_loss)] // of a time in milliseconds nothing is lost
        let late_ms = asked_ms.map(|asked_ms| consent.at.as_millis() as f64 - asked_ms);
        #[allow(clippy::cast_precision_loss)]
        let fresh = late_ms.is_some_and(|late| late > -(EARLIER_MS as f64) && late < LATER_MS as f64);
        if !fresh {
            return Err(refuse("the provider didn't ask the person when the consent came"));
        }
        let says = self.person_claim.as_deref().and_then(|claim| match claims.get(claim)? {
            Value::String(text) => Some(text.clone()),
            // An employee's number.
            Value::Number(number) => Some(number.as_u64()?.to_string()),
            _ => None,
        });
        if consent.person.as_ref().is_some_and(|person| says.as_deref() != Some(person.as_str())) {
            return Err(refuse("the provider's token names another human"));
        }
        Ok(())
    }
}

/// Other tokens of the same issuer are signed with the same keys; and one that was given to whoever acts for a person is no
/// person's.
fn is_id_token(claims: &Map<String, Value>, kind: Option<&str>) -> Result<(), GrantError> {
    let header = kind.is_none_or(|kind| matches!(kind, "jwt" | "id_token+jwt"));
    let claim = claims.get("typ").is_none_or(|typ| {
        typ.as_str().is_some_and(|typ| matches!(typ.to_ascii_lowercase().as_str(), "id" | "jwt"))
    });
    let other =
        ["events", "scope", "scp", "client_id", "cnf", "act"].iter().any(|name| claims.contains_key(*name));
    if header && claim && !other {
        Ok(())
    } else {
        Err(refuse("the provider's token is no person's ID token"))
    }
}

/// It is for our client, and for nobody else, and given to us.
fn is_for(claims: &Map<String, Value>, client: &str) -> bool {
    let audience = match claims.get("aud") {
        Some(Value::String(only)) => only == client,
        Some(Value::Array(all)) => !all.is_empty() && all.iter().all(|one| one.as_str() == Some(client)),
        _ => false,
    };
    audience && claims.get("azp").is_none_or(|party| party.as_str() == Some(client))
}
