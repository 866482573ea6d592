//! What makes an ID token ours (OpenID Connect Core, section 3.1.3.7).

use model::{Identity, Timestamp};
use subtle::ConstantTimeEq as _;

use crate::{Limits, Refusal};

use super::Claims;

/// What the token has to say.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    /// The nonce of the sign-in; none where the flow has none (device, refresh).
    pub(crate) nonce: Option<&'a str>,
    /// When the sign-in began, if the provider was told to ask the person again.
    pub(crate) fresh_since: Option<Timestamp>,
    pub(crate) now: Timestamp,
}

/// An ID token that holds.
#[derive(Debug)]
pub(crate) struct IdToken {
    pub(crate) identity: Identity,
    /// The provider's session.
    pub(crate) session: Option<String>,
    pub(crate) authenticated_at: Option<Timestamp>,
}

impl IdToken {
    /// `kind` is the header's `typ`.
    pub(crate) fn check(
        claims: &Claims,
        kind: Option<&str>,
        expected: &Expected<'_>,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        is_id_token(claims, kind)?;
        let identity = claims.identity(expected.issuer)?;
        audience(claims, expected.client_id)?;
        times(claims, expected.now, limits)?;
        let made = claims.moment("iat")?.ok_or(Refusal::Claim("iat"))?;
        if expected.now.ms_since(made) > limits.token_age_ms + limits.leeway_ms {
            return Err(Refusal::TooOld);
        }
        if let Some(nonce) = expected.nonce {
            let found = claims.text("nonce")?.ok_or(Refusal::Nonce)?;
            if !bool::from(found.as_bytes().ct_eq(nonce.as_bytes())) {
                return Err(Refusal::Nonce);
            }
        }
        let authenticated_at = claims.moment("auth_time")?;
        if let Some(since) = expected.fresh_since {
            // To the second, and by two clocks.
            let at = authenticated_at.ok_or(Refusal::NotFresh)?;
            if since.ms_since(at) > 1000 + FRESH_SKEW_MS {
                return Err(Refusal::NotFresh);
            }
        }
        if !claims.actors(expected.issuer)?.all().is_empty() {
            return Err(Refusal::Delegated);
        }
        let session = claims.text("sid")?.map(str::to_owned);
        Ok(Self { identity, session, authenticated_at })
    }
}

/// How far the clocks may be apart where freshness is judged: less than anybody needs to come back to an open browser.
const FRESH_SKEW_MS: i64 = 10_000;

/// Access, refresh and logout tokens of the same issuer are signed with the same keys. What they are stands in `typ`
/// (header, RFC 9068 and Back-Channel Logout; Keycloak: claim) or in claims that no ID token has.
fn is_id_token(claims: &Claims, kind: Option<&str>) -> Result<(), Refusal> {
    let header = kind.is_none_or(|kind| matches!(kind, "jwt" | "id_token+jwt"));
    let claim = claims.get("typ").is_none_or(|typ| {
        typ.as_str().is_some_and(|typ| matches!(typ.to_ascii_lowercase().as_str(), "id" | "jwt"))
    });
    let other = ["events", "scope", "scp", "client_id", "cnf"].iter().any(|name| claims.has(name));
    if header && claim && !other { Ok(()) } else { Err(Refusal::Kind) }
}

/// It is for us, and for nobody else, and given to us.
fn audience(claims: &Claims, client_id: &str) -> Result<(), Refusal> {
    if !claims.audiences()?.iter().all(|one| *one == client_id) {
        return Err(Refusal::Audience);
    }
    match claims.text("azp")? {
        Some(party) if party != client_id => Err(Refusal::AuthorizedParty),
        _ => Ok(()),
    }
}

/// `exp` and `iat` have to be there; `nbf` holds if it is.
pub(crate) fn times(claims: &Claims, now: Timestamp, limits: &Limits) -> Result<(), Refusal> {
    let ends = claims.moment("exp")?.ok_or(Refusal::Claim("exp"))?;
    if now.ms_since(ends) >= limits.leeway_ms {
        return Err(Refusal::Expired);
    }
    let made = claims.moment("iat")?.ok_or(Refusal::Claim("iat"))?;
    let begins = claims.moment("nbf")?.unwrap_or(made);
    if made.max(begins).ms_since(now) > limits.leeway_ms {
        return Err(Refusal::FromTheFuture);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW_S: i64 = 1_800_000_000;

    fn expected() -> Expected<'static> {
        Expected {
            issuer: "https://idp.example/",
            client_id: "exq",
            nonce: Some("n-1"),
            fresh_since: None,
            now: Timestamp::from_millis(NOW_S * 1000),
        }
    }

    fn good() -> Value {
        json!({
            "iss": "https://idp.example/", "sub": "u1", "aud": "exq", "exp": NOW_S + 300, "iat": NOW_S,
            "nonce": "n-1", "auth_time": NOW_S,
        })
    }

    fn check(
        change: impl FnOnce(&mut Value),
        expected: &Expected<'_>,
        kind: Option<&str>,
    ) -> Result<IdToken, Refusal> {
        let mut value = good();
        change(&mut value);
        let claims = Claims::read(value.to_string().as_bytes()).unwrap();
        IdToken::check(&claims, kind, expected, &Limits::default())
    }

    fn with(name: &str, value: Value) -> Result<IdToken, Refusal> {
        check(|claims| claims[name] = value, &expected(), Some("jwt"))
    }

    fn without(name: &str) -> Result<IdToken, Refusal> {
        check(|claims| drop(claims.as_object_mut().unwrap().remove(name)), &expected(), None)
    }

    #[test]
    fn a_good_token_is_taken() {
        assert_eq!(check(|_| {}, &expected(), None).unwrap().identity.subject, "u1");
        assert!(with("aud", json!(["exq"])).is_ok());
        assert!(with("azp", json!("exq")).is_ok());
    }

    #[test]
    fn each_claim_has_to_be_right() {
        for (name, value, why) in [
            ("iss", json!("https://idp.example"), Refusal::Issuer),
            ("iss", json!("https://IDP.example/"), Refusal::Issuer),
            ("sub", json!(""), Refusal::Claim("sub")),
            ("sub", json!("x".repeat(256)), Refusal::Claim("sub")),
            ("aud", json!("other"), Refusal::Audience),
            ("aud", json!(["exq", "other"]), Refusal::Audience),
            ("aud", json!([]), Refusal::Claim("aud")),
            ("azp", json!("other"), Refusal::AuthorizedParty),
            ("exp", json!(NOW_S - 60), Refusal::Expired),
            ("iat", json!(NOW_S + 61), Refusal::FromTheFuture),
            ("nbf", json!(NOW_S + 61), Refusal::FromTheFuture),
            ("iat", json!(NOW_S - 361), Refusal::TooOld),
            ("nonce", json!("n-2"), Refusal::Nonce),
            ("nonce", json!(""), Refusal::Claim("nonce")),
            ("typ", json!("Refresh"), Refusal::Kind),
            ("typ", json!("Bearer"), Refusal::Kind),
            ("scope", json!("openid"), Refusal::Kind),
            ("events", json!({}), Refusal::Kind),
            ("act", json!({"sub": "bot"}), Refusal::Delegated),
        ] {
            assert_eq!(with(name, value.clone()).err(), Some(why), "{name} {value}");
        }
        for name in ["iss", "sub", "aud", "exp", "iat"] {
            assert_eq!(without(name).err(), Some(Refusal::Claim(name)), "{name}");
        }
        assert_eq!(without("nonce").err(), Some(Refusal::Nonce));
        for kind in ["at+jwt", "logout+jwt", "secevent+jwt", "dpop+jwt"] {
            assert_eq!(check(|_| {}, &expected(), Some(kind)).err(), Some(Refusal::Kind), "{kind}");
        }
    }

    #[test]
    fn a_step_up_needs_a_sign_in_that_is_fresh() {
        let fresh = Expected { fresh_since: Some(Timestamp::from_millis(NOW_S * 1000 + 500)), ..expected() };
        assert!(check(|_| {}, &fresh, None).is_ok());
        let old = check(|claims| claims["auth_time"] = json!(NOW_S - 11), &fresh, None);
        assert_eq!(old.err(), Some(Refusal::NotFresh));
        let none = check(|claims| drop(claims.as_object_mut().unwrap().remove("auth_time")), &fresh, None);
        assert_eq!(none.err(), Some(Refusal::NotFresh));
    }
}
