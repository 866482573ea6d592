//! What is asked of a store, and what it answers.

use ledger::{Leaf, Salt, StateRef};

use crate::{ReadError, log::record_bytes};

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

/// The newest entry of the ledger about a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Newest {
    /// Its place in the ledger.
    pub entry: u64,
    /// The version of the record that it made.
    pub version: u64,
    /// The leaf's canonical bytes; [`ledger::Leaf::decode`] reads them.
    pub leaf: Vec<u8>,
}

/// A record and the newest entry about it, as both were at one moment: nothing was written between the two.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The record; none if there is none.
    pub record: Option<Record>,
    /// What the ledger says of it last; none if it says nothing, as of bookkeeping.
    pub newest: Option<Newest>,
}

impl Standing {
    /// The record, if the newest entry about it commits to it. `kind` and `key` are what was asked for.
    ///
    /// # Errors
    /// [`ReadError::Broken`] if it doesn't: a row that was edited, put back to an older version, added, or taken away.
    pub fn confirmed(self, kind: &str, key: &str) -> Result<Option<Record>, ReadError> {
        let broken = |why: &str| ReadError::Broken {
            kind: kind.to_owned(),
            key: key.to_owned(),
            why: format!("{why}; `exq ledger check` says what else isn't as the ledger says"),
        };
        let (record, newest) = match (self.record, self.newest) {
            (None, None) => return Ok(None),
            (None, Some(_)) => return Err(broken("the ledger speaks of it, and it is gone")),
            (Some(_), None) => return Err(broken("no entry of the ledger made it")),
            (Some(record), Some(newest)) => (record, newest),
        };
        if record.entry != Some(newest.entry) || record.version != newest.version {
            return Err(broken("it isn't the version that the ledger speaks of last"));
        }
        let leaf = Leaf::decode(&newest.leaf).map_err(|why| broken(&why.to_string()))?;
        match leaf.state() {
            Some(state) if record.is_committed_by(state) => Ok(Some(record)),
            _ => Err(broken("its entry commits to something else")),
        }
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
