//! Wakes one mutant after the other and sees whether a test notices.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use super::build::Tests;
use crate::process::Program;

/// What became of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// A test failed.
    Killed,
    /// A test didn't end in time: a loop without end, most often.
    Hung,
    /// No test noticed.
    Survived,
}

/// A test program that passes in this time while all mutants sleep.
pub(super) struct Judge {
    tests: Tests,
    takes: Duration,
}

/// Runs all test programs once with all mutants asleep: they must pass. Gives them quickest first.
pub(super) fn judges(tests: Vec<Tests>) -> anyhow::Result<Vec<Judge>> {
    let mut judges = Vec::new();
    for tests in tests {
        let begin = Instant::now();
        let passed = run(&tests, 0, Duration::from_secs(300))?;
        if passed != Some(true) {
            bail!("{} {} doesn't pass though all mutants sleep", tests.package, tests.name);
        }
        judges.push(Judge { tests, takes: begin.elapsed() });
    }
    judges.sort_by_key(|judge| judge.takes);
    Ok(judges)
}

/// Runs one test program with one mutant awake; `None` if it was stopped. Its memory is limited: a mutant may ask for all.
fn run(tests: &Tests, id: u32, limit: Duration) -> anyhow::Result<Option<bool>> {
    let mut program = Program::new("sh");
    program.args(["-c", "ulimit -v 6000000; exec \"$@\"", "sh"]);
    program.args([&tests.program]);
    if let Some(folder) = tests.program.ancestors().find(|folder| folder.join("crates").is_dir()) {
        program.current_dir(&folder.join("crates").join(&tests.package));
    }
    program.env("EXQ_MUTANT", id.to_string()).env("RUST_BACKTRACE", "0");
    program.env("PROPTEST_RNG_SEED", "7").env("PROPTEST_MAX_SHRINK_ITERS", "0");
    program.quiet(limit)
}

/// Tries these mutants, two at a time; each by the tests of its package, then by those of the packages above. Tells of
/// each as it is settled.
pub(super) fn try_all(
    judges: &[Judge],
    mutants: &[(u32, &str)],
    above: impl Fn(&str, &str) -> bool + Sync,
    told: impl Fn(u32, Fate) + Sync,
) -> anyhow::Result<Vec<(u32, Fate)>> {
    let next = AtomicUsize::new(0);
    let work = || -> anyhow::Result<Vec<(u32, Fate)>> {
        let mut settled = Vec::new();
        while let Some((id, package)) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
            let own = judges.iter().filter(|judge| judge.tests.package == *package);
            let others = judges.iter().filter(|judge| above(package, &judge.tests.package));
            let mut fate = Fate::Survived;
            for judge in own.chain(others) {
                match run(&judge.tests, *id, judge.takes * 4 + Duration::from_secs(8))? {
                    Some(true) => continue,
                    Some(false) => fate = Fate::Killed,
                    None => fate = Fate::Hung,
                }
                break;
            }
            told(*id, fate);
            settled.push((*id, fate));
        }
        Ok(settled)
    };
    std::thread::scope(|scope| {
        let workers = [scope.spawn(work), scope.spawn(work)];
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.join().ok().context("a worker broke down")??);
        }
        Ok(all)
    })
}
