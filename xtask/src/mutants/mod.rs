//! `cargo xtask mutants`: puts small faults into the rules, one at a time, and sees whether a test notices.
//!
//! All mutants of a crate are woven into one build of it, asleep; each is one run of the tests with that one awake. What
//! survives must get a test, or an entry in the crate's `mutants.txt` that says why no test can tell it from the right.

mod build;
mod excuses;
mod find;
mod mutant;
mod scratch;
mod swaps;
mod trial;
mod weave;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use anyhow::bail;
use clap::Args;

use crate::{process::time, workspace::Workspace};
use scratch::{CRATES, Scratch, Source};
use trial::{Fate, Tried};

/// Puts small faults into the rules of evidence and its parser, and sees whether a test notices.
///
/// Changes comparisons, conditions, guards, arms, operators, constants, calls and returned values, one at a time. The
/// exit code is 0 only if each mutant is killed by a test, or stands with its reason in the crate's `mutants.txt`.
#[derive(Args)]
pub(crate) struct Mutants {
    /// Only those whose line in the report has this text (`src/judge/why.rs`, `is_stale`).
    #[arg(long)]
    only: Option<String>,
    /// Name them, and try none.
    #[arg(long)]
    list: bool,
}

impl Mutants {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let workspace = Workspace::here();
        let sources = scratch::sources(&workspace)?;
        let names = names(&sources);
        let wanted: BTreeSet<u32> = names
            .iter()
            .filter(|(_, name)| self.only.as_ref().is_none_or(|only| name.line.contains(only)))
            .map(|(id, _)| *id)
            .collect();
        if self.list {
            wanted
                .iter()
                .filter_map(|id| names.get(id))
                .for_each(|name| println!("{}: {}", name.place, name.line));
            println!("{} mutants", wanted.len());
            return Ok(());
        }
        let mut excuses = BTreeMap::new();
        for package in CRATES {
            let list = workspace.root().join("crates").join(package).join("mutants.txt");
            let list = std::fs::read_to_string(list).unwrap_or_default();
            excuses.extend(
                excuses::read(&list)?.into_iter().map(|(line, why)| (format!("{package} {line}"), why)),
            );
        }

        let begin = Instant::now();
        let scratch = Scratch::lay_out(&workspace, workspace.target()?.join("mutants"))?;
        let (tests, unviable) = build::build(&workspace, &scratch, &sources)?;
        let judges = trial::judges(tests)?;
        println!("built in {}; {} mutants don't compile", time(begin.elapsed()), unviable.len());
        let tried: Vec<Tried> = wanted
            .iter()
            .filter(|id| !unviable.contains(id))
            .filter_map(|id| {
                let name = names.get(id)?;
                Some(Tried { id: *id, package: name.package, module: name.module() })
            })
            .collect();
        let done = AtomicUsize::new(0);
        let told = |id: u32, fate: Fate| {
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if let (Fate::Survived, Some(name)) = (fate, names.get(&id))
                && !excuses.contains_key(&name.key())
            {
                println!("survived: {}\n    {} {}", name.place, name.package, name.line);
            }
            if done.is_multiple_of(100) {
                println!("… {done} of {}, {}", tried.len(), time(begin.elapsed()));
            }
        };
        let settled = trial::try_all(&judges, &tried, is_above, told)?;
        self.report(&settled, &names, &excuses, unviable.len(), begin)
    }

    fn report(
        &self,
        settled: &[(u32, Fate)],
        names: &BTreeMap<u32, Name>,
        excuses: &excuses::Excuses,
        unviable: usize,
        begin: Instant,
    ) -> anyhow::Result<()> {
        let count = |fate: Fate| settled.iter().filter(|(_, settled)| *settled == fate).count();
        let survivors: BTreeSet<String> = settled
            .iter()
            .filter(|(_, fate)| *fate == Fate::Survived)
            .filter_map(|(id, _)| Some(names.get(id)?.key()))
            .collect();
        let excused = survivors.iter().filter(|key| excuses.contains_key(*key)).count();
        let idle: Vec<&String> = excuses.keys().filter(|key| !survivors.contains(*key)).collect();
        if self.only.is_none() {
            idle.iter().for_each(|key| println!("needs no excuse: {key}"));
        }
        let survived = survivors.len() - excused;
        println!(
            "{} mutants in {}: {} killed, {} stopped because they hung, {excused} excused, {survived} survived; {unviable} don't \
             compile",
            settled.len(),
            time(begin.elapsed()),
            count(Fate::Killed),
            count(Fate::Hung),
        );
        if survived > 0 || (self.only.is_none() && !idle.is_empty()) {
            bail!(
                "a mutant survived, or an excuse is not needed\nhint: write a test that can tell, or an entry in mutants.txt"
            );
        }
        Ok(())
    }
}

/// What a mutant is called.
struct Name {
    package: &'static str,
    /// `crates/evidence/src/labels.rs:80`
    place: String,
    /// The same wherever the line is: `src/labels.rs fixed: returns 0`
    line: String,
}

impl Name {
    fn key(&self) -> String {
        format!("{} {}", self.package, self.line)
    }

    /// The path of its module, as the names of tests have it.
    fn module(&self) -> String {
        let file = self.line.split(' ').next().unwrap_or_default();
        let path = file.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        if path == "lib" { "tests::".to_owned() } else { format!("{}::tests::", path.replace('/', "::")) }
    }
}

fn names(sources: &[Source]) -> BTreeMap<u32, Name> {
    let mut names = BTreeMap::new();
    for source in sources {
        for (id, mutant) in &source.mutants {
            let place = format!("crates/{}/{}:{}", source.package, source.path, mutant.line);
            let line = format!("{} {}: {}", source.path, mutant.function, mutant.what);
            names.insert(*id, Name { package: source.package, place, line });
        }
    }
    names
}

/// Whether the tests of the second also try the first.
fn is_above(package: &str, other: &str) -> bool {
    let floor = |name: &str| CRATES.iter().position(|known| *known == name);
    floor(other) > floor(package)
}
