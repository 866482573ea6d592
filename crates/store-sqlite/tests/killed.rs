//! kill -9 while it writes: every commit that was acknowledged is there, and the ledger verifies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // these are tests

mod common;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use common::Folder;
use store::{
    Commit, Expect, Store as _, StoreExt as _,
    conformance::{Note, Setting, Thing},
};
use store_sqlite::{Options, SqliteStore};

const KILLS: u64 = 25;
/// Set in the child: where the database is.
const DATABASE: &str = "STORE_SQLITE_KILLED_DATABASE";

fn options(path: &Path, setting: &Setting) -> Options {
    Options::new(path, setting.signer(), setting.clock.clone(), setting.entropy.clone())
}

/// Not a test of its own: what the child of the other one runs, until it is killed. Eight tasks create things and change
/// them; each acknowledged version is a line on standard output.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(path) = std::env::var(DATABASE) else { return };
    let setting = Setting::new();
    let store = Arc::new(SqliteStore::open(options(Path::new(&path), &setting)).await.unwrap());
    let begin = store.checkpoint().await.unwrap().size;
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0.. {
                    let key = format!("{begin}/{task}/{n}");
                    for version in 0..3 {
                        let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
                        let commit = Commit::new()
                            .with(Thing::new(&key, &version.to_string()).put(expect))
                            .with(Note::new(&key, &version.to_string()).put(Expect::Any));
                        let receipt = store.commit(commit).await.unwrap();
                        let line = format!("acked {key} {} {}\n", version + 1, receipt.entries.start);
                        std::io::stdout().write_all(line.as_bytes()).unwrap();
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let (folder, setting) = (Folder::new(), Setting::new());
    let mut entries = 0;
    for kill in 0..KILLS {
        #[allow(clippy::disallowed_methods)] // this very test, as a process that can be killed
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture", "--test-threads", "1"])
            .env(DATABASE, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Killed after a number of answers that differs from round to round; it writes on while this reads them.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut acked: Vec<String> = lines
            .by_ref()
            .filter(|line| line.contains("acked "))
            .take(1 + (kill * 37 % 100) as usize)
            .collect();
        child.kill().unwrap();
        child.wait().unwrap();
        acked.extend(lines.filter(|line| line.contains("acked ")));

        let store = folder.sqlite(&setting).await.unwrap();
        let checked = store.check().await.unwrap();
        assert!(checked.is_sound(), "kill {kill}: {checked:?}");
        assert!(checked.entries >= entries + acked.len() as u64);
        entries = checked.entries;
        for line in &acked {
            // The test harness writes the beginning of the first line. A line this short is written whole or not at all.
            let words: Vec<&str> = line.split("acked ").last().unwrap().split(' ').collect();
            let &[key, version, index] = words.as_slice() else { panic!("{line:?}") };
            let (version, index): (u64, u64) = (version.parse().unwrap(), index.parse().unwrap());
            let thing = store.get::<Thing>(key).await.unwrap().expect("acknowledged, and not there");
            assert!(thing.version >= version, "kill {kill}: {line}");
            let made = store.history("thing", key).await.unwrap();
            assert_eq!(made[version as usize - 1].entry, index, "kill {kill}: {line}");
            let note = store.get::<Note>(key).await.unwrap().unwrap();
            assert_eq!(note.version, thing.version, "a commit is there in part");
        }
        store.close().await;
    }
    assert!(entries > 500, "only {entries} entries were written: nothing was tested");
}
