//! Grants and what executors sign: DSSE envelopes around in-toto statements, written in one way and read in no other.
//!
//! The gate signs a [`Grant`]; an executor verifies it into a [`VerifiedGrant`], without which nothing in `targets` acts;
//! then it signs a [`StepReport`] for every step. No I/O, no clock: bytes and the time come in, a value or a
//! [`GrantError`] goes out.

mod envelope;
mod error;
mod grant;
mod key;
mod report;
mod statement;
mod verified;

pub use error::GrantError;
pub use grant::{Grant, MAX_LIFETIME_MS, SignedGrant, check_offline};
pub use key::{Purpose, SigningKey};
pub use report::{Did, OutputSummary, SignedReport, StepReport};
pub use verified::{Expectations, MAX_SKEW_MS, StepAt, VerifiedGrant, idempotency_key, verify};
