//! One entry as it is hashed: canonical JSON (RFC 8785), described in `docs/LEDGER.md`.

use crate::{
    Commitment, Error, Fact, Hash, MAX_INTEGER, Origin, Purpose, Salt, Time, draft::MAX_ENTRIES, leaf_hash,
    name,
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap};

/// Largest leaf, in bytes: an entry of a c2sp.org/tlog-tiles bundle has a length of 16 bits.
pub const MAX_LEAF_BYTES: usize = 65_535;
/// The version of the leaf format.
const VERSION: u64 = 1;

/// A well-formed entry. Its bytes are exactly the canonical ones; there is no other way to have a `Leaf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    parts: LeafParts,
    bytes: Vec<u8>,
}

/// The record that an entry changed, by commitment: an edit of the record in the database no longer matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateRef {
    /// [`Purpose::State`] commitment to the record's bytes after the change.
    pub commitment: Commitment,
    /// Which record of its kind: 1 to 512 visible ASCII characters.
    pub key: String,
    /// What sort of record: one word, such as `run`.
    pub kind: String,
    /// The record's version after the change; at most 2^53 − 1.
    pub version: u64,
}

/// What a sealed text turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened<'a> {
    /// The text that was committed to.
    Proven(&'a [u8]),
    /// Text or salt are gone; the entry still proves that there was one.
    Erased,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeafParts {
    pub(crate) at: Time,
    pub(crate) facts: BTreeMap<String, Fact>,
    pub(crate) index: u64,
    pub(crate) kind: String,
    pub(crate) origin: Origin,
    pub(crate) sealed: BTreeMap<String, Commitment>,
    pub(crate) state: Option<StateRef>,
}

/// The leaf as JSON says it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    #[serde(borrow)]
    at: Cow<'a, str>,
    facts: Cow<'a, BTreeMap<String, Fact>>,
    index: u64,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    origin: Cow<'a, str>,
    sealed: Cow<'a, BTreeMap<String, Commitment>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<Cow<'a, StateRef>>,
    v: u64,
}

impl Leaf {
    pub(crate) fn build(parts: LeafParts) -> Result<Self, Error> {
        parts.check()?;
        let bytes = parts.encode()?;
        Ok(Self { parts, bytes })
    }

    /// Reads one leaf and refuses everything that [`Draft::seal`](crate::Draft::seal) could not have written: other
    /// encodings, unknown or doubled fields, trailing bytes, values outside their grammar.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`], [`Error::Leaf`], [`Error::Grammar`] or [`Error::NotCanonical`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_LEAF_BYTES {
            return Err(Error::limit("bytes in a leaf", bytes.len(), MAX_LEAF_BYTES));
        }
        let wire: Wire<'_> = serde_json::from_slice(bytes).map_err(|error| Error::Leaf(error.to_string()))?;
        if wire.v != VERSION {
            return Err(Error::Leaf(format!("version {} is not known", wire.v)));
        }
        let leaf = Self::build(LeafParts {
            at: Time::parse(&wire.at)?,
            facts: wire.facts.into_owned(),
            index: wire.index,
            kind: wire.kind.into_owned(),
            origin: Origin::new(wire.origin)?,
            sealed: wire.sealed.into_owned(),
            state: wire.state.map(Cow::into_owned),
        })?;
        if leaf.bytes != bytes {
            let at = leaf.bytes.iter().zip(bytes).take_while(|(a, b)| a == b).count();
            return Err(Error::NotCanonical { at });
        }
        Ok(leaf)
    }

    /// The canonical bytes: what is stored, hashed and shown.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The canonical bytes, without copying.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// RFC 6962 leaf hash of the bytes.
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.bytes)
    }

    /// When it was written, by the log's clock; never before the entry below it.
    pub fn at(&self) -> Time {
        self.parts.at
    }

    /// Its place in the log, from 0.
    pub fn index(&self) -> u64 {
        self.parts.index
    }

    /// What happened.
    pub fn kind(&self) -> &str {
        &self.parts.kind
    }

    /// Which log it belongs to.
    pub fn origin(&self) -> &Origin {
        &self.parts.origin
    }

    /// All facts, by name.
    pub fn facts(&self) -> &BTreeMap<String, Fact> {
        &self.parts.facts
    }

    /// One fact.
    pub fn fact(&self, name: &str) -> Option<&Fact> {
        self.parts.facts.get(name)
    }

    /// The commitments to the texts beside the log, by name.
    pub fn sealed(&self) -> &BTreeMap<String, Commitment> {
        &self.parts.sealed
    }

    /// The record that this entry changed.
    pub fn state(&self) -> Option<&StateRef> {
        self.parts.state.as_ref()
    }

    /// Opens one sealed text with what lies beside the log; `None` where text or salt were erased.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchSealed`], or [`Error::Commitment`] if text and salt are not those that were sealed.
    pub fn open<'a>(&self, name: &str, beside: Option<(&Salt, &'a [u8])>) -> Result<Opened<'a>, Error> {
        let commitment = self.parts.sealed.get(name).ok_or_else(|| Error::NoSuchSealed(name.to_owned()))?;
        match beside {
            None => Ok(Opened::Erased),
            Some((salt, body)) if commitment.verify(Purpose::Sealed, salt, body) => Ok(Opened::Proven(body)),
            Some(_) => Err(Error::Commitment { what: format!("the sealed text {name:?}") }),
        }
    }
}

impl StateRef {
    /// Commits to a record's bytes.
    pub fn new(
        kind: impl Into<String>,
        key: impl Into<String>,
        version: u64,
        salt: &Salt,
        record: &[u8],
    ) -> Self {
        Self {
            commitment: Commitment::make(Purpose::State, salt, record),
            key: key.into(),
            kind: kind.into(),
            version,
        }
    }

    /// Whether the record's bytes are those that the entry committed to.
    pub fn verify(&self, salt: &Salt, record: &[u8]) -> bool {
        self.commitment.verify(Purpose::State, salt, record)
    }

    fn check(&self) -> Result<(), Error> {
        name::check_record_kind(&self.kind)?;
        name::check_key(&self.key)?;
        check_number("record version", self.version)
    }
}

impl LeafParts {
    fn check(&self) -> Result<(), Error> {
        name::check_kind(&self.kind)?;
        check_number("index", self.index)?;
        for (what, count) in [("facts", self.facts.len()), ("sealed texts", self.sealed.len())] {
            if count > MAX_ENTRIES {
                return Err(Error::limit(what, count, MAX_ENTRIES));
            }
        }
        for (name, fact) in &self.facts {
            name::check_name("fact name", name)?;
            fact.check()?;
        }
        for name in self.sealed.keys() {
            name::check_name("sealed name", name)?;
        }
        self.state.as_ref().map_or(Ok(()), StateRef::check)
    }

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let wire = Wire {
            at: Cow::Owned(self.at.to_string()),
            facts: Cow::Borrowed(&self.facts),
            index: self.index,
            kind: Cow::Borrowed(&self.kind),
            origin: Cow::Borrowed(self.origin.as_str()),
            sealed: Cow::Borrowed(&self.sealed),
            state: self.state.as_ref().map(Cow::Borrowed),
            v: VERSION,
        };
        let bytes =
            serde_json_canonicalizer::to_vec(&wire).map_err(|error| Error::Leaf(error.to_string()))?;
        if bytes.len() > MAX_LEAF_BYTES {
            return Err(Error::limit("bytes in a leaf", bytes.len(), MAX_LEAF_BYTES));
        }
        Ok(bytes)
    }
}

fn check_number(what: &'static str, number: u64) -> Result<(), Error> {
    if number > MAX_INTEGER.unsigned_abs() {
        return Err(Error::Limit { what, found: number, limit: MAX_INTEGER.unsigned_abs() });
    }
    Ok(())
}
