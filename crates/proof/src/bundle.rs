//! The bundle: one canonical JSON file (`docs/BUNDLE.md`).

use std::collections::BTreeMap;

use model::{Digest, RunId};
use serde::{Deserialize, Serialize};

use crate::ProofError;

/// What is read of a bundle at most.
pub const MAX_BUNDLE_BYTES: usize = 100 * 1024 * 1024;
/// Entries in a bundle at most.
const ENTRIES: usize = 20_000;

/// All that is needed to check one run offline.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// `exequatur.bundle/1`
    pub schema: String,
    /// The run that it proves.
    pub run: RunId,
    /// The signed checkpoint, a note.
    pub checkpoint: String,
    /// Entries of the ledger, in the order of their index.
    pub entries: Vec<BundleEntry>,
    /// Objects by SHA-256, in base64: what entries and objects name by digest.
    pub objects: BTreeMap<Digest, String>,
}

/// One entry with its proof.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleEntry {
    /// Its index.
    pub index: u64,
    /// The leaf's canonical bytes, as text.
    pub leaf: String,
    /// The inclusion proof: hashes in hex, from the leaf up.
    pub path: Vec<String>,
    /// The texts that the leaf commits to, by name; null: erased.
    pub sealed: BTreeMap<String, Option<BundleText>>,
}

/// A committed text with its salt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleText {
    /// The salt, hex.
    pub salt: String,
    /// The text, in base64.
    pub body: String,
}

impl Bundle {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.bundle/1";

    /// The one way to write it.
    ///
    /// # Errors
    /// None in practice.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        model::to_canonical(self)
    }

    /// Reads one, and refuses every other way to write it.
    ///
    /// # Errors
    /// [`ProofError::Format`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
        let refuse = |why: String| ProofError::format("bundle", why);
        if bytes.len() > MAX_BUNDLE_BYTES {
            return Err(refuse(format!("{} bytes; at most {MAX_BUNDLE_BYTES} are read", bytes.len())));
        }
        let bundle: Self = serde_json::from_slice(bytes).map_err(|why| refuse(why.to_string()))?;
        if bundle.encode().map_err(|why| refuse(why.to_string()))? != bytes {
            return Err(refuse("the same is written differently in canonical JSON (RFC 8785)".to_owned()));
        }
        if bundle.schema != Self::SCHEMA {
            return Err(refuse(format!("its schema is {:?}, not {}", bundle.schema, Self::SCHEMA)));
        }
        if bundle.entries.len() > ENTRIES {
            return Err(refuse(format!("{} entries; at most {ENTRIES} are read", bundle.entries.len())));
        }
        Ok(bundle)
    }
}
