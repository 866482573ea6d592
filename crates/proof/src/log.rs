//! The entries of a bundle: each is in the ledger, under the checkpoint.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ledger::{Fact, Hash, InclusionProof, Leaf, Salt, SignedCheckpoint, StateRef, VerifierKey};
use model::{Digest, Timestamp};

use crate::{Bundle, BundleEntry, ProofError, error::same};

/// How far a clock may be set back while a ledger is written, in milliseconds.
const CLOCK_BACK_MS: i64 = 60_000;

/// An entry that is proven to be in the ledger.
pub(crate) struct Entry {
    pub(crate) index: u64,
    pub(crate) leaf: Leaf,
}

impl Entry {
    pub(crate) fn kind(&self) -> &str {
        self.leaf.kind()
    }

    /// A fact that is a text.
    pub(crate) fn text(&self, name: &str) -> Result<&str, ProofError> {
        let found = self.leaf.fact(name).and_then(Fact::as_text);
        found.ok_or_else(|| {
            ProofError::missing(format!("the fact {name:?} of entry {} ({})", self.index, self.kind()))
        })
    }

    /// A fact that is a text, or isn't there.
    pub(crate) fn maybe(&self, name: &str) -> Option<&str> {
        self.leaf.fact(name).and_then(Fact::as_text)
    }

    /// A fact that is a text from outside, as a leaf writes it.
    pub(crate) fn escaped(&self, name: &str, what: &str, value: &str) -> Result<(), ProofError> {
        same(what, self.text(name)?, Fact::id(value).as_str())
    }

    /// The record that the entry changed.
    pub(crate) fn state(&self) -> Result<&StateRef, ProofError> {
        self.leaf.state().ok_or_else(|| {
            ProofError::missing(format!("the record of entry {} ({})", self.index, self.kind()))
        })
    }

    /// When it was written.
    pub(crate) fn at(&self) -> Result<Timestamp, ProofError> {
        let text = self.leaf.at().to_string();
        text.parse().map_err(|why| ProofError::format(format!("the time of entry {}", self.index), why))
    }

    /// That something happened before it was written, by the same machine's clock, which may have been set back by as much
    /// as the ledger puts up with.
    pub(crate) fn not_before(&self, what: &str, at: Timestamp) -> Result<(), ProofError> {
        if self.at()?.ms_since(at) >= -CLOCK_BACK_MS {
            return Ok(());
        }
        Err(ProofError::Ledger(format!("{what} ({at}) is later than entry {} ({})", self.index, self.kind())))
    }

    /// A fact that is an integer.
    pub(crate) fn integer(&self, name: &str) -> Result<i64, ProofError> {
        let found = self.leaf.fact(name).and_then(Fact::as_integer);
        found.ok_or_else(|| {
            ProofError::missing(format!("the fact {name:?} of entry {} ({})", self.index, self.kind()))
        })
    }

    /// A fact that is a list.
    pub(crate) fn list(&self, name: &str) -> Result<&[String], ProofError> {
        let found = self.leaf.fact(name).and_then(Fact::as_list);
        found.ok_or_else(|| {
            ProofError::missing(format!("the fact {name:?} of entry {} ({})", self.index, self.kind()))
        })
    }

    /// A fact that parses.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Result<T, ProofError>
    where
        T::Err: std::fmt::Display,
    {
        let text = self.text(name)?;
        text.parse()
            .map_err(|why| ProofError::format(format!("the fact {name:?} of entry {}", self.index), why))
    }

    /// A fact that names an object.
    pub(crate) fn object(&self, name: &str) -> Result<Digest, ProofError> {
        self.parsed(name)
    }
}

/// The proven entries of a bundle.
pub(crate) struct Log {
    pub(crate) origin: String,
    pub(crate) size: u64,
    pub(crate) entries: Vec<Entry>,
    /// Texts that are not in the bundle: entry and name.
    pub(crate) absent: Vec<String>,
    /// Texts that are there, by entry and name.
    pub(crate) texts: BTreeMap<(u64, String), Vec<u8>>,
    /// Signatures under the checkpoint by keys that nobody gave.
    pub(crate) other_signatures: usize,
}

impl Log {
    pub(crate) fn read(bundle: &Bundle, key: &VerifierKey) -> Result<Self, ProofError> {
        let ledger = |why: ledger::Error| ProofError::Ledger(why.to_string());
        let signed = SignedCheckpoint::open(bundle.checkpoint.as_bytes(), std::slice::from_ref(key))
            .map_err(ledger)?;
        same("the checkpoint as it is written", bundle.checkpoint.as_str(), signed.note())?;
        let lines = signatures(signed.note());
        if lines.iter().enumerate().any(|(at, line)| lines.iter().skip(at + 1).any(|other| other == line)) {
            return Err(ProofError::Stray("a signature that stands there twice".to_owned()));
        }
        let checkpoint = signed.checkpoint();
        let origin = checkpoint.origin.as_str().to_owned();
        let mut log = Self {
            origin,
            size: checkpoint.size,
            entries: Vec::new(),
            absent: Vec::new(),
            texts: BTreeMap::new(),
            other_signatures: lines.len().saturating_sub(1),
        };
        for given in &bundle.entries {
            let entry = prove(given, checkpoint.size, &checkpoint.root)?;
            same("the origin of an entry", entry.leaf.origin().as_str(), log.origin.as_str())?;
            if let Some(before) = log.entries.last() {
                let order = before.index < entry.index && before.leaf.at() <= entry.leaf.at();
                if !order {
                    return Err(ProofError::Ledger(format!(
                        "entry {} stands before entry {}",
                        before.index, entry.index
                    )));
                }
            }
            log.open_texts(given, &entry.leaf)?;
            log.entries.push(entry);
        }
        Ok(log)
    }

    fn open_texts(&mut self, given: &BundleEntry, leaf: &Leaf) -> Result<(), ProofError> {
        let what = || format!("the texts of entry {}", given.index);
        if !given.sealed.keys().eq(leaf.sealed().keys()) {
            return Err(ProofError::format(what(), "they are not those that the leaf commits to"));
        }
        for (name, text) in &given.sealed {
            let Some(text) = text else {
                self.absent.push(format!("{name} of entry {} ({})", given.index, leaf.kind()));
                continue;
            };
            let salt: [u8; 32] =
                hex_bytes(&text.salt).ok_or_else(|| ProofError::format(what(), "a salt is none"))?;
            let body = STANDARD.decode(&text.body).map_err(|why| ProofError::format(what(), why))?;
            leaf.open(name, Some((&Salt::new(salt), &body)))
                .map_err(|why| ProofError::format(what(), why))?;
            self.texts.insert((given.index, name.clone()), body);
        }
        Ok(())
    }

    /// Entries about the configuration, in order.
    pub(crate) fn configurations(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().filter(|entry| {
            matches!(entry.kind(), "genesis.accepted" | "configuration.accepted" | "configuration.refused")
        })
    }

    /// The one entry of a kind that says so.
    pub(crate) fn one(&self, kind: &str) -> Result<&Entry, ProofError> {
        let mut found = self.entries.iter().filter(|entry| entry.kind() == kind);
        match (found.next(), found.next()) {
            (Some(entry), None) => Ok(entry),
            (None, _) => Err(ProofError::missing(format!("the entry {kind}"))),
            (Some(_), Some(second)) => {
                Err(ProofError::Stray(format!("a second {kind}, entry {}", second.index)))
            }
        }
    }
}

/// Lines of a signed note that are signatures (c2sp.org/signed-note).
fn signatures(note: &str) -> Vec<&str> {
    note.lines().filter(|line| line.starts_with("\u{2014} ")).collect()
}

fn prove(given: &BundleEntry, size: u64, root: &Hash) -> Result<Entry, ProofError> {
    let what = || format!("entry {}", given.index);
    let leaf = Leaf::decode(given.leaf.as_bytes()).map_err(|why| ProofError::format(what(), why))?;
    if leaf.index() != given.index {
        return Err(ProofError::format(what(), format!("its leaf is entry {}", leaf.index())));
    }
    let path: Option<Vec<Hash>> = given.path.iter().map(|hash| canonical_hash(hash)).collect();
    let path = path.ok_or_else(|| ProofError::format(what(), "a hash of its proof is none"))?;
    let proof = InclusionProof { index: given.index, size, path };
    proof
        .verify(&leaf.hash(), root)
        .map_err(|why| ProofError::Ledger(format!("entry {}: {why}", given.index)))?;
    Ok(Entry { index: given.index, leaf })
}

fn canonical_hash(text: &str) -> Option<Hash> {
    Hash::from_hex(text).filter(|hash| hash.to_hex() == text)
}

fn hex_bytes(text: &str) -> Option<[u8; 32]> {
    // A digest has the same form: 64 lower-case hex digits.
    text.parse::<Digest>().ok().map(|digest| *digest.as_bytes())
}

/// That one entry stands before another.
pub(crate) fn in_order(a: &str, first: &Entry, b: &str, second: &Entry) -> Result<(), ProofError> {
    if first.index < second.index {
        return Ok(());
    }
    Err(ProofError::Ledger(format!("{a} (entry {}) not before {b} (entry {})", first.index, second.index)))
}
