//! A store in a folder of its own.
#![allow(dead_code, unreachable_pub)] // each test takes what it needs
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // these are tests

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use store::{
    Store,
    conformance::{Place, Setting},
};
use store_sqlite::{OpenError, Options, SqliteStore};
use tempfile::TempDir;

/// A folder with a database in it; removed at the end.
pub struct Folder {
    dir: TempDir,
    /// The stores that are open, by the address of what was given out: to be closed, they are needed whole.
    open: Mutex<HashMap<usize, Arc<SqliteStore>>>,
}

impl Folder {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), open: Mutex::default() }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("exq.db")
    }

    pub fn options(&self, setting: &Setting) -> Options {
        Options::new(self.path(), setting.signer(), setting.clock.clone(), setting.entropy.clone())
    }

    pub async fn sqlite(&self, setting: &Setting) -> Result<SqliteStore, OpenError> {
        SqliteStore::open(self.options(setting)).await
    }
}

fn address(store: &Arc<dyn Store>) -> usize {
    Arc::as_ptr(store).cast::<()>() as usize
}

#[async_trait]
impl Place for Folder {
    async fn open(&self, setting: &Setting) -> Arc<dyn Store> {
        let sqlite = Arc::new(self.sqlite(setting).await.unwrap());
        let store: Arc<dyn Store> = sqlite.clone();
        self.open.lock().unwrap().insert(address(&store), sqlite);
        store
    }

    async fn close(&self, store: Arc<dyn Store>) {
        let sqlite = self.open.lock().unwrap().remove(&address(&store)).unwrap();
        drop(store);
        Arc::into_inner(sqlite).expect("somebody still uses the store").close().await;
    }
}
