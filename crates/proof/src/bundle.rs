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
// Fields stand in the order of their names, here and below: so serde_json writes the canonical form, and fast.
pub struct Bundle {
    /// The signed checkpoint, a note.
    pub checkpoint: String,
    /// Entries of the ledger, in the order of their index.
    pub entries: Vec<BundleEntry>,
    /// Objects by SHA-256, in base64: what entries and objects name by digest.
    pub objects: BTreeMap<Digest, String>,
    /// The run that it proves.
    pub run: RunId,
    /// `exequatur.bundle/1`
    pub schema: String,
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
    /// The text, in base64.
    pub body: String,
    /// The salt, hex.
    pub salt: String,
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
        // As `encode` does, but for the sorting, which is done already.
        if serde_json::to_vec(&bundle).map_err(|why| refuse(why.to_string()))? != bytes {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Bundle {
        let sealed = BTreeMap::from([
            ("a".to_owned(), None),
            ("b".to_owned(), Some(BundleText { body: "eA==".into(), salt: "00".repeat(32) })),
        ]);
        let leaf = "{\"a\":\"\u{1}\\u0001 \u{2014} \\ / \u{7f}\u{10ffff}\"}\n\t\u{8}\u{c}\r".to_owned();
        Bundle {
            checkpoint: "x\n1\n\n\u{2014} x y\n".into(),
            entries: vec![BundleEntry { index: u64::MAX, leaf, path: vec!["00".into()], sealed }],
            objects: BTreeMap::from([(Digest::of(b"b"), "Yg==".into()), (Digest::of(b"a"), "YQ==".into())]),
            run: RunId::derive(&[b"x"]),
            schema: Bundle::SCHEMA.to_owned(),
        }
    }

    #[test]
    fn the_fast_way_to_write_it_is_the_canonical_one() {
        let bundle = sample();
        // An index so large is no number of JSON's; smaller ones are.
        let entries = vec![BundleEntry { index: (1 << 53) - 1, ..bundle.entries[0].clone() }];
        let bundle = Bundle { entries, ..bundle };
        let bytes = bundle.encode().unwrap();
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), serde_json::to_string(&bundle).unwrap());
        assert_eq!(Bundle::decode(&bytes), Ok(bundle));
    }

    #[test]
    fn too_many_entries_are_refused() {
        let bundle = sample();
        let one = BundleEntry { index: 0, ..bundle.entries[0].clone() };
        let bundle = Bundle { entries: vec![one; ENTRIES + 1], ..bundle };
        let why = Bundle::decode(&serde_json::to_vec(&bundle).unwrap()).unwrap_err();
        assert!(why.to_string().contains("at most"), "{why}");
    }
}
