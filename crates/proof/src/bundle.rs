//! The bundle: one canonical JSON file (`docs/BUNDLE.md`).

use std::{collections::BTreeMap, io};

use model::{Digest, RunId};
use serde::{Deserialize, Serialize};

use crate::{
    ProofError,
    limits::{list, map},
};

/// What is read of a bundle at most. The objects of one judgement are one commit of the store, which takes 64 MiB and in
/// practice a few hundred KiB; each reviewed change of the configuration since genesis adds some tens. So this is hundreds
/// of times a usual bundle, and what it costs to be told that one is worthless stays within seconds and some hundred MiB.
pub const MAX_BUNDLE_BYTES: usize = 64 * 1024 * 1024;
/// Entries in a bundle at most: a run of a thousand steps with retries, and ten thousand configurations.
const ENTRIES: usize = 20_000;
/// Objects in a bundle at most: some for each entry.
const OBJECTS: usize = 50_000;
/// Hashes in an inclusion proof: one for each bit of the tree's size.
const PATH: usize = 64;
/// Sealed texts of one entry (`docs/LEDGER.md`).
const SEALED: usize = 64;

/// All that is needed to check one run offline.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
// Fields stand in the order of their names, here and below: so serde_json writes the canonical form, and fast.
pub struct Bundle {
    /// The signed checkpoint, a note.
    pub checkpoint: String,
    /// Entries of the ledger, in the order of their index.
    #[serde(deserialize_with = "list::<ENTRIES, _, _>")]
    pub entries: Vec<BundleEntry>,
    /// Objects by SHA-256, in base64: what entries and objects name by digest.
    #[serde(deserialize_with = "map::<OBJECTS, _, _, _>")]
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
    #[serde(deserialize_with = "list::<PATH, _, _>")]
    pub path: Vec<String>,
    /// The texts that the leaf commits to, by name; null: not here, since it was erased or is withheld.
    #[serde(deserialize_with = "map::<SEALED, _, _, _>")]
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
        // Lists and maps end where they have more than they may: what is too much is not read.
        let bundle: Self = serde_json::from_slice(bytes).map_err(|why| refuse(why.to_string()))?;
        if bundle.schema != Self::SCHEMA {
            return Err(refuse(format!("its schema is {:?}, not {}", bundle.schema, Self::SCHEMA)));
        }
        // As `encode` does, but for the sorting, which is done already.
        let mut same = Same(bytes);
        if serde_json::to_writer(&mut same, &bundle).is_err() || !same.0.is_empty() {
            return Err(refuse("the same is written differently in canonical JSON (RFC 8785)".to_owned()));
        }
        Ok(bundle)
    }
}

/// Takes only what is written already: so that the canonical form is compared and not held a second time.
struct Same<'a>(&'a [u8]);

impl io::Write for Same<'_> {
    fn write(&mut self, written: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(written).ok_or(io::ErrorKind::InvalidData)?;
        Ok(written.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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

    /// Of each list and map one more than it may have is refused where it begins: what comes after it may be anything.
    #[test]
    fn what_is_too_much_is_refused_before_it_is_read() {
        let good = serde_json::to_string(&sample()).unwrap();
        let key = |n: usize| format!("\"{:064x}\":\"\"", n);
        let many = |n: usize, one: &dyn Fn(usize) -> String| (0..n).map(one).collect::<Vec<_>>().join(",");
        let entry = "{\"index\":0,\"leaf\":\"\",\"path\":[],\"sealed\":{}}".to_owned();
        for (limit, from, one) in [
            (ENTRIES, "\"entries\":[", &(|_| entry.clone()) as &dyn Fn(usize) -> String),
            (OBJECTS, "\"objects\":{", &key),
            (PATH, "\"path\":[", &|_| "\"\"".to_owned()),
            (SEALED, "\"sealed\":{", &|n| format!("\"{n:03}\":null")),
        ] {
            let at = good.find(from).unwrap() + from.len();
            for (count, refused) in [(limit + 1, true), (limit, false)] {
                let text = format!("{}{},!!! no JSON", &good[..at], many(count, one));
                let why = Bundle::decode(text.as_bytes()).unwrap_err().to_string();
                assert_eq!(why.contains(&format!("more than {limit}")), refused, "{from} {count}: {why}");
            }
        }
    }

    #[test]
    fn what_is_too_long_is_refused_by_its_size() {
        let why = Bundle::decode(&vec![b'x'; MAX_BUNDLE_BYTES + 1]).unwrap_err().to_string();
        assert!(why.contains("at most"), "{why}");
    }
}
