//! Durable commits a second, one at a time and 32 at once, beside a bare loop of write and fsync in the same folder, in
//! interleaved rounds: `cargo run --release -p store-sqlite --example appends [FOLDER]`.
//!
//! A commit writes one record with its ledger entry, a text beside it, and is under a signed checkpoint when it counts.
//! One JSON line for each figure, on standard output.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // it measures, or it stops

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use ledger::{Draft, LogSigner, Origin};
use model::{OsEntropy, SystemClock};
use serde::{Deserialize, Serialize};
use store::{Commit, Expect, Kept, Store as _, Transition};
use store_sqlite::{Options, SqliteStore};

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(1);

#[derive(Serialize, Deserialize)]
struct Step {
    id: String,
    text: String,
}

impl Kept for Step {
    const KIND: &'static str = "step";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.id.clone()
    }

    fn state(&self) -> &'static str {
        "started"
    }

    fn sort(&self) -> i64 {
        0
    }
}

fn commit(id: String) -> Commit {
    let entry = Draft::new("step.started")
        .fact("step", &id)
        .fact("attempt", 1_i64)
        .seal_text("why", "because it was merged");
    let step = Step { id, text: "x".repeat(300) };
    Commit::new().with(Transition::recorded(Expect::Absent, &step, entry).unwrap())
}

/// What a round measured: how many a second, and how long each took, in microseconds, ascending.
struct Round {
    rate: f64,
    took_us: Vec<f64>,
}

impl Round {
    fn new(mut took: Vec<Duration>, all: Duration) -> Self {
        took.sort_unstable();
        let took_us: Vec<f64> = took.iter().map(|took| took.as_secs_f64() * 1e6).collect();
        Self { rate: took.len() as f64 / all.as_secs_f64(), took_us }
    }

    fn quantile_us(&self, quantile: f64) -> f64 {
        self.took_us[((self.took_us.len() - 1) as f64 * quantile) as usize]
    }
}

/// Appends a page and syncs it, as long as the round lasts: what the disk allows.
fn fsyncs(folder: &Path, page: &[u8]) -> Round {
    let mut file = File::create(folder.join("floor")).unwrap();
    let (begin, mut took) = (Instant::now(), vec![]);
    while begin.elapsed() < ROUND {
        let one = Instant::now();
        file.write_all(page).unwrap();
        file.sync_all().unwrap();
        took.push(one.elapsed());
    }
    Round::new(took, begin.elapsed())
}

async fn commits(store: &Arc<SqliteStore>, round: &str, at_once: usize) -> Round {
    let begin = Instant::now();
    let tasks: Vec<_> = (0..at_once)
        .map(|task| {
            let (store, round) = (store.clone(), round.to_owned());
            tokio::spawn(async move {
                let mut took = vec![];
                while begin.elapsed() < ROUND {
                    let commit = commit(format!("{round}/{task}/{}", took.len()));
                    let one = Instant::now();
                    store.commit(commit).await.unwrap();
                    took.push(one.elapsed());
                }
                took
            })
        })
        .collect();
    let mut took = vec![];
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    Round::new(took, begin.elapsed())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median over the rounds of ours and theirs, and how far ours spread.
fn report(bench: &str, peer: &str, unit: &str, ours: Vec<f64>, theirs: Vec<f64>, n: usize) {
    let (low, high) =
        ours.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        r#"{{"bench":"{bench}","ours":{ours:.1},"peer":"{peer}","theirs":{theirs:.1},"ratio":{:.3},"spread":{:.3},"unit":"{unit}","n":{n}}}"#,
        ours / theirs,
        (high - low) / ours,
    );
}

#[tokio::main]
async fn main() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = std::env::args().nth(1).map_or_else(|| temporary.path().to_owned(), Into::into);
    let signer = LogSigner::from_seed(Origin::new("bench.test/log").unwrap(), &[1; 32]);
    let options = Options::new(folder.join("appends.db"), signer, Arc::new(SystemClock), Arc::new(OsEntropy));
    let store = Arc::new(SqliteStore::open(options).await.expect("an empty folder"));
    let page = vec![7_u8; 4096];
    let (mut floor, mut alone, mut many) = (vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        floor.push(fsyncs(&folder, &page));
        alone.push(commits(&store, &format!("{round}/1"), 1).await);
        many.push(commits(&store, &format!("{round}/32"), 32).await);
    }
    let rates = |rounds: &[Round]| rounds.iter().map(|round| round.rate).collect::<Vec<_>>();
    let latency =
        |rounds: &[Round], quantile| rounds.iter().map(|r| r.quantile_us(quantile)).collect::<Vec<_>>();
    let count = |rounds: &[Round]| rounds.iter().map(|round| round.took_us.len()).sum::<usize>();
    report("commits alone", "bare fsync", "1/s", rates(&alone), rates(&floor), count(&alone));
    report("commits, 32 at once", "bare fsync", "1/s", rates(&many), rates(&floor), count(&many));
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        let (ours, theirs) = (latency(&alone, quantile), latency(&floor, quantile));
        report(&format!("commit alone, {name}"), "bare fsync", "µs", ours, theirs, count(&alone));
        let (ours, theirs) = (latency(&many, quantile), latency(&floor, quantile));
        report(&format!("commit, 32 at once, {name}"), "bare fsync", "µs", ours, theirs, count(&many));
    }
}
