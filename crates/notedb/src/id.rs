//! Names of git objects.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The SHA-1 name of a git object: 20 bytes, written as 40 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId([u8; 20]);

/// What was handed in is not the name of a git object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not a git object id: 40 hex digits are wanted")]
pub struct IdError {
    given: String,
}

impl ObjectId {
    /// From the 20 bytes themselves.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// From 20 raw bytes, as trees hold them.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// From exactly 40 hex digits.
    #[must_use]
    pub fn from_hex(hex: &[u8]) -> Option<Self> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(hex, &mut bytes).ok().map(|()| Self(bytes))
    }

    /// The 20 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ObjectId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::from_hex(text.as_bytes()).ok_or_else(|| IdError { given: text.chars().take(80).collect() })
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_goes_there_and_back() {
        let hex = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(hex.parse::<ObjectId>().unwrap().to_string(), hex);
        let json = format!("{hex:?}");
        assert_eq!(serde_json::to_string(&serde_json::from_str::<ObjectId>(&json).unwrap()).unwrap(), json);
    }

    #[test]
    fn other_lengths_and_letters_are_refused() {
        for bad in [
            "",
            "0123",
            "0123456789abcdef0123456789abcdef0123456z",
            "0123456789abcdef0123456789abcdef012345670",
        ] {
            assert!(bad.parse::<ObjectId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_shows_itself_and_an_error_not_too_much() {
        let hex = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(format!("{:?}", hex.parse::<ObjectId>().unwrap()), hex);
        let error = "x".repeat(100).parse::<ObjectId>().unwrap_err().to_string();
        assert_eq!(error.matches('x').count(), 81, "eighty, and the one in hex: {error}");
    }
}
