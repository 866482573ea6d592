//! Every target on its seeds and on what a seeded chance makes of them: the same inputs every time, some seconds each.
//! `EXQ_FUZZ_SEED` names another chance, `EXQ_FUZZ_TIMES` multiplies how much of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, which lie outside of test functions"
)]

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::Path,
    time::{Duration, Instant},
};

use fuzz::{
    mutate::{Dice, input},
    seeds::Corpus,
    target,
};

/// No input may take so long, not even here, without optimisation and beside other tests.
const LONGEST: Duration = Duration::from_secs(20);

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().unwrap())
}

fn quick(name: &str) {
    let target = target(name).unwrap();
    let corpus = Corpus::of(name).unwrap();
    assert!(corpus.seeds.len() > 1 && !corpus.words.is_empty(), "{name} has too few seeds or words");
    for (file, seed) in &corpus.seeds {
        assert!(seed.len() <= target.longest, "{name}: seed {file} is longer than what is tried");
        run(target, seed);
    }
    let mut dice = Dice::new(number("EXQ_FUZZ_SEED", 1));
    let times = usize::try_from(number("EXQ_FUZZ_TIMES", 1)).unwrap();
    for _ in 0..target.quick * times {
        run(target, &input(&mut dice, &corpus, target.longest));
    }
}

/// Runs one input; what breaks it is kept, to be replayed.
fn run(target: &fuzz::Target, data: &[u8]) {
    let begin = Instant::now();
    if let Err(broke) = catch_unwind(AssertUnwindSafe(|| target.run(data))) {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("finding-{}", target.name));
        std::fs::write(&file, data).unwrap();
        eprintln!("replay: cargo run -p fuzz --bin replay -- {} {}", target.name, file.display());
        resume_unwind(broke);
    }
    assert!(begin.elapsed() < LONGEST, "{}: {} bytes took {:?}", target.name, data.len(), begin.elapsed());
}

#[test]
fn histories_objects_and_footers() {
    quick("notedb");
}

#[test]
fn changes_of_any_review() {
    quick("evidence-change");
}

#[test]
fn ranges_of_any_history() {
    quick("evidence-range");
}

#[test]
fn leaves_notes_and_proofs() {
    quick("ledger");
}

#[test]
fn signed_envelopes() {
    quick("grant");
}

#[test]
fn bundles() {
    quick("proof");
}

#[test]
fn files_of_the_operations_project() {
    quick("operations");
}

#[test]
fn answers_of_gerrit() {
    quick("gerrit");
}

#[test]
fn bodies_of_hooks() {
    quick("hook");
}

#[test]
fn each_target_is_tried_here() {
    let source = include_str!("quick.rs");
    for target in fuzz::TARGETS {
        assert!(source.contains(&format!("quick(\"{}\")", target.name)), "{} is not tried", target.name);
    }
}
