//! What a program wrote: bounded, redacted, made safe.

mod capture;
mod safe;
mod secrets;

use std::fmt;

pub(crate) use capture::Capture;
pub(crate) use safe::make_safe;
pub use secrets::Secrets;

/// What is kept of an output, as text that shows as it is: no control characters but line feed and tab, no escape
/// sequences, nothing that turns or hides text, no secrets by value. Never posted anywhere; read by those who may.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SafeOutput {
    text: String,
    bytes: u64,
    truncated: bool,
}

impl SafeOutput {
    /// Of a text of our own.
    pub(crate) fn of_text(text: &str, secrets: &Secrets) -> Self {
        let mut capture = Capture::new(4096, 4096);
        capture.push(text.as_bytes());
        capture.finish(secrets)
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many bytes were written, also those that were not kept.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether some were not kept.
    #[must_use]
    pub const fn truncated(&self) -> bool {
        self.truncated
    }
}

impl fmt::Debug for SafeOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SafeOutput({} bytes, truncated: {})", self.bytes, self.truncated)
    }
}
