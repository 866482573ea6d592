//! The log's keys, in the encodings of signed notes: `name+id+base64` and `PRIVATE+KEY+name+id+base64`.

use crate::{Error, Origin};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use zeroize::Zeroizing;

/// Signature type of a log's own Ed25519 signature (c2sp.org/signed-note).
pub(crate) const LOG: u8 = 0x01;
/// Signature type of a witness's timestamped Ed25519 cosignature (c2sp.org/tlog-cosignature).
pub(crate) const COSIGNER: u8 = 0x04;
/// Longest encoded key; a name of 255 bytes fits with room.
const MAX_KEY_BYTES: usize = 512;

/// A named Ed25519 public key of one signature type.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PublicKey {
    pub(crate) name: Origin,
    pub(crate) id: u32,
    algorithm: u8,
    key: VerifyingKey,
}

impl PublicKey {
    pub(crate) fn new(name: Origin, algorithm: u8, key: VerifyingKey) -> Self {
        let id = signed_note::key_id(name.as_str(), &with_algorithm(algorithm, key.as_bytes()));
        Self { name, id, algorithm, key }
    }

    pub(crate) fn parse(text: &str, algorithm: u8) -> Result<Self, Error> {
        let bad = |why| Error::Key { what: "verifier key", why };
        let text = text.strip_suffix('\n').unwrap_or(text);
        if text.len() > MAX_KEY_BYTES {
            return Err(bad("too long"));
        }
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad("expected `name+id+base64`"));
        };
        if id == "KEY" {
            return Err(bad("this is a private key; give the public one, and keep this secret"));
        }
        let name = Origin::new(name).map_err(|_| bad("the name is not well formed"))?;
        let bytes = BASE64_STANDARD.decode(key).map_err(|_| bad("the key is not base64"))?;
        let (found, bytes) = bytes.split_first().ok_or_else(|| bad("the key is empty"))?;
        if *found != algorithm {
            return Err(bad("another signature type"));
        }
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| bad("an Ed25519 key has 32 bytes"))?;
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| bad("not a point of the curve"))?;
        if key.is_weak() {
            return Err(bad("a weak key, under which anybody can sign"));
        }
        let parsed = Self::new(name, algorithm, key);
        // Also refuses a wrong id, and every second spelling.
        if parsed.to_string() != text {
            return Err(bad("the id doesn't belong to name and key"));
        }
        Ok(parsed)
    }

    /// Whether `signature` is this key's over `message`; strict, so that each signature has one spelling.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = ed25519_dalek::Signature::from_slice(signature) else { return false };
        self.key.verify_strict(message, &signature).is_ok()
    }

    /// Name and id, for messages.
    pub(crate) fn label(&self) -> String {
        format!("{}+{:08x}", self.name, self.id)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64_STANDARD.encode(with_algorithm(self.algorithm, self.key.as_bytes()));
        write!(f, "{}+{:08x}+{key}", self.name, self.id)
    }
}

fn with_algorithm(algorithm: u8, key: &[u8; 32]) -> [u8; 33] {
    let mut bytes = [algorithm; 33];
    for (to, from) in bytes.iter_mut().skip(1).zip(key) {
        *to = *from;
    }
    bytes
}

/// A named Ed25519 private key of one signature type; wiped from memory when dropped.
pub(crate) struct PrivateKey {
    key: SigningKey,
    pub(crate) public: PublicKey,
}

impl PrivateKey {
    pub(crate) fn new(name: Origin, algorithm: u8, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let public = PublicKey::new(name, algorithm, key.verifying_key());
        Self { key, public }
    }

    pub(crate) fn parse(text: &SecretString, algorithm: u8) -> Result<Self, Error> {
        let bad = |why| Error::Key { what: "signer key", why };
        let text = text.expose_secret();
        let text = text.strip_suffix('\n').unwrap_or(text);
        if text.len() > MAX_KEY_BYTES {
            return Err(bad("too long"));
        }
        let rest =
            text.strip_prefix("PRIVATE+KEY+").ok_or_else(|| bad("expected `PRIVATE+KEY+name+id+base64`"))?;
        let mut parts = rest.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad("expected `PRIVATE+KEY+name+id+base64`"));
        };
        let name = Origin::new(name).map_err(|_| bad("the name is not well formed"))?;
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(key).map_err(|_| bad("the key is not base64"))?);
        let (found, seed) = bytes.split_first().ok_or_else(|| bad("the key is empty"))?;
        if *found != algorithm {
            return Err(bad("another signature type"));
        }
        let seed: &[u8; 32] = seed.try_into().map_err(|_| bad("an Ed25519 key has 32 bytes"))?;
        let parsed = Self::new(name, algorithm, seed);
        if *parsed.expose(algorithm) != *text {
            return Err(bad("the id doesn't belong to name and key"));
        }
        Ok(parsed)
    }

    pub(crate) fn expose(&self, algorithm: u8) -> Zeroizing<String> {
        let bytes = Zeroizing::new(with_algorithm(algorithm, self.key.as_bytes()));
        let key = Zeroizing::new(BASE64_STANDARD.encode(*bytes));
        Zeroizing::new(format!("PRIVATE+KEY+{}+{:08x}+{}", self.public.name, self.public.id, *key))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

/// What verifies a log's checkpoints: `name+id+base64`, where the name is the log's origin.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey(pub(crate) PublicKey);

impl VerifierKey {
    /// Reads `name+id+base64`, with or without one newline at the end.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] if it is no Ed25519 note key, its id is wrong, or it is weak.
    pub fn parse(text: &str) -> Result<Self, Error> {
        PublicKey::parse(text, LOG).map(Self)
    }

    /// From an Ed25519 public key of 32 bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] if it is no good key.
    pub fn from_bytes(name: Origin, key: &[u8; 32]) -> Result<Self, Error> {
        let bad = |why| Error::Key { what: "verifier key", why };
        let key = VerifyingKey::from_bytes(key).map_err(|_| bad("not a point of the curve"))?;
        if key.is_weak() {
            return Err(bad("a weak key, under which anybody can sign"));
        }
        Ok(Self(PublicKey::new(name, LOG, key)))
    }

    /// The key's name: the origin of the log that it speaks for.
    pub fn name(&self) -> &Origin {
        &self.0.name
    }

    /// The short id in signature lines.
    pub fn id(&self) -> u32 {
        self.0.id
    }

    /// The Ed25519 public key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.key.as_bytes()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({})", self.0)
    }
}

/// The log's signing key. `Debug` shows name and id only, and the key is wiped from memory when dropped.
pub struct LogSigner(pub(crate) PrivateKey);

impl LogSigner {
    /// From 32 random bytes, which become the key; keep or wipe them yourself.
    pub fn from_seed(name: Origin, seed: &[u8; 32]) -> Self {
        Self(PrivateKey::new(name, LOG, seed))
    }

    /// Reads `PRIVATE+KEY+name+id+base64`, with or without one newline at the end.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] if it is no Ed25519 note key or its id is wrong. The error never shows the key.
    pub fn parse(text: &SecretString) -> Result<Self, Error> {
        PrivateKey::parse(text, LOG).map(Self)
    }

    /// The private key as [`LogSigner::parse`] reads it, for the file that keeps it.
    pub fn expose_private_key(&self) -> SecretString {
        SecretString::from(self.0.expose(LOG).as_str())
    }

    /// The public half.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey(self.0.public.clone())
    }

    /// The log that it signs for.
    pub fn origin(&self) -> &Origin {
        &self.0.public.name
    }
}

impl fmt::Debug for LogSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogSigner({})", self.0.public.label())
    }
}
