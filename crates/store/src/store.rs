//! The store: one way to write, a few ways to read.

use std::ops::Range;

use async_trait::async_trait;
use ledger::Hash;
use model::Digest;

use crate::{
    Checked, Commit, CommitError, Count, Made, Page, Query, ReadError, Receipt, Standing, StoredCheckpoint,
    StoredEntry,
};

/// What is kept, and the ledger of how it changed.
///
/// One commit is one transaction and one seat in the group commit. When [`Store::commit`] returns, everything in it is
/// durable and its entries are under a signed checkpoint; when it fails, nothing of it is there (but for
/// [`CommitError::Uncertain`]). Reads see every commit that has returned, and nothing of one that hasn't become durable.
#[async_trait]
pub trait Store: Send + Sync {
    /// Writes all of it, or nothing.
    ///
    /// Dropping the future doesn't take the commit back: it may or may not be written.
    ///
    /// # Errors
    /// [`CommitError`].
    async fn commit(&self, commit: Commit) -> Result<Receipt, CommitError>;

    /// One record, and the newest entry about it.
    ///
    /// # Errors
    /// [`ReadError`].
    async fn standing(&self, kind: &str, key: &str) -> Result<Standing, ReadError>;

    /// One page of a list, as everything stood at one moment. Each has a record.
    ///
    /// # Errors
    /// [`ReadError`].
    async fn list(&self, query: Query) -> Result<Page<Standing>, ReadError>;

    /// How many records of each kind stand how, by kind, then state.
    ///
    /// # Errors
    /// [`ReadError`].
    async fn counts(&self) -> Result<Vec<Count>, ReadError>;

    /// The bytes with this SHA-256. They are compared with it before they are given out.
    ///
    /// # Errors
    /// [`ReadError`].
    async fn object(&self, digest: Digest) -> Result<Option<Vec<u8>>, ReadError>;

    /// One entry of the ledger.
    ///
    /// # Errors
    /// [`ReadError`].
    async fn entry(&self, index: u64) -> Result<Option<StoredEntry>, ReadError>;

    /// The entries of a range that are there, in order; the first [`crate::limits::ENTRIES`] of them.
    ///
    /// # Errors
    /// [`ReadError`].
    async fn entries(&self, range: Range<u64>) -> Result<Vec<StoredEntry>, ReadError>;

    /// Which entries made which versions of a record, oldest first.
    ///
    /// # Errors
    /// [`ReadError`].
    async fn history(&self, kind: &str, key: &str) -> Result<Vec<Made>, ReadError>;

    /// The hashes of the leaves of a range that are there, in order; the first [`crate::limits::HASHES`] of them.
    ///
    /// # Errors
    /// [`ReadError`].
    async fn leaf_hashes(&self, range: Range<u64>) -> Result<Vec<Hash>, ReadError>;

    /// The newest checkpoint. There always is one: an empty ledger is signed too.
    ///
    /// # Errors
    /// [`ReadError`].
    async fn checkpoint(&self) -> Result<StoredCheckpoint, ReadError>;

    /// Checkpoints over more than `after` entries (from the beginning: none), smallest first, at most `limit`, never
    /// more than [`crate::limits::PAGE`].
    ///
    /// # Errors
    /// [`ReadError`].
    async fn checkpoints(&self, after: Option<u64>, limit: u32) -> Result<Vec<StoredCheckpoint>, ReadError>;

    /// Compares everything that is kept with the ledger: leaves, hashes, checkpoints, texts, records, objects. Reads the
    /// whole store.
    ///
    /// # Errors
    /// [`ReadError`] when it can't be read at all; what doesn't fit is in [`Checked::findings`].
    async fn check(&self) -> Result<Checked, ReadError>;
}
