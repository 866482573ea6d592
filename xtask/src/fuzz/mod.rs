//! `cargo xtask fuzz`: runs the fuzz targets guided by coverage, on the stable compiler.
//!
//! libFuzzer comes with the crate `libfuzzer-sys`, whose C++ is built here; the compiler puts the counters in by the flags
//! that `cargo fuzz` passes too. The quick runs of the same targets, without any of that, are ordinary tests.

mod guided;
mod ran;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::{
    process::{Program, time},
    workspace::Workspace,
};
use guided::Guided;

/// Runs fuzz targets, guided by coverage. Without names: all of them, one after the other.
///
/// Needs a C++ compiler. Builds into the folder `fuzz` of the target folder, where what was found and what it grew from
/// stay too. The exit code is 0 only if nothing was found; what is found is saved, and how to replay it is said.
#[derive(Args)]
pub(crate) struct Fuzz {
    /// Which targets (`notedb`, `evidence-change`, …).
    targets: Vec<String>,
    /// How long each runs, in seconds.
    #[arg(long, default_value_t = 600, value_name = "N")]
    seconds: u64,
    /// How many run at once.
    #[arg(long, default_value_t = 1, value_name = "N")]
    jobs: usize,
    /// Run one target on the input in this file, once, without coverage.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
}

impl Fuzz {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let workspace = Workspace::here();
        let known = known(&workspace)?;
        if let Some(unknown) = self.targets.iter().find(|name| !known.contains(name)) {
            bail!("there is no target {unknown}\nhint: {}", known.join(", "));
        }
        if let Some(file) = &self.replay {
            return replay(&workspace, &self.targets, file);
        }
        let wanted = if self.targets.is_empty() { known } else { self.targets };
        let guided = Guided::build(&workspace, &wanted)?;
        let ran = guided.run(&wanted, Duration::from_secs(self.seconds), self.jobs.clamp(1, 16))?;
        let found: usize = ran.iter().map(|ran| ran.findings.len()).sum();
        let broken = ran.iter().filter(|ran| !ran.is_whole()).count();
        println!("{} targets, {found} findings", ran.len());
        if found > 0 || broken > 0 {
            bail!("{found} findings; {broken} targets didn't run to the end");
        }
        Ok(())
    }
}

/// The targets, by their folders of seeds.
fn known(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let folder = workspace.root().join("crates/fuzz/seeds");
    let folders = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut known: Vec<String> =
        folders.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    known.sort();
    Ok(known)
}

fn replay(workspace: &Workspace, targets: &[String], file: &std::path::Path) -> anyhow::Result<()> {
    let [target] = targets else { bail!("name the one target to replay {} on", file.display()) };
    let file = std::path::absolute(file)?;
    let mut cargo = Program::cargo(workspace);
    cargo.args(["run", "--quiet", "--package", "fuzz", "--bin", "replay", "--"]).args([target]).args([&file]);
    if let Some((bundle, key)) = guided::real_bundle(workspace)? {
        cargo.env("EXQ_FUZZ_BUNDLE", bundle).env("EXQ_FUZZ_LEDGER_KEY", key);
    }
    let limit = Duration::from_secs(20 * 60);
    if !cargo.stream(limit, |_| {})? {
        bail!("it broke, or ran longer than {}", time(limit));
    }
    Ok(())
}
