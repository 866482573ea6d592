//! Why a key, a grant or a report is refused.

use model::{Digest, KeyId, NotCanonical, Timestamp};

use crate::Purpose;

/// Why a key, a grant or a report is refused.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// The envelope is no DSSE envelope in canonical JSON.
    #[error("the envelope is not canonical DSSE: {0}")]
    Envelope(#[source] NotCanonical),
    /// The envelope is longer than any grant or report.
    #[error("the envelope has {len} bytes; at most {limit} are read")]
    TooLong {
        /// What was given.
        len: usize,
        /// What is read at most.
        limit: usize,
    },
    /// Not exactly one signature.
    #[error("the envelope has {count} signatures; exactly one is read")]
    Signatures {
        /// How many.
        count: usize,
    },
    /// The payload is of another type.
    #[error("the payload type is {found:?}, not an in-toto statement")]
    PayloadType {
        /// What stood there.
        found: String,
    },
    /// Payload or signature is not standard base64 with padding.
    #[error("the {what} is not standard base64")]
    Base64 {
        /// Which of the two.
        what: &'static str,
    },
    /// Another key than the expected one.
    #[error("it names the key {found:?}, not the {purpose} key {expected}")]
    OtherKey {
        /// For what the key was expected.
        purpose: Purpose,
        /// The expected one.
        expected: KeyId,
        /// The one named.
        found: String,
    },
    /// The key id is no usable Ed25519 public key.
    #[error("{key} is no usable Ed25519 public key")]
    BadKey {
        /// The key.
        key: KeyId,
    },
    /// The signature does not fit.
    #[error("the signature does not fit the payload and the {purpose} key")]
    Signature {
        /// For what the key was expected.
        purpose: Purpose,
    },
    /// The payload is no such statement in canonical JSON.
    #[error("the payload is not the canonical statement that was expected: {0}")]
    Statement(#[source] NotCanonical),
    /// The statement is about something else, or was signed for another purpose.
    #[error("the statement's {what} is {found:?}, not {expected:?}")]
    StatementKind {
        /// Which member.
        what: &'static str,
        /// What stood there.
        found: String,
        /// What should stand there.
        expected: String,
    },
    /// The value contradicts itself.
    #[error("not a sound {what}: {why}")]
    Unsound {
        /// Of what kind.
        what: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// It is for another of something than the one at hand.
    #[error("the grant is for {what} {granted}, and here it is {here}")]
    Other {
        /// Of what: `plan`, `decision`, `executor`, `host`, `origin`, …
        what: &'static str,
        /// The one granted.
        granted: String,
        /// The one here.
        here: String,
    },
    /// The decision is no allow.
    #[error("the decision {decision} is a deny: it grants nothing")]
    Denied {
        /// Its digest.
        decision: Digest,
    },
    /// The deadline is over.
    #[error(
        "the grant was good until {not_after}, and it is {now}\nhint: a new decision gives a new grant; this one stays dead"
    )]
    Expired {
        /// The deadline.
        not_after: Timestamp,
        /// The time.
        now: Timestamp,
    },
    /// Issued in the future.
    #[error(
        "the grant was issued at {issued_at}, and here it is only {now}\nhint: compare the clocks of gate and executor"
    )]
    NotYet {
        /// When it says that it was issued.
        issued_at: Timestamp,
        /// The time.
        now: Timestamp,
    },
    /// A consent that doesn't hold.
    #[error("the consent is refused: {why}")]
    Consent {
        /// What doesn't hold.
        why: &'static str,
    },
    /// A key for one purpose was asked to sign for another.
    #[error("this is {is} key, and a {needs} key signs here", is = .is.with_article())]
    WrongPurpose {
        /// What it is for.
        is: Purpose,
        /// What is needed.
        needs: Purpose,
    },
    /// The text is no key file.
    #[error(
        "not a key file: one line `exequatur-key-1:<gate|executor>:<64 lower-case hex digits>` is expected"
    )]
    KeyFile,
    /// The machine has no randomness to give.
    #[error("no randomness for a new key: {0}")]
    Entropy(#[source] std::io::Error),
    /// The value can't be JSON.
    #[error("can't be written as canonical JSON: {0}")]
    Write(#[from] serde_json::Error),
}
