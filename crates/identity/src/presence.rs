//! Presence by step-up: that a person was there, just now, and what that rests on.

use model::{Digest, Timestamp};
use serde_json::Value;

use crate::Person;

/// A person who proved just now to be present. Only a step-up makes one. What the proof rests on is kept with it: the
/// provider's administrator could have made it too.
#[derive(Clone, Debug)]
pub struct Presence {
    pub(crate) person: Person,
    pub(crate) at: Timestamp,
    pub(crate) proof: Proof,
}

/// What a presence rests on.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The hash of what is signed, if anything.
    pub binds: Option<Digest>,
    /// With which the nonce was made from it: `hex(SHA-256 of parts("exequatur.identity/presence", [binds, salt]))`.
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

/// A nonce that says what is signed, and still is used once.
pub(crate) fn bound_nonce(binds: &Digest, salt: &str) -> String {
    Digest::of_parts("exequatur.identity/presence", &[binds.as_bytes(), salt.as_bytes()]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_nonce_is_of_its_plan_and_of_its_salt() {
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        assert_eq!(bound_nonce(&a, "s"), bound_nonce(&a, "s"));
        assert_ne!(bound_nonce(&a, "s"), bound_nonce(&b, "s"));
        assert_ne!(bound_nonce(&a, "s"), bound_nonce(&a, "t"));
    }
}
