//! The whole store against its ledger, in one read transaction, row by row.

use futures_util::TryStreamExt as _;
use ledger::{Frontier, Origin, VerifierKey};
use sqlx::{SqliteConnection, SqlitePool};
use store::{Checked, Checker, ReadError, Record, StoredCheckpoint, StoredText};

use crate::{
    convert::{CheckpointRow, RecordRow, damaged},
    error::unreadable,
    read::text,
};

/// Entries that are read with their texts at once.
const CHUNK: i64 = 500;

pub(crate) async fn check(pool: &SqlitePool, keys: &[VerifierKey]) -> Result<Checked, ReadError> {
    let mut transaction = pool.begin().await.map_err(unreadable)?;
    let origin = sqlx::query_scalar!("SELECT origin FROM meta WHERE id = 1")
        .fetch_one(&mut *transaction)
        .await
        .map_err(unreadable)?;
    let frontier = sqlx::query_scalar!("SELECT frontier FROM checkpoints ORDER BY size DESC LIMIT 1")
        .fetch_optional(&mut *transaction)
        .await
        .map_err(unreadable)?;
    let origin = Origin::new(origin).map_err(|why| damaged(format!("the log's origin: {why}")))?;
    let mut checker = Checker::new(origin, keys.to_vec());
    integrity(&mut transaction, &mut checker).await?;
    let newest = checkpoints(&mut transaction, &mut checker).await?;
    entries(&mut transaction, &mut checker).await?;
    records(&mut transaction, &mut checker).await?;
    objects(&mut transaction, &mut checker).await?;
    transaction.commit().await.map_err(unreadable)?;
    match (frontier.map(|bytes| Frontier::from_bytes(&bytes)), &newest) {
        (Some(Ok(frontier)), Some(row)) if (frontier.size(), frontier.root()) == (row.size, row.root) => {}
        _ => checker.find("the frontier beside the newest checkpoint isn't that of its tree".to_owned()),
    }
    Ok(checker.finish(newest.as_ref()))
}

/// SQLite's own check: that indices and tables say the same, and that every row keeps the schema.
async fn integrity(connection: &mut SqliteConnection, checker: &mut Checker) -> Result<(), ReadError> {
    let rows: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check(100)").fetch_all(connection).await.map_err(unreadable)?;
    for row in rows.into_iter().filter(|row| row != "ok") {
        checker.find(format!("SQLite: {row}"));
    }
    Ok(())
}

async fn checkpoints(
    connection: &mut SqliteConnection,
    checker: &mut Checker,
) -> Result<Option<StoredCheckpoint>, ReadError> {
    let mut newest = None;
    let mut rows = sqlx::query_as!(CheckpointRow, "SELECT size, root, note FROM checkpoints ORDER BY size")
        .fetch(connection);
    while let Some(row) = rows.try_next().await.map_err(unreadable)? {
        match StoredCheckpoint::try_from(row) {
            Ok(row) => {
                checker.checkpoint(&row);
                newest = Some(row);
            }
            Err(why) => checker.find(why.to_string()),
        }
    }
    Ok(newest)
}

async fn entries(connection: &mut SqliteConnection, checker: &mut Checker) -> Result<(), ReadError> {
    let orphans = sqlx::query_scalar!(
        "SELECT count(*) FROM sealed WHERE NOT EXISTS (SELECT 1 FROM entries WHERE entries.idx = sealed.idx)"
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(unreadable)?;
    if orphans > 0 {
        checker.find(format!("{orphans} texts lie beside entries that aren't there"));
    }
    let mut from = i64::MIN;
    loop {
        let rows = sqlx::query!(
            "SELECT idx, leaf, hash FROM entries WHERE idx >= ? ORDER BY idx LIMIT ?",
            from,
            CHUNK
        )
        .fetch_all(&mut *connection)
        .await
        .map_err(unreadable)?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
        let (first, last) = (first.idx, last.idx);
        let mut beside = sqlx::query!(
            "SELECT idx, name, salt, body FROM sealed WHERE idx >= ? AND idx <= ? ORDER BY idx, name",
            first,
            last
        )
        .fetch_all(&mut *connection)
        .await
        .map_err(unreadable)?
        .into_iter()
        .peekable();
        for row in rows {
            let mut texts: Vec<StoredText> = vec![];
            while let Some(beside) = beside.next_if(|beside| beside.idx <= row.idx) {
                match text(beside.idx, beside.name, beside.salt, beside.body) {
                    Ok(text) => texts.push(text),
                    Err(why) => checker.find(why.to_string()),
                }
            }
            match u64::try_from(row.idx) {
                Ok(index) => checker.entry(index, row.leaf.as_bytes(), &row.hash, &texts),
                Err(_) => checker.find(format!("there is an entry {}", row.idx)),
            }
        }
        let Some(next) = last.checked_add(1) else { return Ok(()) };
        from = next;
    }
}

async fn records(connection: &mut SqliteConnection, checker: &mut Checker) -> Result<(), ReadError> {
    let mut rows = sqlx::query_as!(
        RecordRow,
        "SELECT kind, key, version, state, sort, body, entry, salt FROM records ORDER BY kind, key"
    )
    .fetch(connection);
    while let Some(row) = rows.try_next().await.map_err(unreadable)? {
        match Record::try_from(row) {
            Ok(record) => checker.record(&record),
            Err(why) => checker.find(why.to_string()),
        }
    }
    Ok(())
}

async fn objects(connection: &mut SqliteConnection, checker: &mut Checker) -> Result<(), ReadError> {
    let mut rows = sqlx::query!("SELECT digest, bytes FROM objects").fetch(connection);
    while let Some(row) = rows.try_next().await.map_err(unreadable)? {
        checker.object(&row.digest, &row.bytes);
    }
    Ok(())
}
