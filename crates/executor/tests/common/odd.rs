//! A real store whose commits meet what a test wants them to meet.

use std::{
    ops::Range,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use ledger::Hash;
use model::Digest;
use store::{
    Checked, Commit, CommitError, Count, Made, Page, Query, ReadError, Receipt, Standing, Store,
    StoredCheckpoint, StoredEntry,
};
use store_sqlite::SqliteStore;
use tokio::sync::Notify;

/// What becomes of a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is made.
    Made,
    /// It isn't made, for now.
    Refused,
    /// It is made, and nobody learns of it.
    AnswerLost,
    /// It isn't made, and nobody knows.
    Uncertain,
}

type Says = Box<dyn FnMut(usize) -> Fate + Send>;

pub struct OddStore {
    inner: SqliteStore,
    /// Says what becomes of the next commit; it is told how many there were.
    says: Mutex<Says>,
    commits: AtomicUsize,
    /// Told of each commit that failed.
    pub failed: Notify,
}

impl OddStore {
    pub fn new(inner: SqliteStore) -> Self {
        let says: Says = Box::new(|_| Fate::Made);
        Self { inner, says: Mutex::new(says), commits: AtomicUsize::new(0), failed: Notify::new() }
    }

    /// From now on; counted from 0.
    pub fn says(&self, says: impl FnMut(usize) -> Fate + Send + 'static) {
        self.commits.store(0, Ordering::SeqCst);
        *self.says.lock().unwrap() = Box::new(says);
    }
}

#[async_trait]
impl Store for OddStore {
    async fn commit(&self, commit: Commit) -> Result<Receipt, CommitError> {
        let number = self.commits.fetch_add(1, Ordering::SeqCst);
        let fate = (self.says.lock().unwrap())(number);
        let answer = match fate {
            Fate::Made => self.inner.commit(commit).await,
            Fate::Refused => Err(CommitError::Unavailable { why: "the disk is away".into() }),
            Fate::AnswerLost => {
                self.inner.commit(commit).await?;
                Err(CommitError::Uncertain { why: "the answer was lost".into() })
            }
            Fate::Uncertain => Err(CommitError::Uncertain { why: "the answer was lost".into() }),
        };
        if answer.is_err() {
            self.failed.notify_one();
        }
        answer
    }

    async fn standing(&self, kind: &str, key: &str) -> Result<Standing, ReadError> {
        self.inner.standing(kind, key).await
    }

    async fn list(&self, query: Query) -> Result<Page<Standing>, ReadError> {
        self.inner.list(query).await
    }

    async fn counts(&self) -> Result<Vec<Count>, ReadError> {
        self.inner.counts().await
    }

    async fn object(&self, digest: Digest) -> Result<Option<Vec<u8>>, ReadError> {
        self.inner.object(digest).await
    }

    async fn entry(&self, index: u64) -> Result<Option<StoredEntry>, ReadError> {
        self.inner.entry(index).await
    }

    async fn entries(&self, range: Range<u64>) -> Result<Vec<StoredEntry>, ReadError> {
        self.inner.entries(range).await
    }

    async fn history(&self, kind: &str, key: &str) -> Result<Vec<Made>, ReadError> {
        self.inner.history(kind, key).await
    }

    async fn leaf_hashes(&self, range: Range<u64>) -> Result<Vec<Hash>, ReadError> {
        self.inner.leaf_hashes(range).await
    }

    async fn checkpoint(&self) -> Result<StoredCheckpoint, ReadError> {
        self.inner.checkpoint().await
    }

    async fn checkpoints(&self, after: Option<u64>, limit: u32) -> Result<Vec<StoredCheckpoint>, ReadError> {
        self.inner.checkpoints(after, limit).await
    }

    async fn check(&self) -> Result<Checked, ReadError> {
        self.inner.check().await
    }
}
