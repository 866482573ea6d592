//! Back-channel logout (OpenID Connect Back-Channel Logout 1.0): the provider says that somebody signed out there.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use model::{Digest, Timestamp};
use serde_json::Value;

use crate::{Refusal, RelyingParty, Result, pending::hash, token::id_token::times};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Notices that are remembered so that one isn't heeded twice.
const MAX_SEEN: usize = 4096;

/// Whose sessions end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogoutNotice {
    /// The provider's session; none: all of the subject's.
    pub session: Option<String>,
    /// The subject.
    pub subject: Option<String>,
}

/// The ids of notices that were heeded.
#[derive(Default)]
pub(crate) struct SeenNotices(Mutex<HashMap<Digest, Timestamp>>);

impl SeenNotices {
    /// True the first time.
    fn is_new(&self, id: &str, now: Timestamp, until: Timestamp) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, until| now < *until);
        if seen.len() >= MAX_SEEN {
            // Heeding one twice ends a session too many; not heeding one leaves a session too many.
            seen.clear();
        }
        seen.insert(hash("logout", id), until).is_none()
    }
}

impl RelyingParty {
    /// Reads a logout token.
    ///
    /// # Errors
    /// [`crate::Error::Refused`] for anything that isn't a fresh logout token of our issuer for us.
    pub async fn logout_notice(&self, token: &str) -> Result<LogoutNotice> {
        let opened = self.issuer.open(token).await?;
        let (claims, now, limits) = (&opened.claims, self.clock.now(), self.limits());
        if !opened.kind.as_deref().is_none_or(|kind| matches!(kind, "logout+jwt" | "jwt")) {
            return Err(Refusal::Kind.into());
        }
        let event = claims.get("events").and_then(|events| events.get(EVENT));
        // A nonce would make an ID token of it.
        if !event.is_some_and(Value::is_object) || claims.has("nonce") {
            return Err(Refusal::Kind.into());
        }
        if claims.text("iss")?.is_none_or(|issuer| issuer != self.config.issuer) {
            return Err(Refusal::Issuer.into());
        }
        if !claims.audiences()?.iter().all(|one| *one == self.config.client_id) {
            return Err(Refusal::Audience.into());
        }
        let made = claims.moment("iat")?.ok_or(Refusal::Claim("iat"))?;
        if claims.has("exp") {
            times(claims, now, limits)?;
        } else if made.ms_since(now) > limits.leeway_ms {
            return Err(Refusal::FromTheFuture.into());
        }
        let oldest = limits.token_age_ms + limits.leeway_ms;
        if now.ms_since(made) > oldest {
            return Err(Refusal::TooOld.into());
        }
        let id = claims.text("jti")?.ok_or(Refusal::Claim("jti"))?;
        let notice = LogoutNotice {
            session: claims.text("sid")?.map(str::to_owned),
            subject: claims.text("sub")?.map(str::to_owned),
        };
        if notice.session.is_none() && notice.subject.is_none() {
            return Err(Refusal::Claim("sub").into());
        }
        if !self.seen.is_new(id, now, made.plus_ms(oldest + 1)) {
            return Err(Refusal::TooOld.into());
        }
        Ok(notice)
    }
}
