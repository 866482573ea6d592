//! `cargo xtask test`: everything that must hold, in one command.
//!
//! Step by step, each with its time: what is needed, format, lints, tests (a real Gerrit and the documentation's
//! examples included), the demo, and what is shipped. The last line says how many tests passed and failed. `--quick` is
//! format, and the tests but those of a real Gerrit and the documentation's examples, several programs at once: tests that
//! start a real Gerrit lie in test targets named `real*.rs`.

mod java;
mod pool;
mod prerequisites;
mod ram;
mod shipped;
mod steps;
mod tally;
mod target_dir;

use std::time::Duration;

use clap::Args;

pub(crate) use tally::Tally;

use crate::{
    process::{Program, time},
    workspace::Workspace,
};
use steps::Steps;

/// All of it. CI gives 90 minutes; without the tests' own limits this is the end of every wait.
const ALL: Duration = Duration::from_secs(85 * 60);

/// Everything that must hold, in one command.
///
/// Needs git, a C compiler, Maven and a Java development kit (21 or later), and says what is missing. Steps: format, lints,
/// tests (a real Gerrit and the documentation's examples included), the demo, and what is shipped. A step that fails
/// doesn't keep the others from running. The last line says how many tests passed and failed; the exit code is 0 only if
/// everything is well.
///
/// Builds in CARGO_TARGET_DIR, or in the clone's own target folder where `cargo run` has built already; otherwise in
/// $XDG_CACHE_HOME|~/.cache/exequatur/target/<compiler>, so that the second clone on a machine needn't build everything
/// again.
#[derive(Args)]
pub(crate) struct Test {
    /// Format and tests only, without a real Gerrit (the test targets named `real*`) and the documentation's examples; several
    /// test programs at once, and a quarter of the largest samples.
    #[arg(long)]
    quick: bool,
}

impl Test {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let workspace = Workspace::here();
        prerequisites::met(self.quick)?;
        let target = target_dir::choose(&workspace);
        if let Some(target) = &target {
            println!("building in {} (set CARGO_TARGET_DIR for another folder)", target.path().display());
        }
        let mut steps =
            Steps::new(&workspace, target.as_ref().map(target_dir::TargetDir::path), ALL, self.quick);

        steps.cargo("format", &["fmt", "--all", "--check"]);
        if self.quick {
            let tests = without_real_gerrit(&workspace)?;
            let mut quick = vec!["test", "--workspace", "--lib", "--bins"];
            quick.extend(tests.iter().flat_map(|test| ["--test", test.as_str()]));
            steps.tests_at_once("tests without a real Gerrit", &quick);
        } else {
            steps.cargo("lints", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
            steps.tests("tests, a real Gerrit included", &["test", "--workspace", "--no-fail-fast"]);
            steps.cargo("the demo", &["run", "--", "demo", "--auto"]);
            steps.cargo("what is shipped builds", &["build", "--package", "exq", "--no-default-features"]);
            steps.check("what is shipped has no demo in it", || shipped::is_clean(&workspace));
        }
        finish(&steps)
    }
}

/// The names of all test targets but `real*`, which start a real Gerrit.
fn without_real_gerrit(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let targets = workspace.targets()?;
    let mut names: Vec<String> =
        targets.into_iter().filter(|target| target.kind == "test").map(|target| target.name).collect();
    names.retain(|name| !name.starts_with("real"));
    names.sort();
    names.dedup();
    Ok(names)
}

/// Says how it went; the last line is plain.
fn finish(steps: &Steps<'_>) -> anyhow::Result<()> {
    println!();
    for step in steps.done() {
        println!("{:>4}  {:>12}  {}", if step.good { "ok" } else { "FAIL" }, time(step.took), step.name);
    }
    println!("      {:>12}  in all", time(steps.took()));
    for test in steps.failed() {
        println!("failed: {test}");
    }
    let tally = steps.tally();
    let failed: Vec<&str> = steps.done().iter().filter(|step| !step.good).map(|step| step.name).collect();
    if !failed.is_empty() {
        println!("not green: {}", failed.join(", "));
    }
    if tally.passed == 0 {
        println!("not green: no test ran");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if !failed.is_empty() || tally.failed > 0 || tally.passed == 0 {
        std::process::exit(1);
    }
    Ok(())
}
