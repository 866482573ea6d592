//! Reads, on connections that can't write.

use std::{collections::BTreeMap, ops::Range};

use ledger::Hash;
use model::Digest;
use sqlx::{SqliteConnection, SqlitePool};
use store::{
    Count, Cursor, Made, Newest, Order, Page, Query, ReadError, Record, Standing, StoredCheckpoint,
    StoredEntry, StoredText, limits,
};

use crate::{
    convert::{CheckpointRow, NewestRow, RecordRow, StandingRow, damaged, hash, salt, signed, unsigned},
    error::unreadable,
};

pub(crate) async fn standing(pool: &SqlitePool, kind: &str, key: &str) -> Result<Standing, ReadError> {
    let mut transaction = pool.begin().await.map_err(unreadable)?;
    let record = sqlx::query_as!(
        RecordRow,
        "SELECT kind, key, version, state, sort, body, entry, salt FROM records WHERE kind = ? AND key = ?",
        kind,
        key
    )
    .fetch_optional(&mut *transaction)
    .await
    .map_err(unreadable)?;
    let newest = sqlx::query_as!(
        NewestRow,
        r#"SELECT idx, version AS "version!: i64", leaf FROM entries
            WHERE kind = ? AND key = ? ORDER BY version DESC, idx DESC LIMIT 1"#,
        kind,
        key
    )
    .fetch_optional(&mut *transaction)
    .await
    .map_err(unreadable)?;
    transaction.commit().await.map_err(unreadable)?;
    Ok(Standing {
        record: record.map(Record::try_from).transpose()?,
        newest: newest.map(Newest::try_from).transpose()?,
    })
}

/// One query for each state, each along the index and never for more than a page; merged here. All see the same moment.
pub(crate) async fn list(pool: &SqlitePool, query: Query) -> Result<Page<Standing>, ReadError> {
    let limit = query.limit.min(limits::PAGE);
    if limit == 0 {
        return Ok(Page { items: vec![], next: query.after });
    }
    let mut rows = in_states(pool, &query, limit).await.map_err(unreadable)?;
    match query.order {
        Order::Oldest => rows.sort_by(|a, b| (a.sort, &a.key).cmp(&(b.sort, &b.key))),
        Order::Newest => rows.sort_by(|a, b| (b.sort, &b.key).cmp(&(a.sort, &a.key))),
    }
    // One more than the page was asked for: whether there is a next one.
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| Cursor { sort: last.sort, key: last.key.clone() });
    let items = rows.into_iter().map(Standing::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, next })
}

async fn in_states(pool: &SqlitePool, query: &Query, limit: u32) -> Result<Vec<StandingRow>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let mut states: Vec<String> = query.states.iter().map(|state| (*state).to_owned()).collect();
    if states.is_empty() {
        states = all_states(&mut transaction, query.kind).await?;
    }
    states.sort_unstable();
    states.dedup();
    let mut rows = vec![];
    for state in states {
        rows.extend(one_state(&mut transaction, query, &state, limit).await?);
    }
    transaction.commit().await?;
    Ok(rows)
}

/// The states in which there are any of a kind: one step along the index for each, however many records there are.
async fn all_states(connection: &mut SqliteConnection, kind: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH RECURSIVE states (state) AS (
               SELECT min(state) FROM records WHERE kind = ?1
               UNION ALL
               SELECT (SELECT min(state) FROM records WHERE kind = ?1 AND state > states.state)
                 FROM states WHERE states.state IS NOT NULL
           )
           SELECT state AS "state!: String" FROM states WHERE state IS NOT NULL"#,
        kind
    )
    .fetch_all(connection)
    .await
}

/// Where a page begins: before everything, or after a record.
fn after(query: &Query) -> (i64, String) {
    match (&query.after, query.order) {
        (Some(cursor), _) => (cursor.sort, cursor.key.clone()),
        // No key is empty, and none reaches beyond ASCII.
        (None, Order::Oldest) => (i64::MIN, String::new()),
        (None, Order::Newest) => (i64::MAX, "\u{10ffff}".to_owned()),
    }
}

async fn one_state(
    connection: &mut SqliteConnection,
    query: &Query,
    state: &str,
    limit: u32,
) -> Result<Vec<StandingRow>, sqlx::Error> {
    let (kind, (sort, key), limit) = (query.kind, after(query), i64::from(limit) + 1);
    match query.order {
        Order::Oldest => {
            sqlx::query_as!(
                StandingRow,
                r#"SELECT r.kind, r.key, r.version, r.state, r.sort, r.body, r.entry, r.salt,
                          e.idx AS "newest?: i64", e.version AS "newest_version?: i64", e.leaf AS "leaf?: String"
                     FROM records r LEFT JOIN entries e ON e.idx = (
                              SELECT idx FROM entries WHERE kind = r.kind AND key = r.key
                               ORDER BY version DESC, idx DESC LIMIT 1)
                    WHERE r.kind = ? AND r.state = ? AND (r.sort, r.key) > (?, ?)
                    ORDER BY r.sort, r.key LIMIT ?"#,
                kind,
                state,
                sort,
                key,
                limit
            )
            .fetch_all(connection)
            .await
        }
        Order::Newest => {
            sqlx::query_as!(
                StandingRow,
                r#"SELECT r.kind, r.key, r.version, r.state, r.sort, r.body, r.entry, r.salt,
                          e.idx AS "newest?: i64", e.version AS "newest_version?: i64", e.leaf AS "leaf?: String"
                     FROM records r LEFT JOIN entries e ON e.idx = (
                              SELECT idx FROM entries WHERE kind = r.kind AND key = r.key
                               ORDER BY version DESC, idx DESC LIMIT 1)
                    WHERE r.kind = ? AND r.state = ? AND (r.sort, r.key) < (?, ?)
                    ORDER BY r.sort DESC, r.key DESC LIMIT ?"#,
                kind,
                state,
                sort,
                key,
                limit
            )
            .fetch_all(connection)
            .await
        }
    }
}

pub(crate) async fn counts(pool: &SqlitePool) -> Result<Vec<Count>, ReadError> {
    let rows = sqlx::query!(
        r#"SELECT kind, state, count(*) AS "count!: i64" FROM records GROUP BY kind, state ORDER BY kind, state"#
    )
    .fetch_all(pool)
    .await
    .map_err(unreadable)?;
    rows.into_iter()
        .map(|row| Ok(Count { kind: row.kind, state: row.state, count: unsigned(row.count, "a count")? }))
        .collect()
}

pub(crate) async fn object(pool: &SqlitePool, digest: Digest) -> Result<Option<Vec<u8>>, ReadError> {
    let name = digest.as_bytes().as_slice();
    let bytes = sqlx::query_scalar!("SELECT bytes FROM objects WHERE digest = ?", name)
        .fetch_optional(pool)
        .await
        .map_err(unreadable)?;
    match bytes {
        Some(bytes) if Digest::of(&bytes) != digest => {
            Err(damaged(format!("the bytes of object {digest} have another hash")))
        }
        bytes => Ok(bytes),
    }
}

/// A range as SQLite takes it, cut to `most`.
fn cut(range: &Range<u64>, most: u64) -> (i64, i64) {
    let end = range.end.min(range.start.saturating_add(most));
    (signed(range.start), signed(end))
}

pub(crate) async fn entries(pool: &SqlitePool, range: Range<u64>) -> Result<Vec<StoredEntry>, ReadError> {
    let (start, end) = cut(&range, limits::ENTRIES);
    let mut transaction = pool.begin().await.map_err(unreadable)?;
    let leaves =
        sqlx::query!("SELECT idx, leaf FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx", start, end)
            .fetch_all(&mut *transaction)
            .await
            .map_err(unreadable)?;
    let texts = sqlx::query!(
        "SELECT idx, name, salt, body FROM sealed WHERE idx >= ? AND idx < ? ORDER BY idx, name",
        start,
        end
    )
    .fetch_all(&mut *transaction)
    .await
    .map_err(unreadable)?;
    transaction.commit().await.map_err(unreadable)?;
    let mut beside: BTreeMap<i64, Vec<StoredText>> = BTreeMap::new();
    for row in texts {
        let text = text(row.idx, row.name, row.salt, row.body)?;
        beside.entry(row.idx).or_default().push(text);
    }
    leaves
        .into_iter()
        .map(|row| {
            Ok(StoredEntry {
                index: unsigned(row.idx, "the index of an entry")?,
                leaf: row.leaf.into_bytes(),
                sealed: beside.remove(&row.idx).unwrap_or_default(),
            })
        })
        .collect()
}

/// A row of `sealed`.
pub(crate) fn text(
    index: i64,
    name: String,
    salt: Option<Vec<u8>>,
    body: Option<Vec<u8>>,
) -> Result<StoredText, ReadError> {
    let salt = self::salt(salt, || format!("the text {name:?} of entry {index}"))?;
    Ok(StoredText { name, text: salt.zip(body) })
}

pub(crate) async fn history(pool: &SqlitePool, kind: &str, key: &str) -> Result<Vec<Made>, ReadError> {
    let rows = sqlx::query!(
        r#"SELECT version AS "version!: i64", idx FROM entries WHERE kind = ? AND key = ? ORDER BY version"#,
        kind,
        key
    )
    .fetch_all(pool)
    .await
    .map_err(unreadable)?;
    rows.into_iter()
        .map(|row| {
            Ok(Made {
                version: unsigned(row.version, "the version in an entry")?,
                entry: unsigned(row.idx, "the index of an entry")?,
            })
        })
        .collect()
}

pub(crate) async fn leaf_hashes(pool: &SqlitePool, range: Range<u64>) -> Result<Vec<Hash>, ReadError> {
    let (start, end) = cut(&range, limits::HASHES);
    let rows =
        sqlx::query_scalar!("SELECT hash FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx", start, end)
            .fetch_all(pool)
            .await
            .map_err(unreadable)?;
    rows.iter().map(|row| hash(row, "the hash of an entry")).collect()
}

pub(crate) async fn checkpoint(pool: &SqlitePool) -> Result<StoredCheckpoint, ReadError> {
    let row =
        sqlx::query_as!(CheckpointRow, "SELECT size, root, note FROM checkpoints ORDER BY size DESC LIMIT 1")
            .fetch_optional(pool)
            .await
            .map_err(unreadable)?;
    row.ok_or_else(|| damaged("there is no checkpoint".to_owned()))?.try_into()
}

pub(crate) async fn checkpoints(
    pool: &SqlitePool,
    after: Option<u64>,
    limit: u32,
) -> Result<Vec<StoredCheckpoint>, ReadError> {
    let (after, limit) = (after.map_or(-1, signed), i64::from(limit.min(limits::PAGE)));
    let rows = sqlx::query_as!(
        CheckpointRow,
        "SELECT size, root, note FROM checkpoints WHERE size > ? ORDER BY size LIMIT ?",
        after,
        limit
    )
    .fetch_all(pool)
    .await
    .map_err(unreadable)?;
    rows.into_iter().map(StoredCheckpoint::try_from).collect()
}
