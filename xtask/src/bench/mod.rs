//! `cargo xtask bench NAME`: measures what we ship, and keeps the figures in `docs/BENCHMARKS.md`.
//!
//! A bench is an example called `bench_NAME` of any crate. It prints one JSON line for each figure on standard output:
//! `{"bench":…,"ours":…,"peer":…,"theirs":…,"ratio":…,"spread":…,"unit":…,"n":…}`; whatever it says besides goes to
//! standard error. Each figure has a row, which the next run replaces.

mod figure;
mod machine;
mod table;

use std::{ffi::OsString, time::Duration};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::{process::Program, workspace::Workspace};
use figure::Figure;

/// The build from nothing in the profile that is shipped, and the rounds.
const LIMIT: Duration = Duration::from_secs(60 * 60);
/// Benches that lie beside their crate under another name: bench, crate, example.
const ELSEWHERE: [(&str, &str, &str); 2] =
    [("store", "store-sqlite", "appends"), ("ledger", "ledger", "speed")];

/// Measures.
#[derive(Args)]
pub(crate) struct Bench {
    /// Which bench; without it they are listed.
    name: Option<String>,
    /// Show the figures only: docs/BENCHMARKS.md stays as it is.
    #[arg(long)]
    dry: bool,
    /// Arguments for the bench.
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

impl Bench {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let workspace = Workspace::here();
        let benches = benches(&workspace)?;
        let Some(name) = self.name else {
            benches.iter().for_each(|(bench, ..)| println!("{bench}"));
            return Ok(());
        };
        let Some((_, package, example)) = benches.iter().find(|(bench, ..)| *bench == name) else {
            let known: Vec<&str> = benches.iter().map(|(bench, ..)| bench.as_str()).collect();
            bail!("there is no bench {name}\nhint: there are {}", known.join(", "));
        };
        let mut cargo = Program::cargo(&workspace);
        cargo.args(["run", "--profile", "dist", "--package", package, "--example", example, "--"]);
        cargo.args(self.arguments);
        // Before the run: afterwards it is our own.
        let measured = machine::describe();
        let mut figures = Vec::new();
        let ended_well = cargo.stream(LIMIT, |line| figures.push(Figure::read(line)))?;
        let figures = figures.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        if !ended_well {
            bail!("bench {name} failed");
        }
        if figures.is_empty() {
            bail!("bench {name} printed no figure");
        }
        if self.dry {
            return Ok(());
        }
        let page = workspace.root().join("docs/BENCHMARKS.md");
        let mut text = std::fs::read_to_string(&page).context("docs/BENCHMARKS.md")?;
        for figure in &figures {
            text = table::with(&text, &figure.bench, &figure.row(&measured))?;
        }
        std::fs::write(&page, text).context("docs/BENCHMARKS.md")?;
        eprintln!("docs/BENCHMARKS.md has {} new row(s)", figures.len());
        Ok(())
    }
}

/// Each bench with its crate and example, by name.
fn benches(workspace: &Workspace) -> anyhow::Result<Vec<(String, String, String)>> {
    let mut benches = Vec::new();
    for target in workspace.targets()?.into_iter().filter(|target| target.kind == "example") {
        let elsewhere = ELSEWHERE
            .iter()
            .find(|(_, package, example)| *package == target.package && *example == target.name)
            .map(|(bench, ..)| *bench);
        let bench = target.name.strip_prefix("bench_").or(elsewhere).map(str::to_owned);
        benches.extend(bench.map(|bench| (bench, target.package, target.name)));
    }
    benches.sort();
    Ok(benches)
}
