//! What is kept of a passkey.

use gate::PasskeyRead;
use grant::PasskeyKey;
use model::{Digest, Identity, PersonKey, Timestamp};
use serde::{Deserialize, Serialize};
use store::Kept;

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptPasskey {
    /// Its id, in base64url.
    pub credential: String,
    /// Whose it is.
    pub identity: Identity,
    /// The key by which the company names them, where the provider says it.
    pub person: Option<PersonKey>,
    /// Its public key.
    pub key: PasskeyKey,
    /// How its person calls it.
    pub label: String,
    /// When it came to stand so.
    pub at: Timestamp,
    /// How it stands.
    pub state: PasskeyState,
}

/// How a passkey stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum PasskeyState {
    /// It waits for another person.
    Enrolled,
    /// Another person confirmed it: it counts.
    Confirmed {
        /// Who.
        by: Identity,
        /// The key by which the company names them.
        person: Option<PersonKey>,
    },
    /// It is good for nothing any more.
    Revoked,
}

impl KeptPasskey {
    /// Its key in the store: ids may be long.
    pub(crate) fn id_of(credential: &str) -> Digest {
        Digest::of(credential.as_bytes())
    }

    /// What the gate is told, once another person confirmed it.
    pub(crate) fn read(&self) -> Option<PasskeyRead> {
        let PasskeyState::Confirmed { by, person } = &self.state else { return None };
        Some(PasskeyRead {
            credential: self.credential.clone(),
            identity: self.identity.clone(),
            person: self.person.clone(),
            key: self.key.clone(),
            confirmed_by: by.clone(),
            confirmed_by_person: person.clone(),
        })
    }
}

impl Kept for KeptPasskey {
    const KIND: &'static str = "passkey";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        Self::id_of(&self.credential).to_string()
    }

    fn state(&self) -> &'static str {
        match self.state {
            PasskeyState::Enrolled => "enrolled",
            PasskeyState::Confirmed { .. } => "confirmed",
            PasskeyState::Revoked => "revoked",
        }
    }

    fn sort(&self) -> i64 {
        self.at.as_millis()
    }
}
