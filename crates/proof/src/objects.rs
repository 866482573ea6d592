//! The objects of a bundle: each is what its digest says, and each is used.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use model::Digest;
use serde::{Serialize, de::DeserializeOwned};

use crate::ProofError;

/// The objects, and which of them were asked for.
pub(crate) struct Objects {
    bytes: BTreeMap<Digest, Vec<u8>>,
    used: RefCell<BTreeSet<Digest>>,
}

impl Objects {
    pub(crate) fn decode(objects: &BTreeMap<Digest, String>) -> Result<Self, ProofError> {
        let mut bytes = BTreeMap::new();
        for (digest, text) in objects {
            let object =
                STANDARD.decode(text).map_err(|why| ProofError::format(format!("object {digest}"), why))?;
            if Digest::of(&object) != *digest {
                return Err(ProofError::format(format!("object {digest}"), "its SHA-256 is another"));
            }
            bytes.insert(*digest, object);
        }
        Ok(Self { bytes, used: RefCell::default() })
    }

    pub(crate) fn get(&self, what: &str, digest: &Digest) -> Result<&[u8], ProofError> {
        self.used.borrow_mut().insert(*digest);
        let found = self.bytes.get(digest);
        found.map(Vec::as_slice).ok_or_else(|| ProofError::missing(format!("{what} (object {digest})")))
    }

    /// A value in its one canonical form.
    pub(crate) fn value<T: Serialize + DeserializeOwned>(
        &self,
        what: &str,
        digest: &Digest,
    ) -> Result<T, ProofError> {
        canonical(what, self.get(what, digest)?)
    }

    /// Refuses what nothing asked for.
    pub(crate) fn all_used(&self) -> Result<(), ProofError> {
        let used = self.used.borrow();
        match self.bytes.keys().find(|digest| !used.contains(digest)) {
            Some(stray) => Err(ProofError::Stray(format!("object {stray}"))),
            None => Ok(()),
        }
    }
}

/// Reads a value in its one canonical form. How long it may be is the bundle's limit, not one of its own: what a large range
/// rests on is large.
pub(crate) fn canonical<T: Serialize + DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<T, ProofError> {
    let value: T = serde_json::from_slice(bytes).map_err(|why| ProofError::format(what, why))?;
    let again = model::to_canonical(&value).map_err(|why| ProofError::format(what, why))?;
    if again == bytes {
        Ok(value)
    } else {
        Err(ProofError::format(what, "the same is written differently in canonical JSON (RFC 8785)"))
    }
}
