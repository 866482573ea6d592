//! `cargo xtask crash`: kill -9 during rollouts, many times.

use std::time::Duration;

use clap::Args;

use crate::{process::Program, workspace::Workspace};

/// A kill takes some seconds: the restart, what is left of the run, the next change.
const EACH: Duration = Duration::from_secs(20);
/// The build from nothing, and the company.
const BESIDES: Duration = Duration::from_secs(30 * 60);

/// Kills a server during rollouts; target, ledger and bundles have to tell the same story afterwards.
///
/// Says where in the journal the kills fell. The last line says how many passed; the exit code is 0 only if none failed.
#[derive(Args)]
pub(crate) struct Crash {
    /// How many kills.
    #[arg(long, default_value_t = 200)]
    runs: u32,
    /// Which: the same seed waits as long at the same places, to look at a failure again.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Crash {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let mut cargo = Program::cargo(&Workspace::here());
        cargo.args(["test", "--package", "exq", "--test", "crash", "--", "--nocapture"]);
        cargo.env("CRASH_KILLS", self.runs.to_string()).env("CRASH_SEED", self.seed.to_string());
        let mut done = None;
        let well = cargo.stream(BESIDES + EACH * self.runs, |line| done = kills(line).or(done))?;
        let done = done.unwrap_or(0);
        if !well || done < self.runs {
            println!("look at it again: cargo xtask crash --runs {} --seed {}", self.runs, self.seed);
            println!("{done} passed, 1 failed");
            std::process::exit(1);
        }
        println!("{done} passed, 0 failed");
        Ok(())
    }
}

/// How many kills the test says that it survived: `kills: N, all well`.
fn kills(line: &str) -> Option<u32> {
    line.strip_prefix("kills: ")?.strip_suffix(", all well")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::kills;

    #[test]
    fn only_the_line_that_counts_counts() {
        assert_eq!(kills("kills: 200, all well"), Some(200));
        assert_eq!(kills("kills: 200"), None);
        assert_eq!(kills("200 kills, seed 1"), None);
    }
}
