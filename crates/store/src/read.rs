//! What is asked of a store, and what it answers.

use ledger::{Salt, StateRef};

use crate::log::record_bytes;

/// A record as it lies in the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// The kind.
    pub kind: String,
    /// The key.
    pub key: String,
    /// The version, from 1.
    pub version: u64,
    /// How it stands.
    pub state: String,
    /// What it is ordered by.
    pub sort: i64,
    /// Canonical JSON, as it was written.
    pub body: Vec<u8>,
    /// The entry that committed to this version; none for bookkeeping.
    pub entry: Option<u64>,
    /// What opens that commitment; none for bookkeeping.
    pub salt: Option<Salt>,
}

impl Record {
    /// Whether this record is the one that an entry committed to with `state`.
    #[must_use]
    pub fn is_committed_by(&self, state: &StateRef) -> bool {
        let Some(salt) = &self.salt else { return false };
        state.kind == self.kind
            && state.key == self.key
            && state.version == self.version
            && state.verify(salt, &record_bytes(&self.state, self.sort, &self.body))
    }
}

/// In which order a list comes: by `sort`, equal ones by key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// Greatest first.
    #[default]
    Newest,
    /// Least first.
    Oldest,
}

/// A place in a list: after this record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// Its `sort`.
    pub sort: i64,
    /// Its key.
    pub key: String,
}

/// Which records of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Query {
    /// The kind.
    pub kind: &'static str,
    /// Only those that stand so; empty: all.
    pub states: Vec<&'static str>,
    /// The order.
    pub order: Order,
    /// Only what comes after this place.
    pub after: Option<Cursor>,
    /// How many at most; never more than [`crate::limits::PAGE`].
    pub limit: u32,
}

impl Query {
    /// All of a kind, newest first, the first page of 100.
    #[must_use]
    pub const fn of(kind: &'static str) -> Self {
        Self { kind, states: vec![], order: Order::Newest, after: None, limit: 100 }
    }

    /// Also those that stand so.
    #[must_use]
    pub fn state(mut self, state: &'static str) -> Self {
        self.states.push(state);
        self
    }

    /// Oldest first.
    #[must_use]
    pub const fn oldest(mut self) -> Self {
        self.order = Order::Oldest;
        self
    }

    /// From this place on.
    #[must_use]
    pub fn after(mut self, cursor: Option<Cursor>) -> Self {
        self.after = cursor;
        self
    }

    /// At most so many.
    #[must_use]
    pub const fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }
}

/// One page of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
}

/// How many records of a kind stand so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Count {
    /// The kind.
    pub kind: String,
    /// How they stand.
    pub state: String,
    /// How many.
    pub count: u64,
}

/// An entry of the ledger, with what lies beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredEntry {
    /// Its place in the ledger, from 0.
    pub index: u64,
    /// The leaf's canonical bytes; [`ledger::Leaf::decode`] reads them.
    pub leaf: Vec<u8>,
    /// The texts that the leaf commits to, by name.
    pub sealed: Vec<StoredText>,
}

/// A text beside the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredText {
    /// Its name in the leaf.
    pub name: String,
    /// The text with its salt; none once it is erased.
    pub text: Option<(Salt, Vec<u8>)>,
}

/// Which entry made which version of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Made {
    /// The version.
    pub version: u64,
    /// The entry.
    pub entry: u64,
}
