//! What a writer says, before it has a place in the log.

use crate::{
    Commitment, Error, Fact, Leaf, Origin, Purpose, Salt, Salts, StateRef, Time, leaf::LeafParts, name,
};
use std::{collections::BTreeMap, fmt};

/// Largest sealed text, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
/// Most facts, and most sealed texts, in one entry.
pub(crate) const MAX_ENTRIES: usize = 64;

/// An entry to be: what happened, without index, time or salts. The rest of the product writes only these.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// What happened: dotted words, such as `grant.issued`; see [`is_kind`](crate::is_kind).
    pub kind: String,
    /// Ids, hashes and codes, public to whoever reads the log.
    pub facts: BTreeMap<String, Fact>,
    /// Texts that are only committed to: names, claims, justifications, raw objects.
    pub sealed: BTreeMap<String, Vec<u8>>,
    /// Salts of those texts that have theirs already: somebody else committed to the same text, and the leaf says the same.
    pub salts: BTreeMap<String, Salt>,
}

/// A text that was committed to, with its salt: to be stored beside the log, and erased there together.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Its name in the leaf's `sealed`.
    pub name: String,
    /// What opens the commitment, together with the body.
    pub salt: Salt,
    /// The text.
    pub body: Vec<u8>,
}

impl Draft {
    /// A draft of that kind with nothing in it.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), facts: BTreeMap::new(), sealed: BTreeMap::new(), salts: BTreeMap::new() }
    }

    /// Adds a fact; the last one of a name stands.
    #[must_use]
    pub fn fact(mut self, name: impl Into<String>, value: impl Into<Fact>) -> Self {
        self.facts.insert(name.into(), value.into());
        self
    }

    /// Adds a text that is only committed to; the last one of a name stands.
    #[must_use]
    pub fn seal_text(mut self, name: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        let name = name.into();
        self.salts.remove(&name);
        self.sealed.insert(name, body.into());
        self
    }

    /// Adds a text whose salt is drawn already: so the leaf holds the very commitment ([`Commitment::make`]) that stands in
    /// something else, which can be compared though text and salt be erased. The salt is as random as any, and for this
    /// text alone.
    #[must_use]
    pub fn seal_text_with(mut self, name: impl Into<String>, body: impl Into<Vec<u8>>, salt: Salt) -> Self {
        let name = name.into();
        self.sealed.insert(name.clone(), body.into());
        self.salts.insert(name, salt);
        self
    }

    /// Gives the draft its place: the leaf, and the texts with their salts in the order of their names.
    ///
    /// # Errors
    ///
    /// [`Error::Grammar`] or [`Error::Limit`] if anything in it breaks the format (`docs/LEDGER.md`);
    /// [`Error::NoRandomness`] from `salts`. Nothing is half sealed.
    pub fn seal(
        mut self,
        index: u64,
        at: Time,
        origin: &Origin,
        state: Option<StateRef>,
        salts: &mut dyn Salts,
    ) -> Result<(Leaf, Vec<Sealed>), Error> {
        let mut beside = Vec::with_capacity(self.sealed.len());
        let mut sealed = BTreeMap::new();
        for (name, body) in self.sealed {
            name::check_name("sealed name", &name)?;
            if body.len() > MAX_BODY_BYTES {
                return Err(Error::limit("bytes in a sealed text", body.len(), MAX_BODY_BYTES));
            }
            let salt = match self.salts.remove(&name) {
                Some(salt) => salt,
                None => salts.next_salt()?,
            };
            let text = Sealed { name, salt, body };
            sealed.insert(text.name.clone(), text.commitment());
            beside.push(text);
        }
        let leaf = Leaf::build(LeafParts {
            at,
            facts: self.facts,
            index,
            kind: self.kind,
            origin: origin.clone(),
            sealed,
            state,
        })?;
        Ok((leaf, beside))
    }
}

impl Sealed {
    /// What the leaf holds in this text's place.
    pub fn commitment(&self) -> Commitment {
        Commitment::make(Purpose::Sealed, &self.salt, &self.body)
    }
}

impl fmt::Debug for Draft {
    /// Sealed texts are shown by size only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: BTreeMap<_, _> = self.sealed.iter().map(|(name, body)| (name, body.len())).collect();
        f.debug_struct("Draft")
            .field("kind", &self.kind)
            .field("facts", &self.facts)
            .field("sealed_bytes", &sizes)
            .finish()
    }
}

impl fmt::Debug for Sealed {
    /// The text is shown by size only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("name", &self.name).field("body_bytes", &self.body.len()).finish()
    }
}
