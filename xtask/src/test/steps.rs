//! The steps of a test run: each is announced, timed and bounded, and a step that fails doesn't keep the rest from running.

use std::{
    ffi::OsString,
    path::Path,
    time::{Duration, Instant},
};

use super::{Program, Tally, Workspace, pool, ram::Ram, tally, time};

/// A step that has ended.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) good: bool,
    pub(super) took: Duration,
}

/// The steps so far.
pub(super) struct Steps<'a> {
    workspace: &'a Workspace,
    target: Option<&'a Path>,
    begin: Instant,
    limit: Duration,
    quick: bool,
    ram: Option<Ram>,
    done: Vec<Step>,
    tally: Tally,
    failed: Vec<String>,
}

impl<'a> Steps<'a> {
    /// All steps together take no longer than `limit`. `quick`: samples are a quarter as large, and tests write to memory
    /// where there is room.
    pub(super) fn new(
        workspace: &'a Workspace,
        target: Option<&'a Path>,
        limit: Duration,
        quick: bool,
    ) -> Self {
        let (done, failed) = (Vec::new(), Vec::new());
        let ram = if quick { Ram::take() } else { None };
        Self {
            workspace,
            target,
            begin: Instant::now(),
            limit,
            quick,
            ram,
            done,
            tally: Tally::default(),
            failed,
        }
    }

    pub(super) fn done(&self) -> &[Step] {
        &self.done
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// The names of the tests that failed.
    pub(super) fn failed(&self) -> &[String] {
        &self.failed
    }

    pub(super) fn took(&self) -> Duration {
        self.begin.elapsed()
    }

    /// Runs cargo; what it writes is shown.
    pub(super) fn cargo(&mut self, name: &'static str, arguments: &[&str]) {
        let (cargo, left) = (self.program(arguments), self.left());
        self.check(name, || {
            println!("$ {}", cargo.line());
            cargo.stream(left, |_| {})
        });
    }

    /// Runs cargo's tests, and counts them.
    pub(super) fn tests(&mut self, name: &'static str, arguments: &[&str]) {
        let (cargo, left) = (self.program(arguments), self.left());
        let (mut tally, mut failed) = (Tally::default(), Vec::new());
        self.check(name, || {
            println!("$ {}", cargo.line());
            cargo.stream(left, |line| {
                if let Some(one) = Tally::of(line) {
                    tally.add(one);
                } else if let Some(test) = tally::failed(line) {
                    failed.push(test.to_owned());
                }
            })
        });
        self.tally.add(tally);
        self.failed.extend(failed);
    }

    /// Builds cargo's tests, then runs several of their programs at once, and counts them.
    pub(super) fn tests_at_once(&mut self, name: &'static str, arguments: &[&str]) {
        let (mut cargo, left) = (self.program(arguments), self.left());
        cargo.args(pool::BUILD);
        let settings = self.settings();
        let mut ran = pool::Ran::default();
        self.check(name, || {
            println!("$ {}", cargo.line());
            let begin = Instant::now();
            let programs = pool::build(cargo, left)?;
            println!("{} test programs after {}", programs.len(), time(begin.elapsed()));
            ran = pool::run(programs, &settings, left.saturating_sub(begin.elapsed()));
            Ok(ran.good)
        });
        self.tally.add(ran.tally);
        self.failed.extend(ran.failed);
    }

    /// Does one step. `Ok(false)` and errors are failures.
    pub(super) fn check(&mut self, name: &'static str, step: impl FnOnce() -> anyhow::Result<bool>) {
        println!("\n── {name}");
        let begin = Instant::now();
        let good = step().unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            false
        });
        let took = begin.elapsed();
        println!("── {name}: {} after {}", if good { "ok" } else { "FAILED" }, time(took));
        self.done.push(Step { name, good, took });
    }

    fn program(&self, arguments: &[&str]) -> Program {
        let mut cargo = Program::cargo(self.workspace);
        cargo.args(arguments);
        cargo.envs(&self.settings());
        cargo
    }

    /// What cargo and the tests find in their environment.
    fn settings(&self) -> Vec<(&'static str, OsString)> {
        // A snapshot that differs is a failure, not a new file.
        let mut settings = vec![("INSTA_UPDATE", "no".into())];
        settings.extend(self.target.map(|target| ("CARGO_TARGET_DIR", target.into())));
        if std::env::var_os("CI").is_some() {
            // Nobody edits and builds again there: the files for that are only slow to write.
            settings.push(("CARGO_INCREMENTAL", "0".into()));
        }
        if self.quick {
            settings.push(("EXQ_QUICK", "1".into()));
        }
        settings.extend(self.ram.as_ref().map(|ram| ("TMPDIR", ram.path().into())));
        settings
    }

    fn left(&self) -> Duration {
        self.limit.saturating_sub(self.begin.elapsed())
    }
}
