//! `cargo xtask slice`: the first story, on a real Gerrit.

use std::time::Duration;

use anyhow::bail;
use clap::Args;

use crate::{process::Program, workspace::Workspace};

/// The build from nothing, and the story.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// The first story on a real Gerrit.
#[derive(Args)]
pub(crate) struct Slice;

impl Slice {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let mut cargo = Program::cargo(&Workspace::here());
        cargo.args(["test", "--package", "exq", "--test", "real_slice", "--", "--nocapture"]);
        let mut passed = 0_u64;
        let ended_well = cargo.stream(LIMIT, |line| {
            if let Some(tally) = crate::test::Tally::of(line) {
                passed += tally.passed;
            }
        })?;
        if !ended_well {
            bail!("the slice doesn't hold");
        }
        if passed == 0 {
            bail!("no test ran: crates/exq/tests/real_slice.rs has none");
        }
        Ok(())
    }
}
