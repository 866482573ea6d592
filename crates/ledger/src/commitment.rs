//! Salted commitments: a hash that proves a text to whoever holds text and salt, and tells nothing to anybody else.
//!
//! `commitment = HMAC-SHA-256(key = salt, message = purpose ‖ body)`, where `purpose` is one of two fixed lines, each
//! ending in a newline, so that neither is a prefix of the other. The salt is 32 random bytes, always: a key of fixed
//! length leaves HMAC no second way to the same hash. Erasing the salt makes even a guessable body unprovable.

use crate::{Error, hash::bytes32_from_hex};
use hmac::{Hmac, Mac, digest::Key};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::Sha256;
use std::{borrow::Cow, fmt};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// What a commitment is for; a commitment made for one purpose never opens for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A text beside the log, named in a leaf's `sealed`.
    Sealed,
    /// The record that an entry changed, in a leaf's `state`.
    State,
}

impl Purpose {
    /// The line that separates this purpose's hashes from all others.
    pub const fn line(self) -> &'static str {
        match self {
            Self::Sealed => "exequatur.ledger/sealed/1\n",
            Self::State => "exequatur.ledger/state/1\n",
        }
    }
}

/// The 32 random bytes that keep a committed text from being guessed. Kept beside the text, erased with it.
///
/// `Debug` doesn't show it, and it is wiped from memory when dropped. In JSON: 64 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    /// Wraps 32 bytes from a cryptographic source of randomness.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be stored beside the text.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl Drop for Salt {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

/// Where salts come from. Randomness is a parameter: the operating system's in production, seeded in tests.
///
/// Any `FnMut() -> [u8; 32]` is one.
pub trait Salts {
    /// The next salt; never one that was handed out before.
    ///
    /// # Errors
    ///
    /// [`Error::NoRandomness`] if the source fails; then nothing is sealed.
    fn next_salt(&mut self) -> Result<Salt, Error>;
}

impl<F: FnMut() -> [u8; 32]> Salts for F {
    fn next_salt(&mut self) -> Result<Salt, Error> {
        Ok(Salt::new(self()))
    }
}

/// A salted commitment. In JSON: 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commitment([u8; 32]);

impl Commitment {
    /// Commits to `body`.
    pub fn make(purpose: Purpose, salt: &Salt, body: &[u8]) -> Self {
        let mut mac = Self::mac(salt);
        mac.update(purpose.line().as_bytes());
        mac.update(body);
        Self(mac.finalize().into_bytes().into())
    }

    /// Whether `body` with `salt` is what was committed to; in constant time.
    pub fn verify(&self, purpose: Purpose, salt: &Salt, body: &[u8]) -> bool {
        Self::make(purpose, salt, body).0.ct_eq(&self.0).into()
    }

    /// Wraps 32 bytes that were stored.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Lower-case hexadecimal, 64 characters.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Reads [`Commitment::to_hex`]; upper case is refused.
    pub fn from_hex(text: &str) -> Option<Self> {
        bytes32_from_hex(text).map(Self)
    }

    fn mac(salt: &Salt) -> Hmac<Sha256> {
        // HMAC pads a key that is shorter than its block with zeros (RFC 2104, section 2); padded here, it can't fail.
        let mut block = Key::<Hmac<Sha256>>::default();
        for (to, from) in block.iter_mut().zip(&salt.0) {
            *to = *from;
        }
        let mac = Hmac::new(&block);
        block.zeroize();
        mac
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Commitment({})", self.to_hex())
    }
}

impl Serialize for Commitment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for Commitment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| de::Error::custom("expected 64 lower-case hexadecimal digits"))
    }
}

impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        bytes32_from_hex(&text)
            .map(Self)
            .ok_or_else(|| de::Error::custom("expected 64 lower-case hexadecimal digits"))
    }
}
