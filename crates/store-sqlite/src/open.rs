//! Opening: lock, file, schema, and whether the ledger is the one that its newest checkpoint is over.

use std::{path::Path, sync::Arc, time::Duration};

use ledger::{Frontier, Leaf, LogSigner, SignedCheckpoint, Time, VerifierKey};
use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use store::{StoredCheckpoint, log};

use crate::{
    OpenError, Options, SqliteStore,
    convert::{CheckpointRow, signed},
    lock::{self, Lock},
    writer::{Writer, WriterParts},
};

/// SQLite's page, in bytes.
const PAGE_BYTES: u64 = 4096;
/// What a connection keeps of the database in memory, in KiB; SQLite takes a negative number as that.
const CACHE_KIB: &str = "-8192";
/// What is left of the WAL once it has been written back, in bytes.
const WAL_BYTES: &str = "67108864";

pub(crate) async fn open(options: Options) -> Result<SqliteStore, OpenError> {
    let file = |why| OpenError::File { path: options.path.clone(), why };
    let path = lock::canonical(&options.path).map_err(file)?;
    let lock = Lock::take(&path).await?;
    lock::make(&path).map_err(file)?;

    let mut keys = vec![options.signer.verifier()];
    keys.extend(options.former_keys);
    let keys: Arc<[VerifierKey]> = Arc::from(keys);
    let connect = writing(&path, options.max_bytes);
    let mut connection = migrated(&connect, &path).await?;
    let end = begin_or_read(&mut connection, &options.signer, &keys, &path).await?;

    let readers = SqlitePoolOptions::new()
        .max_connections(options.readers.max(1))
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(reading(&path))
        .await
        .map_err(|why| OpenError::Database { path: path.clone(), why: why.to_string() })?;
    let parts = WriterParts {
        connect,
        connection,
        end,
        signer: options.signer,
        clock: options.clock,
        entropy: options.entropy,
        lock,
    };
    Ok(SqliteStore { writer: Writer::start(parts), readers, keys })
}

/// How the one writer connects.
fn writing(path: &Path, max_bytes: Option<u64>) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .disable_statement_logging()
        .page_size(u32::try_from(PAGE_BYTES).unwrap_or(4096))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // Nobody else writes; a reader in the way of a checkpoint is waited for no longer than this.
        .busy_timeout(Duration::from_millis(100))
        // A WAL that grew while a long read kept it is cut again.
        .pragma("journal_size_limit", WAL_BYTES)
        // What is erased is overwritten, not only unlinked.
        .pragma("secure_delete", "ON")
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", CACHE_KIB);
    match max_bytes {
        Some(bytes) => options.pragma("max_page_count", (bytes / PAGE_BYTES).max(1).to_string()),
        None => options,
    }
}

/// How readers connect: they can't write, by SQLite's own check.
fn reading(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .disable_statement_logging()
        .read_only(true)
        .pragma("query_only", "ON")
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", CACHE_KIB)
}

async fn migrated(connect: &SqliteConnectOptions, path: &Path) -> Result<SqliteConnection, OpenError> {
    let database = |why: sqlx::Error| OpenError::Database { path: path.to_owned(), why: why.to_string() };
    let mut connection = SqliteConnection::connect_with(connect).await.map_err(database)?;
    sqlx::migrate!().run_direct(None, &mut connection, false).await.map_err(|why| match why {
        MigrateError::Execute(why) => database(why),
        why => OpenError::Schema { path: path.to_owned(), why: why.to_string() },
    })?;
    Ok(connection)
}

/// Where the file says that the log ends, and how far the store has come.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// Grows with every group of commits: the number of groups without entries plus the number of entries.
    pub(crate) mark: i64,
    pub(crate) head: log::Head,
    pub(crate) checkpoint: Arc<StoredCheckpoint>,
}

/// Reads where the log ends; begins it with a signed checkpoint over nothing if this is a new file.
async fn begin_or_read(
    connection: &mut SqliteConnection,
    signer: &LogSigner,
    keys: &Arc<[VerifierKey]>,
    path: &Path,
) -> Result<End, OpenError> {
    let database = |why: sqlx::Error| OpenError::Database { path: path.to_owned(), why: why.to_string() };
    let damaged = |why: String| OpenError::Damaged { path: path.to_owned(), why };
    let origin = sqlx::query_scalar!("SELECT origin FROM meta WHERE id = 1")
        .fetch_optional(&mut *connection)
        .await
        .map_err(database)?;
    match origin {
        Some(found) if found != signer.origin().as_str() => {
            let expected = signer.origin().to_string();
            return Err(OpenError::OtherLog { path: path.to_owned(), found, expected });
        }
        Some(_) => {}
        None => begin(connection, signer).await.map_err(|why| match why {
            Begin::Database(why) => database(why),
            Begin::Sign(why) => damaged(why),
        })?,
    }
    let end = read_end(connection).await.map_err(|why| damaged(why.to_string()))?;
    let signed = SignedCheckpoint::open(end.checkpoint.note.as_bytes(), keys)
        .map_err(|why| damaged(format!("its newest checkpoint: {why}")))?;
    let head = &end.head.frontier;
    if signed.checkpoint().size != head.size() || signed.checkpoint().root != head.root() {
        return Err(damaged("its newest checkpoint is not over the log that it holds".to_owned()));
    }
    Ok(end)
}

enum Begin {
    Database(sqlx::Error),
    Sign(String),
}

impl From<sqlx::Error> for Begin {
    fn from(why: sqlx::Error) -> Self {
        Self::Database(why)
    }
}

async fn begin(connection: &mut SqliteConnection, signer: &LogSigner) -> Result<(), Begin> {
    let head = log::Head::default();
    let checkpoint = log::sign(&head, signer).map_err(|why| Begin::Sign(why.to_string()))?;
    let (origin, frontier) = (signer.origin().as_str(), head.frontier.to_bytes());
    let (size, root, note) =
        (signed(checkpoint.size), checkpoint.root.as_bytes().as_slice(), checkpoint.note.as_str());
    let mut transaction = connection.begin().await?;
    sqlx::query!("INSERT INTO meta (id, origin, groups) VALUES (1, ?, 0)", origin)
        .execute(&mut *transaction)
        .await?;
    sqlx::query!(
        "INSERT INTO checkpoints (size, root, note, frontier) VALUES (?, ?, ?, ?)",
        size,
        root,
        note,
        frontier
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// Reads where the log ends, and compares what can be compared quickly.
pub(crate) async fn read_end(connection: &mut SqliteConnection) -> Result<End, sqlx::Error> {
    let wrong = |why: String| sqlx::Error::Decode(why.into());
    let groups =
        sqlx::query_scalar!("SELECT groups FROM meta WHERE id = 1").fetch_one(&mut *connection).await?;
    let row = sqlx::query!("SELECT size, root, note, frontier FROM checkpoints ORDER BY size DESC LIMIT 1")
        .fetch_optional(&mut *connection)
        .await?
        .ok_or_else(|| wrong("it holds no checkpoint".to_owned()))?;
    let frontier = Frontier::from_bytes(&row.frontier).map_err(|why| wrong(why.to_string()))?;
    let mark = groups.saturating_add(row.size);
    let row = CheckpointRow { size: row.size, root: row.root, note: row.note };
    let checkpoint = StoredCheckpoint::try_from(row).map_err(|why| wrong(why.to_string()))?;
    let last = sqlx::query!("SELECT idx, leaf FROM entries ORDER BY idx DESC LIMIT 1")
        .fetch_optional(connection)
        .await?;
    let size = last.as_ref().map_or(0, |last| last.idx + 1);
    if size != signed(frontier.size()) {
        return Err(wrong(format!("it holds {size} entries, and its log ends after {}", frontier.size())));
    }
    let last: Option<Time> = match last {
        Some(last) => Some(
            Leaf::decode(last.leaf.as_bytes()).map_err(|why| wrong(format!("its last entry: {why}")))?.at(),
        ),
        None => None,
    };
    Ok(End { mark, head: log::Head { frontier, last }, checkpoint: Arc::new(checkpoint) })
}
