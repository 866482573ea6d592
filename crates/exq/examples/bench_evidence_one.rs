//! Evidence on one change of a bare repository: `cargo xtask bench evidence_one [-- --repo BARE.git]`.
//!
//! *Incremental*: all changes were judged and are kept (`evidence::Kept`); then one change's history gets one more commit,
//! and that change is judged anew. *A process of its own*: `exq evidence N --json --repo R` as it is shipped, from its start
//! to its end, beside `git log` of the same meta ref. Both on a copy of the repository, over changes spread evenly.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it measures programs and time")]

mod support;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, bail, ensure};
use evidence::{Kept, ReviewRules};
use gerrit::repo::Repo;
use notedb::{ObjectId, Refs as _};
use support::{Rounds, print_alone, quantile};

const ROUNDS: usize = 5;
const EACH: usize = 40;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let repo = match (arguments.next(), arguments.next()) {
        (None, _) => None,
        (Some(flag), Some(path)) if flag == "--repo" => Some(PathBuf::from(path)),
        _ => bail!("usage: bench_evidence_one [--repo BARE.git]"),
    };
    let exq = support::shipped()?;
    let folder = support::folder()?;
    let path = support::corpus::copy(repo, folder.path())?;
    let repo = Repo::open(&path)?;
    let begin = Instant::now();
    let mut kept = Kept::new(ReviewRules::default());
    let all = kept.refresh(&repo)?.len();
    eprintln!("{all} changes judged once in {:.0} ms", ms(begin));
    let changes = repo.changes()?;
    let step = (changes.len() / (ROUNDS * EACH)).max(1);
    let picked: Vec<(u64, ObjectId)> = changes.into_iter().step_by(step).collect();
    let (mut p50, mut p99) = (Vec::new(), Vec::new());
    let mut process = Rounds::default();
    for round in picked.chunks(picked.len().div_ceil(ROUNDS)) {
        let (mut anew, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
        for (number, meta) in round {
            let moved = one_more(&path, *number, meta)?;
            let begin = Instant::now();
            let judged = kept.one(&repo, *number)?.context("the change is gone")?;
            anew.push(ms(begin));
            ensure!(judged.meta == moved, "it was not judged anew");
            let number = number.to_string();
            let mut command = Command::new(&exq);
            command.args(["evidence", &number, "--json", "--repo"]).arg(&path);
            ours.push(timed(&mut command)?);
            let mut command = Command::new("git");
            let meta_ref = notedb::meta_ref(number.parse()?);
            command.arg("--git-dir").arg(&path).args(["log", "--format=raw", &meta_ref]);
            theirs.push(timed(&mut command)?);
        }
        eprintln!(
            "incremental p50 {:.2} ms, p99 {:.2} ms; a process: ours p50 {:.1} ms, git log {:.1} ms",
            quantile(&anew, 0.5),
            quantile(&anew, 0.99),
            quantile(&ours, 0.5),
            quantile(&theirs, 0.5)
        );
        p50.push(quantile(&anew, 0.5));
        p99.push(quantile(&anew, 0.99));
        process.push(ours, theirs);
    }
    print_alone("evidence, one change that moved, incremental", "ms p50", &p50);
    print_alone("evidence, one change that moved, incremental, p99", "ms p99", &p99);
    process.print("evidence, one change, a process of its own", "git log of its meta ref", "ms p50", 0.5);
    Ok(())
}

/// One more commit on a change's history, as a message makes it.
fn one_more(repo: &Path, number: u64, meta: &ObjectId) -> anyhow::Result<ObjectId> {
    let last = git(repo, &["cat-file", "commit", &meta.to_string()], "")?;
    let (head, text) = last.split_once("\n\n").context("no commit")?;
    let patch_set = text.lines().rev().find(|line| line.starts_with("Patch-set: ")).unwrap_or("Patch-set: 1");
    let kept = head.lines().filter(|line| !line.starts_with("parent "));
    let mut lines: Vec<String> = kept.map(str::to_owned).collect();
    lines.insert(1, format!("parent {meta}"));
    let commit = format!("{}\n\nUpdate patch set\n\n{patch_set}\n", lines.join("\n"));
    let made = git(repo, &["hash-object", "-t", "commit", "-w", "--stdin"], &commit)?;
    git(repo, &["update-ref", &notedb::meta_ref(number), made.trim()], "")?;
    Ok(made.trim().parse()?)
}

fn git(repo: &Path, arguments: &[&str], input: &str) -> anyhow::Result<String> {
    let mut command = Command::new("git");
    command.arg("--git-dir").arg(repo).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    child.stdin.take().context("no input")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "git {arguments:?} failed");
    Ok(String::from_utf8(output.stdout)?)
}

/// Its time; what it says is thrown away. 1 is an answer: not reviewed.
fn timed(command: &mut Command) -> anyhow::Result<f64> {
    let begin = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    let took = ms(begin);
    ensure!(matches!(status.code(), Some(0 | 1)), "{command:?}: {status}");
    Ok(took)
}

fn ms(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1000.0
}
