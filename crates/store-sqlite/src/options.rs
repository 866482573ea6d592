//! How a store is opened.

use std::{path::PathBuf, sync::Arc};

use ledger::{LogSigner, VerifierKey};
use model::{Clock, Entropy};

/// How a store is opened.
pub struct Options {
    /// The database file. `<file>-wal`, `<file>-shm` and `<file>.lock` lie beside it.
    pub path: PathBuf,
    /// Signs checkpoints; names the log.
    pub signer: LogSigner,
    /// Keys that signed checkpoints of this log before.
    pub former_keys: Vec<VerifierKey>,
    /// The time of entries.
    pub clock: Arc<dyn Clock>,
    /// Where salts come from.
    pub entropy: Arc<dyn Entropy>,
    /// Connections that read, from 1. Default 4.
    pub readers: u32,
    /// What the database file may grow to, in bytes; over it, commits are answered with
    /// [`store::CommitError::Full`]. Default: what the disk has.
    pub max_bytes: Option<u64>,
}

impl Options {
    /// With the defaults.
    #[must_use]
    pub fn new(
        path: impl Into<PathBuf>,
        signer: LogSigner,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { path: path.into(), signer, former_keys: vec![], clock, entropy, readers: 4, max_bytes: None }
    }
}
