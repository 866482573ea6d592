//! No room: nothing is lost, it is said plainly, and it goes on when there is room again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // these are tests

mod common;

use std::{path::PathBuf, process::Command};

use common::Folder;
use store::{
    Commit, CommitError, Expect, Store as _, StoreExt as _,
    conformance::{Setting, Thing},
};
use store_sqlite::{Options, SqliteStore};

fn large(n: usize) -> Commit {
    let text: String = "x".repeat(20_000);
    let mut commit = Commit::new().with(Thing::new(&n.to_string(), &text).put(Expect::Absent));
    commit.object(format!("{n}{text}").into_bytes());
    commit
}

#[tokio::test]
async fn a_full_store_says_so_loses_nothing_and_goes_on_when_there_is_room() {
    let (folder, setting) = (Folder::new(), Setting::new());
    let limited = |bytes| Options { max_bytes: Some(bytes), ..folder.options(&setting) };
    let store = SqliteStore::open(limited(1024 * 1024)).await.unwrap();
    let mut written = 0;
    let why = loop {
        match store.commit(large(written)).await {
            Ok(_) => written += 1,
            Err(why) => break why,
        }
        assert!(written < 1000, "it never gets full");
    };
    assert!(matches!(why, CommitError::Full { .. }) && why.is_temporary(), "{why}");
    assert!(why.to_string().contains("hint: free some space"), "{why}");
    // Nothing of the one that failed is there; all others are; reads go on; and so do writes that find room.
    assert!(store.get::<Thing>(&written.to_string()).await.unwrap().is_none());
    assert_eq!(store.checkpoint().await.unwrap().size, written as u64);
    let again = store.commit(large(written)).await.unwrap_err();
    assert!(matches!(again, CommitError::Full { .. }), "{again}");
    store.commit(vec![Thing::new("small", "x").put(Expect::Absent)].into()).await.unwrap();
    store.close().await;

    let store = SqliteStore::open(limited(4 * 1024 * 1024)).await.unwrap();
    store.commit(large(written)).await.unwrap();
    for n in 0..=written {
        assert_eq!(store.get::<Thing>(&n.to_string()).await.unwrap().unwrap().version, 1);
    }
    let checked = store.check().await.unwrap();
    assert_eq!((checked.found, checked.entries), (0, written as u64 + 2), "{checked:?}");
    store.close().await;
}

/// Set in the child: a folder on a file system of 2 MB.
const SMALL: &str = "STORE_SQLITE_SMALL_FOLDER";

/// Not a test of its own: what the child of the next one runs.
#[tokio::test]
async fn child() {
    let Ok(folder) = std::env::var(SMALL) else { return };
    let (folder, setting) = (PathBuf::from(folder), Setting::new());
    let options = || {
        let path = folder.join("exq.db");
        Options::new(path, setting.signer(), setting.clock.clone(), setting.entropy.clone())
    };
    let store = SqliteStore::open(options()).await.unwrap();
    std::fs::write(folder.join("filler"), vec![1; 900 * 1024]).unwrap();
    let mut written = 0;
    let why = loop {
        match store.commit(large(written)).await {
            Ok(_) => written += 1,
            Err(why) => break why,
        }
    };
    assert!(matches!(why, CommitError::Full { .. }), "{why}");
    assert!(written > 3, "it was full before it began: {written}");
    for _ in 0..3 {
        let again = store.commit(large(written)).await.unwrap_err();
        assert!(matches!(again, CommitError::Full { .. }), "{again}");
    }
    assert_eq!(store.checkpoint().await.unwrap().size, written as u64);
    std::fs::remove_file(folder.join("filler")).unwrap();
    // The same store, without a restart.
    store.commit(large(written)).await.unwrap();
    store.close().await;
    let store = SqliteStore::open(options()).await.unwrap();
    let checked = store.check().await.unwrap();
    assert_eq!((checked.found, checked.entries), (0, written as u64 + 1), "{checked:?}");
    store.close().await;
    println!("the small disk was survived");
}

#[tokio::test]
async fn a_full_disk_is_survived_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mount = r#"mount -t tmpfs -o size=2m none "$1" && exec "$2" --exact child --nocapture"#;
    #[allow(clippy::disallowed_methods)] // this very test, in a mount namespace with a small disk
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", mount, "sh"])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .env(SMALL, folder.path())
        .output()
        .expect("the program unshare (util-linux) is missing");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("the small disk was survived"), "user and mount namespaces are needed:\n{text}");
}
