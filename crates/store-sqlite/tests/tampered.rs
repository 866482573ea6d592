//! Rows that somebody edited, inserted or deleted: the check finds each, and says which.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // these are tests

mod common;

use common::Folder;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{
    Commit, CommitError, Expect, Store as _, Transition,
    conformance::{Note, Setting, Thing},
};

/// Three records, one of them changed twice, an entry with texts, an object, bookkeeping.
async fn filled() -> (Folder, Setting) {
    let (folder, setting) = (Folder::new(), Setting::new());
    let store = folder.sqlite(&setting).await.unwrap();
    let mut commit = Commit::new().with(Note::new("n", "x").put(Expect::Any));
    for key in ["a", "b", "c"] {
        commit.push(Thing::new(key, "x").put(Expect::Absent));
    }
    commit.object(b"evidence".to_vec());
    store.commit(commit).await.unwrap();
    let said = ledger::Draft::new("test.said").seal_text("one", "1").seal_text("two", "2");
    store.commit(vec![Transition::entry(said)].into()).await.unwrap();
    for version in 1..3 {
        store.commit(vec![Thing::new("a", "y").put(Expect::Version(version))].into()).await.unwrap();
    }
    let checked = store.check().await.unwrap();
    assert_eq!((checked.found, checked.entries, checked.records), (0, 6, 4), "{checked:?}");
    store.close().await;
    (folder, setting)
}

/// Does that to the file of a running store, and gives what the check finds.
async fn findings(statement: &'static str) -> Vec<String> {
    let (folder, setting) = filled().await;
    let store = folder.sqlite(&setting).await.unwrap();
    let options = SqliteConnectOptions::new().filename(folder.path());
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let done = sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    assert!(done.rows_affected() > 0, "{statement} changed nothing");
    connection.close().await.unwrap();
    let checked = store.check().await.unwrap();
    store.close().await;
    assert_eq!(checked.found, checked.findings.len() as u64);
    checked.findings
}

#[tokio::test]
async fn each_edited_inserted_or_deleted_row_is_found_and_named() {
    for (statement, expected) in [
        (
            "UPDATE records SET body = replace(CAST(body AS TEXT), 'x', 'z') WHERE kind = 'thing' AND key = 'b'",
            "the thing \"b\"",
        ),
        ("UPDATE records SET state = 'done' WHERE key = 'b'", "the thing \"b\""),
        ("UPDATE records SET sort = 7 WHERE key = 'b'", "the thing \"b\""),
        ("UPDATE records SET version = 2 WHERE key = 'b'", "the thing \"b\""),
        ("UPDATE records SET entry = 0 WHERE key = 'b'", "the thing \"b\""),
        ("UPDATE records SET salt = zeroblob(32) WHERE key = 'b'", "the thing \"b\""),
        ("UPDATE records SET salt = zeroblob(3) WHERE key = 'b'", "the thing \"b\""),
        ("UPDATE records SET entry = NULL, salt = NULL WHERE key = 'b'", "the thing \"b\""),
        ("UPDATE records SET key = 'd' WHERE key = 'b'", "the thing \"d\""),
        ("DELETE FROM records WHERE key = 'b'", "the thing \"b\": entry 1 made it, and it is gone"),
        (
            "INSERT INTO records SELECT kind, 'd', version, state, sort, body, entry, salt FROM records WHERE key = 'b'",
            "the thing \"d\": no entry made it",
        ),
        (
            "UPDATE records SET (version, body, entry, salt) = (SELECT version, body, entry, salt FROM records WHERE key = 'c') WHERE key = 'b'",
            "the thing \"b\"",
        ),
        (
            "UPDATE entries SET leaf = replace(leaf, 'thing.changed', 'thing.chanced') WHERE idx = 1",
            "entry 1: the hash beside it",
        ),
        ("UPDATE entries SET leaf = leaf || ' ' WHERE idx = 1", "entry 1"),
        ("UPDATE entries SET hash = zeroblob(32) WHERE idx = 1", "entry 1: the hash beside it"),
        ("DELETE FROM entries WHERE idx = 3", "entry 4"),
        ("UPDATE entries SET idx = 9 WHERE idx = 5", "entry 9"),
        ("UPDATE sealed SET body = 'other' WHERE name = 'one'", "entry 3"),
        ("UPDATE sealed SET salt = zeroblob(32) WHERE name = 'one'", "entry 3"),
        ("UPDATE sealed SET name = 'three' WHERE name = 'one'", "entry 3: its text \"one\" is missing"),
        ("DELETE FROM sealed WHERE name = 'one'", "entry 3: its text \"one\" is missing"),
        ("INSERT INTO sealed SELECT 2, name, salt, body FROM sealed", "entry 2: it has no text"),
        (
            "INSERT INTO sealed SELECT 77, name, salt, body FROM sealed",
            "2 texts lie beside entries that aren't there",
        ),
        ("UPDATE objects SET bytes = 'other'", "object "),
        ("UPDATE checkpoints SET root = zeroblob(32) WHERE size = 4", "checkpoint 4"),
        (
            "UPDATE checkpoints SET note = replace(note, char(10) || '4' || char(10), char(10) || '5' || char(10)) WHERE size = 4",
            "checkpoint 4",
        ),
        ("UPDATE checkpoints SET frontier = x'00' WHERE size = 6", "the frontier"),
        (
            "DELETE FROM checkpoints WHERE size = 6",
            "the newest checkpoint is over 5 entries, and there are 6",
        ),
    ] {
        let body_edit = statement.replace("'other'", "CAST('other' AS BLOB)");
        let statement: &'static str = Box::leak(
            body_edit
                .replace(
                    "= replace(CAST(body AS TEXT), 'x', 'z')",
                    "= CAST(replace(CAST(body AS TEXT), 'x', 'z') AS BLOB)",
                )
                .into_boxed_str(),
        );
        let findings = findings(statement).await;
        assert!(
            findings.iter().any(|finding| finding.contains(expected)),
            "{statement}\nfound {findings:#?}"
        );
    }
}

#[tokio::test]
async fn erasing_around_the_ledger_is_counted_but_bookkeeping_may_be_edited() {
    assert_eq!(findings("UPDATE records SET body = x'00' WHERE kind = 'note'").await, [] as [&str; 0]);
    assert_eq!(findings("DELETE FROM records WHERE kind = 'note'").await, [] as [&str; 0]);
}

/// Somebody takes a row away, or puts an older one back, while the store is open, so that what happened could happen again:
/// the ledger still speaks of it.
#[tokio::test]
async fn nothing_is_written_on_a_record_that_is_not_where_the_ledger_says() {
    for (statement, key, expect) in [
        ("DELETE FROM records WHERE key = 'a'", "a", Expect::Absent),
        ("UPDATE records SET version = 1 WHERE key = 'a'", "a", Expect::Version(1)),
        ("UPDATE records SET version = 4 WHERE key = 'a'", "a", Expect::Version(4)),
        ("UPDATE records SET entry = NULL, salt = NULL WHERE key = 'a'", "a", Expect::Version(3)),
        (
            "INSERT INTO records SELECT kind, 'd', version, state, sort, body, entry, salt FROM records WHERE key = 'b'",
            "d",
            Expect::Version(1),
        ),
    ] {
        let (folder, setting) = filled().await;
        let store = folder.sqlite(&setting).await.unwrap();
        let options = SqliteConnectOptions::new().filename(folder.path());
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        assert!(sqlx::raw_sql(statement).execute(&mut connection).await.unwrap().rows_affected() > 0);
        connection.close().await.unwrap();
        let size = store.checkpoint().await.unwrap().size;
        for transition in
            [Thing::new(key, "again").put(expect), Transition::require::<Thing>(expect, key).unwrap()]
        {
            let commit = Commit::new().with(Thing::new("other", "x").put(Expect::Absent)).with(transition);
            let why = store.commit(commit).await.unwrap_err();
            assert!(
                matches!(&why, CommitError::Broken { kind: "thing", key: k, .. } if k == key),
                "{statement}: {why}"
            );
        }
        assert_eq!(store.checkpoint().await.unwrap().size, size, "{statement}");
        // Others are not in its way.
        store.commit(vec![Thing::new("c", "y").put(Expect::Version(1))].into()).await.unwrap();
        store.close().await;
    }
}
