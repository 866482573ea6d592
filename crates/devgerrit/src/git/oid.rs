//! Object names.

use std::fmt;
use std::str::FromStr;

/// A SHA-1 object name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Oid([u8; 20]);

impl Oid {
    /// What git writes where there is no object.
    pub(crate) const ZERO: Self = Self([0; 20]);

    pub(crate) fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// `None` unless it is exactly 40 hex digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The first seven digits, as messages to people show them.
    pub(crate) fn short(&self) -> String {
        self.to_string().chars().take(7).collect()
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Oid {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::parse(text).ok_or(())
    }
}
