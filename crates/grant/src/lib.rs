//! Consents, grants and what executors sign. Grants and reports are DSSE envelopes around in-toto statements, written in one
//! way and read in no other.
//!
//! People sign a [`Consent`]; the gate signs a [`Grant`]; an executor verifies it into a [`VerifiedGrant`], without which nothing in `targets` acts;
//! then it signs a [`StepReport`] for every step. No I/O, no clock: bytes and the time come in, a value or a
//! [`GrantError`] goes out.

mod consent;
mod envelope;
mod error;
mod grant;
mod key;
mod report;
mod statement;
mod verified;

pub use consent::{
    Consent, ConsentAnswer, ConsentProof, Grounds, Passkey, PasskeyKey, Provider, Registration,
    SignedConsent, Site, StepUp, ToSign, Token, VerifiedConsent, bound_nonce, register, verify_consent,
};
pub use error::GrantError;
pub use grant::{ByConsent, Grant, MAX_LIFETIME_MS, Presence, SignedGrant, check_offline};
pub use key::{Purpose, SigningKey};
pub use report::{Did, OutputSummary, SignedReport, StepReport};
pub use verified::{Expectations, MAX_SKEW_MS, StepAt, VerifiedGrant, idempotency_key, verify};
