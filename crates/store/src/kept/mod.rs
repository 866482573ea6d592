//! What is kept: values under a kind and a key, with a version.

mod model;

use serde::{Serialize, de::DeserializeOwned};

/// A value that a store keeps, as canonical JSON (RFC 8785) under `(KIND, key)`.
///
/// A recorded kind is state of the path: it changes only together with a ledger entry that commits to it, and it is
/// never deleted (I6). A kind that isn't recorded is bookkeeping: losing it costs a read, never a decision.
pub trait Kept: Serialize + DeserializeOwned + Send {
    /// The kind, a letter, then at most 62 of `a-z`, `0-9` and `-`; one type a kind.
    const KIND: &'static str;

    /// Whether each change of it is an entry of the ledger.
    const RECORDED: bool;

    /// The key among its kind: 1 to 512 visible ASCII characters; it stands in the ledger for everybody to read. Text from
    /// outside is escaped with `ledger::Fact::id`.
    fn key(&self) -> String;

    /// A short name of how it stands, by which lists are filtered; as [`Kept::KIND`] is written.
    fn state(&self) -> &'static str;

    /// What lists are ordered by, usually milliseconds since 1970.
    fn sort(&self) -> i64;
}

/// A kept value, and which version of it this is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// 1 when it was first written, one more with each write; what [`crate::Expect::Version`] asks for.
    pub version: u64,
    /// The ledger entry that committed to this version; none for bookkeeping.
    pub entry: Option<u64>,
}
