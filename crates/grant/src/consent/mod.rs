//! Consents: a present human's yes or no to one plan, and what proves it.
//!
//! A [`Consent`] says what was signed and by whom; [`verify_consent`] holds it against what proves it. Live, the executor and
//! an auditor run that same function: it needs no network and no clock.
//!
//! Both kinds of proof sign the same value, [`Consent::signed`]: the plan, the answer, who gives it, a nonce and the outcome.
//! - A **step-up** ([`StepUp`]): the identity provider asked the person again, and its ID token bears a nonce that is made from
//!   that value. The provider's administrator can make such a token, too.
//! - A **passkey** ([`Passkey`]): an authenticator that the person unlocked signed that value as its challenge.

mod jws;
mod passkey;
mod step_up;

use model::{Canonical, Digest, Identity, OutcomeId, PersonKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::GrantError;

pub use passkey::{Passkey, PasskeyKey, Registration, register};
pub use step_up::{StepUp, Token, bound_nonce};

/// What was said to a plan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConsentAnswer {
    /// Yes.
    Approve,
    /// No: what waits for it ends.
    Refuse,
}

impl ConsentAnswer {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Refuse => "refuse",
        }
    }
}

/// A present human's answer to one plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// `exequatur.consent/1`
    pub schema: String,
    /// The outcome that waits for it.
    pub outcome: OutcomeId,
    /// The plan's hash.
    pub plan: Digest,
    /// What was said.
    pub answer: ConsentAnswer,
    /// Who said it.
    pub identity: Identity,
    /// The key by which the company names this human, where the provider says it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub person: Option<PersonKey>,
    /// Random, and used once.
    pub nonce: Digest,
    /// When it came, by our clock.
    pub at: Timestamp,
    /// What proves it.
    pub proof: ConsentProof,
}

/// What proves a consent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentProof {
    /// The identity provider asked the person again.
    StepUp(StepUp),
    /// A passkey of the person.
    Passkey(Passkey),
}

impl ConsentProof {
    /// Its kind, in a word.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::StepUp(_) => "step-up",
            Self::Passkey(_) => "passkey",
        }
    }
}

impl Canonical for Consent {
    const DOMAIN: &'static str = "exequatur.consent/1";
}

/// What a person is about to sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ToSign<'a> {
    /// The outcome.
    pub outcome: &'a OutcomeId,
    /// The plan's hash.
    pub plan: &'a Digest,
    /// The answer.
    pub answer: ConsentAnswer,
    /// Who.
    pub identity: &'a Identity,
    /// The nonce.
    pub nonce: &'a Digest,
}

impl ToSign<'_> {
    /// The value that is signed: the challenge of a passkey, and what the nonce of a step-up is made from.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_parts(
            Consent::DOMAIN,
            &[
                self.plan.as_bytes(),
                self.answer.name().as_bytes(),
                self.identity.issuer.as_bytes(),
                self.identity.subject.as_bytes(),
                self.nonce.as_bytes(),
                self.outcome.as_str().as_bytes(),
            ],
        )
    }
}

impl Consent {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.consent/1";

    /// The value that was signed.
    #[must_use]
    pub fn signed(&self) -> Digest {
        let Self { outcome, plan, answer, identity, nonce, .. } = self;
        ToSign { outcome, plan, answer: *answer, identity, nonce }.digest()
    }
}

/// A consent with what proves it. What the provider signed speaks of a person, so it lies beside the consent and can be
/// erased; then the consent can't be verified any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedConsent {
    /// What it says.
    pub consent: Consent,
    /// The ID token of a step-up; none for a passkey.
    pub token: Option<Token>,
}

/// What this installation takes as proof of presence, from its own configuration.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Grounds {
    /// The identity provider, and what we are there.
    pub provider: Option<Provider>,
    /// Where passkeys are used.
    pub passkeys: Option<Site>,
}

/// An identity provider, and what we are there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provider {
    /// The issuer, byte for byte.
    pub issuer: String,
    /// Our client.
    pub client: String,
}

/// The site that a passkey is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Site {
    /// The relying party's id: a host name.
    pub id: String,
    /// The origin of the pages that ask for it.
    pub origin: String,
}

/// A consent that was verified. Only [`verify_consent`] makes one.
///
/// ```compile_fail,E0451
/// fn forge(consent: grant::Consent) -> grant::VerifiedConsent {
///     grant::VerifiedConsent { consent }
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedConsent {
    consent: Consent,
}

impl VerifiedConsent {
    /// What it says.
    #[must_use]
    pub const fn consent(&self) -> &Consent {
        &self.consent
    }

    /// That what it rests on is what this installation takes.
    ///
    /// # Errors
    /// [`GrantError::Consent`] for another provider, client or site.
    pub fn rests_on(&self, grounds: &Grounds) -> Result<(), GrantError> {
        let taken = match &self.consent.proof {
            ConsentProof::StepUp(step_up) => grounds.provider.as_ref().is_some_and(|provider| {
                provider.issuer == self.consent.identity.issuer && provider.client == step_up.client
            }),
            ConsentProof::Passkey(passkey) => grounds
                .passkeys
                .as_ref()
                .is_some_and(|site| site.id == passkey.site && site.origin == passkey.origin),
        };
        if taken {
            Ok(())
        } else {
            Err(refuse("it rests on a provider or site that isn't the one configured here"))
        }
    }
}

/// Verifies a consent against what proves it: that this person said this, to this plan, for this outcome, with this nonce.
///
/// # Errors
/// [`GrantError::Consent`] says what doesn't hold.
pub fn verify_consent(signed: &SignedConsent) -> Result<VerifiedConsent, GrantError> {
    let consent = &signed.consent;
    if consent.schema != Consent::SCHEMA {
        return Err(refuse("its schema is not exequatur.consent/1"));
    }
    match (&consent.proof, &signed.token) {
        (ConsentProof::StepUp(step_up), Some(token)) => step_up.verify(consent, token)?,
        (ConsentProof::Passkey(passkey), None) => passkey.verify(&consent.signed())?,
        (ConsentProof::StepUp(_), None) => return Err(refuse("the identity provider's token is not there")),
        (ConsentProof::Passkey(_), Some(_)) => return Err(refuse("a passkey comes with no token")),
    }
    Ok(VerifiedConsent { consent: consent.clone() })
}

pub(crate) const fn refuse(why: &'static str) -> GrantError {
    GrantError::Consent { why }
}
