//! Presence by step-up: that a person was there, just now, and what that rests on.

use model::{Digest, Timestamp};
use serde_json::Value;

use crate::{Person, SessionId};

/// A person who proved just now to be present. Only a step-up makes one. What the proof rests on is kept with it: the
/// provider's administrator could have made it too.
#[derive(Clone, Debug)]
pub struct Presence {
    pub(crate) person: Person,
    pub(crate) session: SessionId,
    pub(crate) at: Timestamp,
    pub(crate) proof: Proof,
}

/// What a presence rests on.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Our client at the provider: for whom the token is.
    pub client: String,
    /// The claim that names the human, if one does.
    pub person_claim: Option<String>,
    /// The hash of what is signed, if anything.
    pub binds: Option<Digest>,
    /// With which the nonce was made from it: [`grant::bound_nonce`].
    pub salt: Option<String>,
    /// The ID token, as it came.
    pub id_token: String,
    /// The key that signed it, as the issuer publishes it.
    pub key: Value,
}

impl Presence {
    /// Who.
    #[must_use]
    pub const fn person(&self) -> &Person {
        &self.person
    }

    /// The session in which it was asked for.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// When the provider asked them.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// What it rests on.
    #[must_use]
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }

    /// Whether it is no older than this.
    #[must_use]
    pub const fn is_fresh(&self, now: Timestamp, max_age_ms: i64) -> bool {
        now.ms_since(self.at) <= max_age_ms
    }
}
