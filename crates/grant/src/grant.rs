//! The grant: the signed permission that an allow turns into.

use model::{Digest, GrantId, KeyId, OutcomeId, Revision, RunId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    GrantError, Purpose, SigningKey,
    statement::{self, Predicate},
};

/// The longest that a grant may be good for, in milliseconds: a day.
pub const MAX_LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;

/// A permission for one plan, one run, one executor, until a deadline. By itself it permits nothing: only a
/// [`crate::VerifiedGrant`] does, and only until it is spent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// `exequatur.grant/1`
    pub schema: String,
    /// Ours.
    pub id: GrantId,
    /// The one run that may spend it.
    pub run: RunId,
    /// The outcome that the run settles.
    pub outcome: OutcomeId,
    /// The plan's hash.
    pub plan: Digest,
    /// The decision's hash.
    pub decision: Digest,
    /// The accepted configuration whose policies decided: the decision's.
    pub configuration: Revision,
    /// The executor that may act.
    pub executor: KeyId,
    /// The host on which it may act, as that executor's own configuration names it; 1 to 255 printable ASCII characters.
    pub host: String,
    /// The origin of the ledger in which it is recorded; 1 to 255 printable ASCII characters.
    pub origin: String,
    /// When.
    pub issued_at: Timestamp,
    /// From this moment on it is dead; at most [`MAX_LIFETIME_MS`] later.
    pub not_after: Timestamp,
    /// The decision's evidence.
    pub evidence: Digest,
}

impl Grant {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.grant/1";

    /// Signs it with the gate's key.
    ///
    /// # Errors
    /// [`GrantError::WrongPurpose`] for another key; [`GrantError::Unsound`] if it contradicts itself.
    pub fn sign(&self, gate: &SigningKey) -> Result<SignedGrant, GrantError> {
        Ok(SignedGrant(statement::sign(self.clone(), gate)?))
    }
}

impl Predicate for Grant {
    const TYPE: &'static str = "https://exequatur.dev/grant/1";
    const PURPOSE: Purpose = Purpose::Gate;

    fn plan(&self) -> Digest {
        self.plan
    }

    fn check(&self) -> Result<(), GrantError> {
        let lifetime_ms = self.not_after.ms_since(self.issued_at);
        let why = if self.schema != Self::SCHEMA {
            "its schema is not exequatur.grant/1"
        } else if !is_plain(&self.host) {
            "its host is not 1 to 255 printable ASCII characters"
        } else if !is_plain(&self.origin) {
            "its origin is not 1 to 255 printable ASCII characters"
        } else if lifetime_ms <= 0 {
            "it ends before it begins"
        } else if lifetime_ms > MAX_LIFETIME_MS {
            "it is good for more than a day"
        } else {
            return Ok(());
        };
        Err(GrantError::Unsound { what: "grant", why })
    }
}

fn is_plain(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// A grant as its signed bytes: a DSSE envelope in canonical JSON.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedGrant(Vec<u8>);

impl SignedGrant {
    /// The bytes to store, to send and to verify.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same, owned.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The plain SHA-256 of the bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

/// Reads a grant that this gate signed, for proofs: what it says, whenever that was. It permits nothing.
///
/// # Errors
/// Whatever is wrong with envelope, signature, statement or grant.
pub fn check_offline(bytes: &[u8], gate: &KeyId) -> Result<Grant, GrantError> {
    statement::read(bytes, gate)
}
