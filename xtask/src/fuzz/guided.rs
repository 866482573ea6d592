//! Builds the targets with libFuzzer, and runs them.

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use super::ran::Ran;
use crate::{
    process::{Program, on_path, time},
    workspace::Workspace,
};

/// A build of everything that the targets reach, with counters in it.
const BUILD: Duration = Duration::from_secs(60 * 60);
/// No input may take longer, in seconds.
const SLOWEST_S: u32 = 20;
/// No input may need more, in MiB.
const MEMORY_MIB: u32 = 3072;

/// The longest input of any target, in bytes. Each refuses what is longer than its own.
const LONGEST: usize = 16_384;

/// What `cargo fuzz` passes without a sanitizer, so that the stable compiler does it.
const FLAGS: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// The program with libFuzzer in it.
pub(super) struct Guided {
    program: PathBuf,
    /// Seeds and words.
    checked_in: PathBuf,
    /// What grows and what is found.
    folder: PathBuf,
    real: Option<(PathBuf, PathBuf)>,
}

impl Guided {
    /// Builds it, into a folder of its own.
    pub(super) fn build(workspace: &Workspace, wanted: &[String]) -> anyhow::Result<Self> {
        if !["c++", "g++", "clang++"].iter().any(|name| on_path(name).is_some()) {
            bail!("libFuzzer is C++, and there is no C++ compiler\nhint: apt-get install g++");
        }
        let folder = workspace.target()?.join("fuzz");
        let host = host(workspace)?;
        let real =
            if wanted.iter().any(|name| name == "proof") { Some(make_real_bundle(workspace)?) } else { None };
        let mut cargo = Program::cargo(workspace);
        cargo.args([
            "build",
            "--package",
            "fuzz",
            "--bin",
            "guided",
            "--features",
            "guided",
            "--profile",
            "fuzz",
        ]);
        // With a target named, build scripts and macros are spared the flags.
        cargo.args(["--target", &host, "--target-dir"]).args([&folder]);
        cargo.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
        let begin = Instant::now();
        if !cargo.overhear(BUILD, |line| eprintln!("{line}"))? {
            bail!("the targets don't build");
        }
        println!("built in {}", time(begin.elapsed()));
        let program = folder.join(&host).join("fuzz/guided");
        Ok(Self { program, checked_in: workspace.root().join("crates/fuzz"), folder, real })
    }

    /// Runs the targets, so many at once; says one line for each.
    pub(super) fn run(&self, targets: &[String], each: Duration, jobs: usize) -> anyhow::Result<Vec<Ran>> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let work = || -> anyhow::Result<()> {
            while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
                let begin = Instant::now();
                let ran = self.one(target, each)?;
                println!("{}", ran.report(begin.elapsed()));
                done.lock().unwrap_or_else(PoisonError::into_inner).push(ran);
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().ok().context("a worker broke down")?)
        })?;
        Ok(done.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn one(&self, target: &str, limit: Duration) -> anyhow::Result<Ran> {
        let (corpus, findings) =
            (self.folder.join("corpus").join(target), self.folder.join("findings").join(target));
        for folder in [&corpus, &findings] {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        let mut program = Program::new(&self.program);
        program.env("EXQ_FUZZ_TARGET", target).env("RUST_BACKTRACE", "0");
        if let Some((bundle, key)) = &self.real {
            program.env("EXQ_FUZZ_BUNDLE", bundle).env("EXQ_FUZZ_LEDGER_KEY", key);
        }
        program.args([
            format!("-max_total_time={}", limit.as_secs()),
            format!("-timeout={SLOWEST_S}"),
            format!("-rss_limit_mb={MEMORY_MIB}"),
            format!("-max_len={LONGEST}"),
            format!("-dict={}", self.checked_in.join(format!("words/{target}.dict")).display()),
            // The slash at the end says that it is a folder.
            format!("-artifact_prefix={}/", findings.display()),
            "-print_final_stats=1".to_owned(),
            "-reload=0".to_owned(),
        ]);
        // What is new goes to the first; the second is only read.
        program.args([&corpus, &self.checked_in.join("seeds").join(target)]);
        println!("{target}: for {} …", time(limit));
        let mut ran = Ran::new(target);
        program.overhear(limit + Duration::from_secs(600), |line| ran.line(line))?;
        Ok(ran)
    }
}

/// The platform that we are on.
fn host(workspace: &Workspace) -> anyhow::Result<String> {
    let mut cargo = Program::cargo(workspace);
    cargo.args(["--version", "--verbose"]);
    let said = cargo.text()?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("cargo doesn't say what host it is on")?.to_owned())
}

/// A bundle of a real run and the ledger's key, if they were made already.
pub(super) fn real_bundle(workspace: &Workspace) -> anyhow::Result<Option<(PathBuf, PathBuf)>> {
    let folder = workspace.target()?.join("fuzz/demo");
    let bundles = std::fs::read_dir(folder.join("bundles")).into_iter().flatten().flatten();
    let bundle = bundles.map(|entry| entry.path()).min();
    let key = folder.join("ledger.pub");
    Ok(bundle.filter(|_| key.is_file()).map(|bundle| (bundle, key)))
}

/// Has the demo play its story, whose bundles are real. Made anew each time: they fit the code that verifies them.
fn make_real_bundle(workspace: &Workspace) -> anyhow::Result<(PathBuf, PathBuf)> {
    let folder = workspace.target()?.join("fuzz/demo");
    remove(&folder)?;
    let mut cargo = Program::cargo(workspace);
    cargo.args(["run", "--quiet", "--package", "exq", "--", "demo", "--auto", "--keep"]).args([&folder]);
    println!("the demo makes a real bundle …");
    if !cargo.overhear(BUILD, |line| eprintln!("{line}"))? {
        bail!("the demo doesn't run, so there is no real bundle\nhint: cargo run -- demo --auto");
    }
    real_bundle(workspace)?.context("the demo left no bundle")
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| folder.display().to_string())
        }
        _ => Ok(()),
    }
}
