//! `exq ledger check`: whether the database is what the ledger says.

use std::{path::PathBuf, sync::Arc};

use clap::Subcommand;
use model::{OsEntropy, SystemClock};
use store::Store as _;
use store_sqlite::{Options, SqliteStore};

use super::{Answer, say};
use crate::{config::Config, keys::Keys};

/// The ledger of this installation.
#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Compares every entry, hash, checkpoint, record, text and object with the ledger. The server has to be stopped: it
    /// does the same whenever it starts.
    Check,
}

impl LedgerCommand {
    pub(super) async fn run(self, config: PathBuf) -> Answer {
        let Self::Check = self;
        let config = Config::read(&config)?;
        let keys = Keys::load(&config.data, &config.origin)?;
        let path = config.data.join("exq.db");
        // Opening would make an empty one, and nothing is sound about that.
        anyhow::ensure!(
            path.is_file(),
            "there is no ledger: {} isn't there, and the keys beside it are\nhint: restore it before the next start",
            path.display()
        );
        let options = Options::new(path, keys.ledger, Arc::new(SystemClock), Arc::new(OsEntropy));
        let store = SqliteStore::open(options).await?;
        let checked = store.check().await?;
        say(format_args!(
            "{} entries, {} records, {} objects, {} checkpoints, {} texts erased",
            checked.entries, checked.records, checked.objects, checked.checkpoints, checked.erased
        ));
        for finding in &checked.findings {
            say(format_args!("  - {finding}"));
        }
        if checked.is_sound() {
            say("the database is what the ledger says");
        } else {
            say(format_args!("{} findings", checked.found));
        }
        store.close().await;
        Ok(checked.is_sound())
    }
}
