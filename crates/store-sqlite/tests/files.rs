//! The files of a store, and what is refused when it is opened.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // these are tests

mod common;

use std::os::unix::fs::{PermissionsExt as _, symlink};

use common::Folder;
use ledger::{LogSigner, Origin};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{
    Commit, Expect, Store as _, StoreExt as _, Transition,
    conformance::{Setting, Thing},
};
use store_sqlite::{OpenError, Options, SqliteStore};

async fn sql(folder: &Folder, statement: &'static str) {
    let options = SqliteConnectOptions::new().filename(folder.path());
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn with_a_thing() -> (Folder, Setting) {
    let (folder, setting) = (Folder::new(), Setting::new());
    let store = folder.sqlite(&setting).await.unwrap();
    store.commit(vec![Thing::new("a", "x").put(Expect::Absent)].into()).await.unwrap();
    store.close().await;
    (folder, setting)
}

#[tokio::test]
async fn a_second_opener_is_refused_also_by_another_name_of_the_file() {
    let (folder, setting) = (Folder::new(), Setting::new());
    let store = folder.sqlite(&setting).await.unwrap();
    let why = folder.sqlite(&setting).await.err().unwrap();
    assert!(matches!(why, OpenError::InUse { .. }), "{why}");
    assert!(why.to_string().contains("in use by another process\nhint: "), "{why}");
    let link = folder.path().with_file_name("link.db");
    symlink(folder.path(), &link).unwrap();
    let linked = Options { path: link, ..folder.options(&setting) };
    let why = SqliteStore::open(linked).await.err().unwrap();
    assert!(matches!(why, OpenError::InUse { .. }), "{why}");
    // The one that has it isn't disturbed.
    store.commit(vec![Thing::new("a", "x").put(Expect::Absent)].into()).await.unwrap();
    store.close().await;
    folder.sqlite(&setting).await.unwrap().close().await;
}

#[tokio::test]
async fn only_the_owner_reads_the_files_also_if_they_were_made_otherwise() {
    let (folder, setting) = (Folder::new(), Setting::new());
    std::fs::write(folder.path(), "").unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let store = folder.sqlite(&setting).await.unwrap();
    store.commit(vec![Thing::new("a", "x").put(Expect::Absent)].into()).await.unwrap();
    let mut names = vec![];
    for file in std::fs::read_dir(folder.path().parent().unwrap()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["exq.db", "exq.db-shm", "exq.db-wal", "exq.db.lock"]);
    store.close().await;
}

#[tokio::test]
async fn another_log_or_key_is_refused_and_a_former_key_is_not() {
    let (folder, setting) = with_a_thing().await;
    let signer = |name: &str, seed| LogSigner::from_seed(Origin::new(name).unwrap(), &[seed; 32]);
    let other = Options { signer: signer("other.test/log", 7), ..folder.options(&setting) };
    let why = SqliteStore::open(other).await.err().unwrap();
    assert!(matches!(why, OpenError::OtherLog { .. }), "{why}");
    let name = setting.signer().origin().to_string();
    let new = || Options { signer: signer(&name, 8), ..folder.options(&setting) };
    let why = SqliteStore::open(new()).await.err().unwrap();
    assert!(matches!(why, OpenError::Damaged { .. }), "{why}");
    let store = SqliteStore::open(Options { former_keys: setting.keys(), ..new() }).await.unwrap();
    store.commit(vec![Thing::new("b", "x").put(Expect::Absent)].into()).await.unwrap();
    let checked = store.check().await.unwrap();
    assert!(checked.is_sound(), "{checked:?}");
    store.close().await;
}

#[tokio::test]
async fn a_log_that_does_not_fit_its_checkpoint_is_not_opened() {
    for damage in [
        "DELETE FROM entries",
        "UPDATE checkpoints SET frontier = (SELECT frontier FROM checkpoints WHERE size = 0)",
        "UPDATE checkpoints SET note = replace(note, 'A', 'B')",
        "DELETE FROM checkpoints WHERE size > 0",
        "DELETE FROM checkpoints",
        "INSERT INTO entries (idx, leaf, hash) SELECT idx + 1, leaf, hash FROM entries",
        "UPDATE entries SET leaf = replace(leaf, 'thing.changed', 'thing.changes')",
    ] {
        let (folder, setting) = with_a_thing().await;
        sql(&folder, damage).await;
        match folder.sqlite(&setting).await {
            Err(OpenError::Damaged { .. }) => {}
            Err(why) => panic!("{damage}: {why}"),
            // A last leaf that is another one, and still a leaf, takes the whole check to find.
            Ok(store) => {
                assert!(damage.starts_with("UPDATE entries"), "{damage}");
                assert!(!store.check().await.unwrap().is_sound());
                store.close().await;
            }
        }
    }
}

#[tokio::test]
async fn a_schema_of_a_newer_version_or_edited_by_hand_is_refused() {
    let (folder, setting) = with_a_thing().await;
    sql(&folder, "UPDATE _sqlx_migrations SET checksum = x'00'").await;
    let why = folder.sqlite(&setting).await.err().unwrap();
    assert!(matches!(why, OpenError::Schema { .. }), "{why}");
    let (folder, setting) = with_a_thing().await;
    sql(&folder, "INSERT INTO _sqlx_migrations SELECT 999999, 'later', installed_on, success, checksum, 0 FROM _sqlx_migrations")
        .await;
    let why = folder.sqlite(&setting).await.err().unwrap();
    assert!(matches!(why, OpenError::Schema { .. }) && why.to_string().contains("newer version"), "{why}");
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let (folder, setting) = (Folder::new(), Setting::new());
    std::fs::write(folder.path(), "not a database, but long enough to have a header of its own".repeat(100))
        .unwrap();
    let why = folder.sqlite(&setting).await.err().unwrap();
    assert!(matches!(why, OpenError::Database { .. }), "{why}");
    let nowhere = Options { path: "/nonexistent/exq.db".into(), ..folder.options(&setting) };
    let why = SqliteStore::open(nowhere).await.err().unwrap();
    assert!(matches!(why, OpenError::File { .. }), "{why}");
}

#[tokio::test]
async fn what_is_erased_is_in_none_of_the_files() {
    let (folder, setting) = (Folder::new(), Setting::new());
    let store = folder.sqlite(&setting).await.unwrap();
    let secret = "the-name-that-has-to-go/".repeat(300);
    let said = ledger::Draft::new("test.said").seal_text("who", secret.as_str());
    store.commit(Commit::new().with(Transition::entry(said))).await.unwrap();
    let found = |folder: &Folder| {
        let files = std::fs::read_dir(folder.path().parent().unwrap()).unwrap();
        let mut bytes = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        bytes.any(|bytes| bytes.windows(24).any(|window| window == b"the-name-that-has-to-go/"))
    };
    assert!(found(&folder));
    let erased = Transition::erase(0, "who", ledger::Draft::new("text.erased"));
    store.commit(Commit::new().with(erased)).await.unwrap();
    assert!(!found(&folder));
    store.close().await;
}

#[tokio::test]
async fn a_store_that_is_dropped_is_closed_by_itself() {
    let (folder, setting) = (Folder::new(), Setting::new());
    drop(folder.sqlite(&setting).await.unwrap());
    let store = loop {
        match folder.sqlite(&setting).await {
            Ok(store) => break store,
            Err(OpenError::InUse { .. }) => tokio::task::yield_now().await,
            Err(why) => panic!("{why}"),
        }
    };
    assert!(store.get::<Thing>("a").await.unwrap().is_none());
    store.close().await;
}
