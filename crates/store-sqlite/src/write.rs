//! One group, one transaction: what is read before it can be judged, and what is written.
//!
//! Transactions are begun and ended by plain statements. sqlx's own would count a failed COMMIT as still open, which it
//! isn't when SQLite has rolled it back by itself; here a connection that failed is thrown away (see `writer`).

use serde_json::json;
use sqlx::SqliteConnection;
use store::group::{Batch, Found, Known, Needs, RecordId};

use crate::{
    convert::{signed, unsigned},
    rows::Tables,
};

/// Begins the transaction, and reads what the group needs; also how far the store has come (see [`crate::open::End`]).
pub(crate) async fn begin(
    connection: &mut SqliteConnection,
    needs: &Needs,
) -> Result<(i64, Known), sqlx::Error> {
    let mut known = Known::default();
    let wanted = json!(needs.records.iter().collect::<Vec<_>>()).to_string();
    // `what`: 0 how far the store has come, always there; 1 bookkeeping, 2 a recorded record, 3 the version of a record that
    // the ledger speaks of last.
    let rows = sqlx::query!(
        r#"BEGIN IMMEDIATE;
        WITH wanted AS (SELECT value ->> 0 AS kind, value ->> 1 AS key FROM json_each(?))
        SELECT groups + (SELECT max(size) FROM checkpoints) AS "number!: i64", NULL AS "kind?: String", NULL AS "key?: String",
               0 AS "what!: i64"
          FROM meta
        UNION ALL
        SELECT records.version, records.kind, records.key, 1 + (records.entry IS NOT NULL)
          FROM wanted CROSS JOIN records ON records.kind = wanted.kind AND records.key = wanted.key
        UNION ALL
        SELECT entries.version, wanted.kind, wanted.key, 3
          FROM wanted CROSS JOIN entries ON entries.idx = (
                   SELECT idx FROM entries WHERE kind = wanted.kind AND key = wanted.key
                    ORDER BY version DESC, idx DESC LIMIT 1)"#,
        wanted
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut mark = None;
    for row in rows {
        match (row.kind, row.key) {
            (Some(kind), Some(key)) => {
                let (id, version) =
                    (RecordId::new(&kind, &key), unsigned(row.number, "a version").map_err(decode)?);
                if row.what == 3 {
                    known.told.insert(id, version);
                } else {
                    known.records.insert(id, Found { version, recorded: row.what == 2 });
                }
            }
            _ => mark = Some(row.number),
        }
    }
    if !needs.texts.is_empty() {
        texts(connection, needs, &mut known).await?;
    }
    Ok((mark.ok_or(sqlx::Error::RowNotFound)?, known))
}

async fn texts(
    connection: &mut SqliteConnection,
    needs: &Needs,
    known: &mut Known,
) -> Result<(), sqlx::Error> {
    for (index, name) in &needs.texts {
        let at = signed(*index);
        let there = sqlx::query_scalar!(
            "SELECT count(*) FROM sealed WHERE idx = ? AND name = ? AND salt IS NOT NULL",
            at,
            name
        )
        .fetch_one(&mut *connection)
        .await?;
        if there > 0 {
            known.texts.insert((*index, name.clone()));
        }
    }
    Ok(())
}

/// Writes the batch and makes it durable.
pub(crate) async fn write(connection: &mut SqliteConnection, batch: &Batch) -> Result<(), sqlx::Error> {
    let tables = Tables::of(batch);
    if !tables.deletes.is_empty() {
        let rows = tables.deletes.json();
        sqlx::query!(
            "DELETE FROM records WHERE (kind, key) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))",
            rows
        )
        .execute(&mut *connection)
        .await?;
    }
    if !tables.objects.is_empty() {
        let (blob, rows) = (tables.objects.blob.as_slice(), tables.objects.json());
        sqlx::query!(
            "INSERT INTO objects (digest, bytes)
             SELECT substr(given.blob, value ->> 0, 32), substr(given.blob, value ->> 1, value ->> 2)
               FROM (SELECT ? AS blob) AS given, json_each(?)
              WHERE true
             ON CONFLICT (digest) DO NOTHING",
            blob,
            rows
        )
        .execute(&mut *connection)
        .await?;
    }
    if !tables.erased.is_empty() {
        let rows = tables.erased.json();
        sqlx::query!(
            "UPDATE sealed SET salt = NULL, body = NULL
              WHERE (idx, name) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))",
            rows
        )
        .execute(&mut *connection)
        .await?;
    }
    let (put_blob, puts) = (tables.puts.blob.as_slice(), tables.puts.json());
    let Some(checkpoint) = &batch.checkpoint else {
        sqlx::query!(
            "INSERT INTO records (kind, key, version, state, sort, body, entry, salt)
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
                    substr(given.blob, value ->> 5, value ->> 6), value ->> 7, substr(given.blob, value ->> 8, 32)
               FROM (SELECT ? AS blob) AS given, json_each(?)
              WHERE true
             ON CONFLICT (kind, key) DO UPDATE SET version = excluded.version, state = excluded.state,
                 sort = excluded.sort, body = excluded.body, entry = excluded.entry, salt = excluded.salt;
             UPDATE meta SET groups = groups + 1;
             COMMIT",
            put_blob,
            puts
        )
        .execute(&mut *connection)
        .await?;
        return Ok(());
    };
    let (entry_blob, entries) = (tables.entries.blob.as_slice(), tables.entries.json());
    let (sealed_blob, sealed) = (tables.sealed.blob.as_slice(), tables.sealed.json());
    let frontier = batch.head.frontier.to_bytes();
    let (size, root, note) =
        (signed(checkpoint.size), checkpoint.root.as_bytes().as_slice(), checkpoint.note.as_str());
    sqlx::query!(
        "INSERT INTO records (kind, key, version, state, sort, body, entry, salt)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
                substr(given.blob, value ->> 5, value ->> 6), value ->> 7, substr(given.blob, value ->> 8, 32)
           FROM (SELECT ? AS blob) AS given, json_each(?)
          WHERE true
         ON CONFLICT (kind, key) DO UPDATE SET version = excluded.version, state = excluded.state,
             sort = excluded.sort, body = excluded.body, entry = excluded.entry, salt = excluded.salt;
         INSERT INTO entries (idx, leaf, hash)
         SELECT value ->> 0, CAST(substr(given.blob, value ->> 1, value ->> 2) AS TEXT),
                substr(given.blob, value ->> 3, 32)
           FROM (SELECT ? AS blob) AS given, json_each(?);
         INSERT INTO sealed (idx, name, salt, body)
         SELECT value ->> 0, value ->> 1, substr(given.blob, value ->> 2, 32),
                substr(given.blob, value ->> 3, value ->> 4)
           FROM (SELECT ? AS blob) AS given, json_each(?);
         INSERT INTO checkpoints (size, root, note, frontier) VALUES (?, ?, ?, ?);
         COMMIT",
        put_blob,
        puts,
        entry_blob,
        entries,
        sealed_blob,
        sealed,
        size,
        root,
        note,
        frontier
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a transaction that has nothing to write.
pub(crate) async fn rollback(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("ROLLBACK").execute(connection).await?;
    Ok(())
}

/// Moves everything from the WAL into the file, and empties it, so that what was erased is in neither. False if a reader
/// was in the way for longer than the connection waits.
pub(crate) async fn empty_wal(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let busy: i64 = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await?;
    Ok(busy == 0)
}

/// Writes something durable that counts as a group. When it succeeds after a failed COMMIT, what that one left in the WAL
/// is overwritten, and can't come back. (It has to change a byte: SQLite doesn't write a page that stays as it is.)
pub(crate) async fn settle(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("BEGIN IMMEDIATE; UPDATE meta SET groups = groups + 1; COMMIT").execute(connection).await?;
    Ok(())
}

fn decode(why: store::ReadError) -> sqlx::Error {
    sqlx::Error::Decode(why.to_string().into())
}
