//! `exq bundle`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use model::RunId;

use super::{Answer, Place, api, say};

/// Writes the file that proves a run.
#[derive(Debug, Args)]
pub(super) struct BundleCommand {
    /// The run.
    run: RunId,
    /// Where to; `-` is standard output. Default: `RUN.bundle`.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl BundleCommand {
    pub(super) async fn run(self, place: Place) -> Answer {
        let bytes = api(&place)?.bytes(&format!("runs/{}/bundle", self.run)).await?;
        let out =
            self.out.unwrap_or_else(|| PathBuf::from(format!("{}{}", self.run, server::BUNDLE_EXTENSION)));
        if out.as_os_str() == "-" {
            use std::io::Write as _;
            std::io::stdout().write_all(&bytes)?;
            return Ok(true);
        }
        std::fs::write(&out, &bytes).with_context(|| format!("{} can't be written", out.display()))?;
        say(format_args!("{}: {} bytes", out.display(), bytes.len()));
        Ok(true)
    }
}
