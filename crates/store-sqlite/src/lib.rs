//! The store on SQLite: one file, one writer with group commit, readers beside it.
//!
//! - WAL with `synchronous=FULL`. Commits that wait are taken into one transaction, with one checkpoint and one fsync;
//!   which of them hold is decided by [`store::group`], so one that fails doesn't touch the others.
//! - An exclusive lock beside the file: a second process is refused. Files are readable by their owner only.
//! - After an error of the database the writer opens it again and reads where the log ends, so that each waiting commit
//!   gets a true answer.
//! - Queries are checked while this compiles, against a database that `build.rs` makes from `migrations/`.

mod check;
mod convert;
mod error;
mod lock;
mod open;
mod options;
mod read;
mod rows;
mod write;
mod writer;

pub use error::OpenError;
pub use options::Options;

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use ledger::{Hash, VerifierKey};
use model::Digest;
use sqlx::SqlitePool;
use store::{
    Checked, Commit, CommitError, Count, Made, Page, Query, ReadError, Receipt, Standing, Store,
    StoredCheckpoint, StoredEntry,
};

use crate::writer::Writer;

/// A store in one SQLite file.
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    keys: Arc<[VerifierKey]>,
}

impl SqliteStore {
    /// Opens the store; makes it if it isn't there. The newest checkpoint has to be signed by the key of
    /// [`Options::signer`] or one of [`Options::former_keys`], and has to be over what the file says the log is.
    ///
    /// # Errors
    /// [`OpenError`].
    // Boxed, so that callers on any executor see at once that it is `Send`.
    pub fn open(options: Options) -> BoxFuture<'static, Result<Self, OpenError>> {
        Box::pin(open::open(options))
    }

    /// Waits until every commit that was taken is answered, and closes the file. Without it, dropping the store does the
    /// same in the background.
    pub async fn close(self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, commit: Commit) -> Result<Receipt, CommitError> {
        self.writer.commit(commit).await
    }

    async fn standing(&self, kind: &str, key: &str) -> Result<Standing, ReadError> {
        read::standing(&self.readers, kind, key).await
    }

    async fn list(&self, query: Query) -> Result<Page<Standing>, ReadError> {
        read::list(&self.readers, query).await
    }

    async fn counts(&self) -> Result<Vec<Count>, ReadError> {
        read::counts(&self.readers).await
    }

    async fn object(&self, digest: Digest) -> Result<Option<Vec<u8>>, ReadError> {
        read::object(&self.readers, digest).await
    }

    async fn entry(&self, index: u64) -> Result<Option<StoredEntry>, ReadError> {
        Ok(read::entries(&self.readers, index..index.saturating_add(1)).await?.pop())
    }

    async fn entries(&self, range: Range<u64>) -> Result<Vec<StoredEntry>, ReadError> {
        read::entries(&self.readers, range).await
    }

    async fn history(&self, kind: &str, key: &str) -> Result<Vec<Made>, ReadError> {
        read::history(&self.readers, kind, key).await
    }

    async fn leaf_hashes(&self, range: Range<u64>) -> Result<Vec<Hash>, ReadError> {
        read::leaf_hashes(&self.readers, range).await
    }

    async fn checkpoint(&self) -> Result<StoredCheckpoint, ReadError> {
        read::checkpoint(&self.readers).await
    }

    async fn checkpoints(&self, after: Option<u64>, limit: u32) -> Result<Vec<StoredCheckpoint>, ReadError> {
        read::checkpoints(&self.readers, after, limit).await
    }

    async fn check(&self) -> Result<Checked, ReadError> {
        check::check(&self.readers, &self.keys).await
    }
}
