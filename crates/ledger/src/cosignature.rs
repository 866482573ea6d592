//! What a witness says: at this time, this was the log's largest consistent head (c2sp.org/tlog-cosignature, Ed25519).

use crate::{
    Error, Origin, SignedCheckpoint,
    key::{COSIGNER, PrivateKey, PublicKey},
    note,
};
use secrecy::SecretString;
use std::fmt;

/// A verified cosignature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness, by its key's name.
    pub witness: Origin,
    /// When it cosigned, in seconds since 1970-01-01T00:00:00Z.
    pub at_unix_s: u64,
}

/// What verifies a witness's cosignatures: `name+id+base64` of signature type 4.
#[derive(Clone, PartialEq, Eq)]
pub struct CosignerKey(PublicKey);

/// A witness's signing key. `Debug` shows name and id only, and the key is wiped from memory when dropped.
pub struct CosignerSigner(PrivateKey);

impl CosignerKey {
    /// Reads `name+id+base64`, with or without one newline at the end.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] if it is no Ed25519 cosigner key, its id is wrong, or it is weak.
    pub fn parse(text: &str) -> Result<Self, Error> {
        PublicKey::parse(text, COSIGNER).map(Self)
    }

    /// The witness's name.
    pub fn name(&self) -> &Origin {
        &self.0.name
    }
}

impl CosignerSigner {
    /// From 32 random bytes, which become the key.
    pub fn from_seed(name: Origin, seed: &[u8; 32]) -> Self {
        Self(PrivateKey::new(name, COSIGNER, seed))
    }

    /// Reads `PRIVATE+KEY+name+id+base64` of signature type 4.
    ///
    /// # Errors
    ///
    /// [`Error::Key`]; it never shows the key.
    pub fn parse(text: &SecretString) -> Result<Self, Error> {
        PrivateKey::parse(text, COSIGNER).map(Self)
    }

    /// The private key as [`CosignerSigner::parse`] reads it, for the file that keeps it.
    pub fn expose_private_key(&self) -> SecretString {
        SecretString::from(self.0.expose(COSIGNER).as_str())
    }

    /// The public half.
    pub fn verifier(&self) -> CosignerKey {
        CosignerKey(self.0.public.clone())
    }

    /// The signature line for a checkpoint that this witness found consistent with all it saw before.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if the time is over 2^63 − 1.
    pub fn cosign(&self, checkpoint: &SignedCheckpoint, at_unix_s: u64) -> Result<String, Error> {
        if i64::try_from(at_unix_s).is_err() {
            return Err(Error::Limit { what: "time", found: at_unix_s, limit: i64::MAX.unsigned_abs() });
        }
        let mut signature = at_unix_s.to_be_bytes().to_vec();
        signature.extend(self.0.sign(message(at_unix_s, &checkpoint.checkpoint().text()).as_bytes()));
        note::line(&self.0.public, &signature)
    }
}

impl SignedCheckpoint {
    /// Adds a cosignature line that verifies under `key`, in place of an older one by that key.
    ///
    /// # Errors
    ///
    /// [`Error::Note`] if it isn't one line, [`Error::BadSignature`] or [`Error::NotSigned`] if it isn't that key's.
    pub fn with_cosignature(self, line: &str, key: &CosignerKey) -> Result<Self, Error> {
        if line.matches('\n').count() != 1 || !line.ends_with('\n') {
            return Err(Error::Note("one signature line is expected"));
        }
        let alone = format!("{}\n{line}", self.checkpoint().text());
        if cosignatures(&alone, std::slice::from_ref(key))?.is_empty() {
            return Err(Error::NotSigned { expected: key.0.label() });
        }
        self.with_line(&key.0, line)
    }

    /// The cosignatures by the witnesses given, one each (the latest), in the order of `keys`; others are ignored.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if a line that claims to be by one of them is not.
    pub fn cosignatures(&self, keys: &[CosignerKey]) -> Result<Vec<Cosignature>, Error> {
        cosignatures(self.note(), keys)
    }
}

fn cosignatures(note: &str, keys: &[CosignerKey]) -> Result<Vec<Cosignature>, Error> {
    let parsed = note::parse(note.as_bytes())?;
    let mut found = Vec::new();
    for key in keys {
        let bad = || Error::BadSignature { key: key.0.label() };
        let mut latest = None;
        for signature in parsed.claimed(&key.0) {
            let (at, signature) = signature.split_first_chunk::<8>().ok_or_else(bad)?;
            let at = u64::from_be_bytes(*at);
            if i64::try_from(at).is_err() || !key.0.verify(message(at, &parsed.text).as_bytes(), signature) {
                return Err(bad());
            }
            latest = latest.max(Some(at));
        }
        found.extend(latest.map(|at_unix_s| Cosignature { witness: key.name().clone(), at_unix_s }));
    }
    Ok(found)
}

fn message(at_unix_s: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {at_unix_s}\n{text}")
}

impl fmt::Display for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosignerKey({})", self.0)
    }
}

impl fmt::Debug for CosignerSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosignerSigner({})", self.0.public.label())
    }
}
