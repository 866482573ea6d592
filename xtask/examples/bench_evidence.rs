//! `exq evidence --repo R --all --json` as it is shipped, beside `git log` over the same meta refs: time, and memory.
//!
//! `cargo xtask bench evidence [-- --repo R] [--exq PROGRAM]`; without a repository it is `gerrit-ci-scripts` in the folder
//! `EXQ_CORPORA`, without a program it is built here.
//! Rounds are interleaved. Before each, the repository's files are dropped from the page cache, so both read the disk.
//! The figures are those of the quietest round, the one in which both together took least.
#![expect(clippy::disallowed_methods, reason = "it measures programs, so it starts them")]

use std::{
    ffi::OsStr,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use rustix::fs::{Advice, fadvise};

const ROUNDS: usize = 5;
const CORPUS: &str = "gerrit-ci-scripts.git";
/// No program may take longer.
const LIMIT: Duration = Duration::from_secs(300);

/// What one program took.
#[derive(Clone, Copy)]
struct Took {
    time: Duration,
    peak_kib: u64,
}

fn main() -> anyhow::Result<()> {
    let (mut repo, mut exq) = (None, None);
    let mut arguments = std::env::args_os().skip(1);
    while let Some(flag) = arguments.next() {
        let value = arguments.next().map(PathBuf::from);
        match flag.to_str() {
            Some("--repo") => repo = value,
            Some("--exq") => exq = value,
            _ => bail!("usage: bench_evidence [--repo BARE.git] [--exq PROGRAM]"),
        }
    }
    let repo = repo.map_or_else(corpus, Ok)?;
    let exq = exq.map_or_else(shipped, Ok)?;
    let mut rounds = Vec::new();
    for round in 1..=ROUNDS {
        let ours = run(&repo, Command::new(&exq).args(["evidence", "--all", "--json", "--repo"]).arg(&repo))?;
        let theirs = run(
            &repo,
            Command::new("git").arg("--git-dir").arg(&repo).args([
                "log",
                "--format=raw",
                "--glob=refs/changes/*/meta",
            ]),
        )?;
        eprintln!(
            "round {round}: exq {:.3} s, {} KiB; git log {:.3} s, {} KiB",
            ours.time.as_secs_f64(),
            ours.peak_kib,
            theirs.time.as_secs_f64(),
            theirs.peak_kib
        );
        rounds.push((ours, theirs));
    }
    let quietest = rounds.iter().min_by_key(|(ours, theirs)| ours.time + theirs.time).copied();
    let (ours, theirs) = quietest.context("no round")?;
    let seconds = |took: &Took| took.time.as_secs_f64();
    let mib = |took: &Took| took.peak_kib as f64 / 1024.0;
    print(
        "evidence, all changes",
        "s",
        (seconds(&ours), seconds(&theirs)),
        rounds.iter().map(|(ours, _)| seconds(ours)),
    );
    print(
        "evidence, peak memory",
        "MiB",
        (mib(&ours), mib(&theirs)),
        rounds.iter().map(|(ours, _)| mib(ours)),
    );
    Ok(())
}

fn print(bench: &str, unit: &str, (ours, theirs): (f64, f64), all: impl Iterator<Item = f64>) {
    let (low, high) = all.fold((f64::MAX, 0.0_f64), |(low, high), one| (low.min(one), high.max(one)));
    let round = |value: f64| (value * 1000.0).round() / 1000.0;
    println!(
        "{}",
        serde_json::json!({
            "bench": bench, "ours": round(ours), "peer": "git log", "theirs": round(theirs), "ratio": round(ours / theirs),
            "spread": round((high - low) / ours), "unit": unit, "n": ROUNDS,
        })
    );
}

/// The corpus, unpacked if it comes as a tar file.
fn corpus() -> anyhow::Result<PathBuf> {
    let folder = std::env::var_os("EXQ_CORPORA").context(
        "no repository\nhint: -- --repo BARE.git, or the folder with gerrit-ci-scripts in EXQ_CORPORA",
    )?;
    let there = Path::new(&folder).join(CORPUS);
    if there.is_dir() {
        return Ok(there);
    }
    let into = built()?.join("corpora");
    let unpacked = into.join(CORPUS);
    if !unpacked.is_dir() {
        std::fs::create_dir_all(&into)?;
        let mut tar = Command::new("tar");
        tar.arg("-xf").arg(there.with_extension("git.tar")).arg("-C").arg(&into);
        if !tar.status()?.success() {
            bail!("{CORPUS} can't be unpacked");
        }
    }
    Ok(unpacked)
}

fn workspace() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Builds `exq` as it is shipped, and says where it lies.
fn shipped() -> anyhow::Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--profile", "dist", "--package", "exq", "--no-default-features"]);
    if !cargo.current_dir(workspace()).stdout(Stdio::null()).status()?.success() {
        bail!("exq can't be built");
    }
    Ok(built()?.join("exq"))
}

/// The profile's folder: this program is `dist/examples/bench_evidence` in the target folder.
fn built() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    Ok(here.parent().and_then(Path::parent).context("no folder")?.to_owned())
}

/// Runs a program on a cold repository, its output thrown away. Its memory is looked at all the while: the peak that the
/// kernel keeps can be read only as long as the program lives, so what it took in its last moment may be missed.
fn run(repo: &Path, command: &mut Command) -> anyhow::Result<Took> {
    forget(repo)?;
    let name = command.get_program().to_string_lossy().into_owned();
    let begin = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().with_context(|| name.clone())?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    loop {
        if let Some(ended) = child.try_wait()? {
            if !ended.success() {
                bail!("{name} failed: {ended}");
            }
            return Ok(Took { time: begin.elapsed(), peak_kib });
        }
        if begin.elapsed() > LIMIT {
            child.kill()?;
            bail!("{name} took longer than {LIMIT:?}");
        }
        peak_kib = peak_kib.max(peak(&std::fs::read_to_string(&status).unwrap_or_default()));
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn peak(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Drops every file of a repository from the page cache.
fn forget(folder: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            forget(&entry.path())?;
        } else if entry.path().extension() != Some(OsStr::new("lock")) {
            fadvise(File::open(entry.path())?, 0, None, Advice::DontNeed)?;
        }
    }
    Ok(())
}
