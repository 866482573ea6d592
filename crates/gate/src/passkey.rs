//! Passkeys as the gate is told of them: whose, and by whom that was confirmed.

use grant::{ConsentProof, PasskeyKey};
use model::{Canonical, Identity, PersonKey};
use operations::Links;
use serde::{Deserialize, Serialize};

use crate::{Case, person_of};

/// A passkey that somebody else confirmed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeyRead {
    /// Its id, in base64url.
    pub credential: String,
    /// Whose it is.
    pub identity: Identity,
    /// The key by which the company names them, where the provider says it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub person: Option<PersonKey>,
    /// Its public key.
    pub key: PasskeyKey,
    /// Who confirmed that.
    pub confirmed_by: Identity,
    /// The key by which the company names them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confirmed_by_person: Option<PersonKey>,
}

impl Canonical for PasskeyRead {
    const DOMAIN: &'static str = "exequatur.passkey/1";
}

impl PasskeyRead {
    /// That another person confirmed it, as these links know them. Whom they don't know confirms nothing.
    #[must_use]
    pub fn is_confirmed(&self, links: &Links) -> bool {
        let owner = person_of(links, &self.identity, self.person.as_ref());
        let other = person_of(links, &self.confirmed_by, self.confirmed_by_person.as_ref());
        matches!((owner, other), (Some(owner), Some(other)) if owner != other)
    }
}

/// Whether what proves a consent is good: a step-up is by itself, a passkey where the case has it, of that person, confirmed.
pub(crate) fn holds(case: &Case, links: &Links, consent: &grant::Consent) -> bool {
    let ConsentProof::Passkey(passkey) = &consent.proof else { return true };
    case.passkeys.iter().any(|read| {
        read.credential == passkey.credential
            && read.identity == consent.identity
            && read.key == passkey.key
            && read.is_confirmed(links)
    })
}
