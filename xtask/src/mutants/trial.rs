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
        let passed = run(&tests, None, 0, Duration::from_secs(300))?;
        if passed != Some(true) {
            bail!("{} {} doesn't pass though all mutants sleep", tests.package, tests.name);
        }
        judges.push(Judge { tests, takes: begin.elapsed() });
    }
    judges.sort_by_key(|judge| judge.takes);
    Ok(judges)
}

/// Runs one test program, or those of its tests whose names have this in them, with one mutant awake; `None` if it was
/// stopped. Its memory is limited: a mutant may ask for all.
fn run(tests: &Tests, only: Option<&str>, id: u32, limit: Duration) -> anyhow::Result<Option<bool>> {
    let mut program = Program::new("sh");
    program.args(["-c", "ulimit -v 6000000; exec \"$@\"", "sh"]);
    program.args([&tests.program]).args(only);
    if let Some(folder) = tests.program.ancestors().find(|folder| folder.join("crates").is_dir()) {
        program.current_dir(&folder.join("crates").join(&tests.package));
    }
    program.env("EXQ_MUTANT", id.to_string()).env("RUST_BACKTRACE", "0");
    program.env("PROPTEST_RNG_SEED", "7").env("PROPTEST_MAX_SHRINK_ITERS", "0");
    program.quiet(limit)
}

/// One mutant to be tried.
pub(super) struct Tried {
    pub(super) id: u32,
    pub(super) package: &'static str,
    /// The path of its module, as tests within have it in their names: `meta::labels::`.
    pub(super) module: String,
}

/// Tries these mutants, two at a time: each by the tests beside it, by those of its package, then by those of the packages
/// above. Tells of each as it is settled.
pub(super) fn try_all(
    judges: &[Judge],
    mutants: &[Tried],
    above: impl Fn(&str, &str) -> bool + Sync,
    told: impl Fn(u32, Fate) + Sync,
) -> anyhow::Result<Vec<(u32, Fate)>> {
    let next = AtomicUsize::new(0);
    let work = || -> anyhow::Result<Vec<(u32, Fate)>> {
        let mut settled = Vec::new();
        while let Some(tried) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
            let own = || judges.iter().filter(|judge| judge.tests.package == tried.package);
            let beside = own()
                .filter(|judge| judge.tests.name == tried.package)
                .map(|judge| (judge, Some(tried.module.as_str())));
            let others = judges.iter().filter(|judge| above(tried.package, &judge.tests.package));
            let mut fate = Fate::Survived;
            for (judge, only) in beside.chain(own().chain(others).map(|judge| (judge, None))) {
                match run(&judge.tests, only, tried.id, judge.takes * 4 + Duration::from_secs(8))? {
                    Some(true) => continue,
                    Some(false) => fate = Fate::Killed,
                    None => fate = Fate::Hung,
                }
                break;
            }
            told(tried.id, fate);
            settled.push((tried.id, fate));
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
