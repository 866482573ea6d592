//! The grant: the signed permission that an allow turns into.

use model::{Digest, GrantId, KeyId, OutcomeId, PersonKey, Revision, RunId, Timestamp};
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
    /// Whose consent it rests on; none where nobody's was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub presence: Option<Presence>,
}

/// That people have to have been present, and who was.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    /// So many distinct people.
    pub people: u32,
    /// Their consents, in the order of the persons, each person once.
    pub consents: Vec<ByConsent>,
}

/// One person's consent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByConsent {
    /// The person, as the reviewed links know whoever gave it.
    pub person: PersonKey,
    /// The consent's hash.
    pub consent: Digest,
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
        } else if self.presence.as_ref().is_some_and(|presence| !presence.is_sound()) {
            "those who were present are too few, or not distinct"
        } else {
            return Ok(());
        };
        Err(GrantError::Unsound { what: "grant", why })
    }
}

impl Presence {
    /// Enough distinct people, each with a consent of their own.
    fn is_sound(&self) -> bool {
        let distinct = self.consents.windows(2).all(|two| matches!(two, [a, b] if a.person < b.person));
        let own: std::collections::BTreeSet<_> = self.consents.iter().map(|by| by.consent).collect();
        let enough = usize::try_from(self.people).is_ok_and(|people| people >= 1 && people <= own.len());
        distinct && enough && own.len() == self.consents.len() && own.len() <= MOST_CONSENTS
    }
}

/// More consents than that are under no grant.
const MOST_CONSENTS: usize = 64;

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
