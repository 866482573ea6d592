//! Test programs, several at once: two more than there are cores, for many of them wait more than they compute. Cargo runs
//! one after the other.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, VecDeque},
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::bail;
use serde_json::Value;

use super::{Program, Tally, tally, time};

/// What cargo is told besides, so that it builds the programs and says where they lie.
pub(super) const BUILD: &[&str] = &["--no-run", "--message-format=json-render-diagnostics"];

/// Where, beside the programs, it is kept how many milliseconds each took.
const TIMES: &str = "test-times.json";

/// A program full of tests.
pub(super) struct Tests {
    program: PathBuf,
    /// The folder of its package, where it runs.
    folder: PathBuf,
    /// What it is of, for people: `proof (exq)`.
    name: String,
}

/// What became of all programs.
#[derive(Debug, Default)]
pub(super) struct Ran {
    pub(super) good: bool,
    pub(super) tally: Tally,
    pub(super) failed: Vec<String>,
}

/// Has cargo build the programs.
pub(super) fn build(cargo: Program, limit: Duration) -> anyhow::Result<Vec<Tests>> {
    let mut programs = Vec::new();
    if !cargo.hear(limit, |line| programs.extend(built(line)))? {
        bail!("the tests don't build");
    }
    if programs.is_empty() {
        bail!("cargo named no test program");
    }
    Ok(programs)
}

/// Runs them all; a program that fails doesn't keep the others from running, and what it wrote is shown whole.
pub(super) fn run(mut programs: Vec<Tests>, settings: &[(&'static str, OsString)], limit: Duration) -> Ran {
    let kept = programs
        .first()
        .and_then(|tests| Some(tests.program.parent()?.join(TIMES)))
        .filter(|at| at.is_absolute());
    in_order(&mut programs, &kept.as_ref().and_then(|kept| std::fs::read(kept).ok()).unwrap_or_default());
    let begin = Instant::now();
    let waiting = Mutex::new(VecDeque::from(programs));
    let ran = Mutex::new(Ran { good: true, ..Ran::default() });
    let times = Mutex::new(BTreeMap::new());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let work = || {
        while let Some(tests) = next() {
            let began = Instant::now();
            let one = tests.run(settings, limit.saturating_sub(begin.elapsed()));
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            times.lock().unwrap_or_else(PoisonError::into_inner).insert(tests.name, took);
            let mut all = ran.lock().unwrap_or_else(PoisonError::into_inner);
            all.good &= one.good;
            all.tally.add(one.tally);
            all.failed.extend(one.failed);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores + 2 {
            scope.spawn(work);
        }
    });
    let times = times.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let (Some(kept), Ok(times)) = (kept, serde_json::to_vec(&times)) {
        // Without it the next run takes longer, no more.
        let _ = std::fs::write(kept, times);
    }
    ran.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The longest first, by the times that were kept of the run before, so that none of them is left alone at the end. What
/// isn't known is thought long, and the large ones longest: they link most of the house and play whole stories.
fn in_order(programs: &mut [Tests], kept: &[u8]) {
    let times: BTreeMap<String, u64> = serde_json::from_slice(kept).unwrap_or_default();
    programs.sort_by_key(|tests| {
        let size = tests.program.metadata().map_or(0, |found| found.len());
        Reverse((times.get(&tests.name).copied().unwrap_or(u64::MAX), size))
    });
}

impl Tests {
    fn run(&self, settings: &[(&'static str, OsString)], limit: Duration) -> Ran {
        let begin = Instant::now();
        let mut program = Program::new(&self.program);
        program.current_dir(&self.folder).envs(settings).env("CARGO_MANIFEST_DIR", &self.folder);
        let (mut ran, mut wrote) = (Ran::default(), String::new());
        let ended = program.all(limit, |line| {
            wrote.push_str(line);
            wrote.push('\n');
            if let Some(one) = Tally::of(line) {
                ran.tally.add(one);
            } else if let Some(test) = tally::failed(line) {
                ran.failed.push(test.to_owned());
            }
        });
        ran.good = *ended.as_ref().unwrap_or(&false) && ran.tally.failed == 0;
        let took = time(begin.elapsed());
        if ran.good {
            println!("{:>4} passed {took:>12}  {}", ran.tally.passed, self.name);
        } else {
            let why = ended.err().map(|error| format!("error: {error:#}\n")).unwrap_or_default();
            println!("{wrote}{why}FAILED after {took}: {}", self.name);
            if ran.failed.is_empty() {
                ran.failed.push(self.name.clone());
            }
        }
        ran
    }
}

/// The test program that a message of cargo's says was built:
/// <https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages>.
fn built(line: &str) -> Option<Tests> {
    let message: Value = serde_json::from_str(line).ok()?;
    let text = |place: &str| message.pointer(place)?.as_str();
    if message.pointer("/profile/test")? != true {
        return None;
    }
    let folder = Path::new(text("/manifest_path")?).parent()?.to_owned();
    let name = format!("{} ({})", text("/target/name")?, folder.file_name()?.display());
    Some(Tests { program: text("/executable")?.into(), folder, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_tests_is_told_from_others() {
        let said = |test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"x","manifest_path":"/house/crates/gate/Cargo.toml",
                "target":{{"kind":["test"],"name":"golden"}},"profile":{{"opt_level":"0","test":{test}}},
                "executable":"/t/golden-1"}}"#
            )
        };
        let tests = built(&said(true)).unwrap();
        assert_eq!(
            (tests.name.as_str(), tests.folder.to_str()),
            ("golden (gate)", Some("/house/crates/gate"))
        );
        assert!(built(&said(false)).is_none(), "a program that tests use is no test");
        assert!(built(r#"{"reason":"build-finished","success":true}"#).is_none());
    }

    fn script(name: &str) -> Tests {
        Tests { program: name.into(), folder: "/".into(), name: name.to_owned() }
    }

    #[test]
    fn what_took_longest_is_first_and_what_is_not_known_before_that() {
        let names = |kept: &[u8]| {
            let mut programs = ["short", "new", "long"].map(script);
            in_order(&mut programs, kept);
            programs.map(|tests| tests.name)
        };
        assert_eq!(names(br#"{"short":3,"long":70000,"gone":9}"#), ["new", "long", "short"]);
        assert_eq!(names(b"not written whole"), ["short", "new", "long"]);
    }

    #[test]
    fn a_program_that_ends_badly_or_cannot_be_started_is_not_green() {
        let ran =
            run(vec![script("true"), script("false"), script("no-such-program-exq")], &[], Duration::MAX);
        assert!(!ran.good);
        let mut failed = ran.failed;
        failed.sort();
        assert_eq!(failed, ["false", "no-such-program-exq"]);
    }
}
