//! `exq serve`

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use model::{OsEntropy, SystemClock};
use tracing_subscriber::EnvFilter;

use super::{Answer, say};
use crate::{config::Config, installation::Installation};

/// Runs the server.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Log as JSON lines.
    #[arg(long)]
    log_json: bool,
}

impl Serve {
    pub(super) async fn run(self, config: PathBuf) -> Answer {
        log(self.log_json);
        let config = Config::read(&config)?;
        let running = Installation::start(&config, Arc::new(SystemClock), Arc::new(OsEntropy)).await?;
        say(format_args!("listening on http://{}", running.address));
        match &running.sign_in_url {
            Some(url) => say(format_args!("sign in: {url}")),
            None => say(format_args!("open, once: {}", running.open_url)),
        }
        say(format_args!("ledger key: {}", running.ledger_key));
        shutdown().await?;
        running.stop().await?;
        Ok(true)
    }
}

/// Logs go to standard error; `RUST_LOG` chooses.
pub(crate) fn log(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second one in the same process is the same one.
    let _ = if json { log.json().try_init() } else { log.try_init() };
}

/// Ctrl-C, or SIGTERM.
pub(crate) async fn shutdown() -> anyhow::Result<()> {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        done = tokio::signal::ctrl_c() => done?,
        _ = term.recv() => {}
    }
    Ok(())
}
