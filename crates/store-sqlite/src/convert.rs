//! SQLite's integers are signed; ours count from 0.

use ledger::{Hash, Salt};
use store::{Newest, ReadError, Record, Standing, StoredCheckpoint};

/// As SQLite keeps it. Indices and versions stay far below 2^63.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(number: i64, what: &str) -> Result<u64, ReadError> {
    u64::try_from(number).map_err(|_| damaged(format!("{what} is {number}")))
}

pub(crate) fn damaged(what: String) -> ReadError {
    ReadError::Damaged { what }
}

pub(crate) fn hash(bytes: &[u8], what: &str) -> Result<Hash, ReadError> {
    Hash::from_slice(bytes).ok_or_else(|| damaged(format!("{what} has {} bytes, not 32", bytes.len())))
}

/// A salt that is there has 32 bytes.
pub(crate) fn salt(bytes: Option<Vec<u8>>, what: impl Fn() -> String) -> Result<Option<Salt>, ReadError> {
    let Some(bytes) = bytes else { return Ok(None) };
    match Salt::from_slice(&bytes) {
        Some(salt) => Ok(Some(salt)),
        None => Err(damaged(format!("the salt of {} has {} bytes, not 32", what(), bytes.len()))),
    }
}

/// A row of `records`.
pub(crate) struct RecordRow {
    pub(crate) kind: String,
    pub(crate) key: String,
    pub(crate) version: i64,
    pub(crate) state: String,
    pub(crate) sort: i64,
    pub(crate) body: Vec<u8>,
    pub(crate) entry: Option<i64>,
    pub(crate) salt: Option<Vec<u8>>,
}

impl TryFrom<RecordRow> for Record {
    type Error = ReadError;

    fn try_from(row: RecordRow) -> Result<Self, ReadError> {
        let RecordRow { kind, key, version, state, sort, body, entry, salt } = row;
        let broken =
            |why: ReadError| ReadError::Broken { kind: kind.clone(), key: key.clone(), why: why.to_string() };
        let version = unsigned(version, "its version").map_err(broken)?;
        let entry = entry.map(|entry| unsigned(entry, "its entry")).transpose().map_err(broken)?;
        let salt = self::salt(salt, || format!("the {kind} {key:?}")).map_err(broken)?;
        Ok(Self { kind, key, version, state, sort, body, entry, salt })
    }
}

/// A row of `entries`, as the newest about a record.
pub(crate) struct NewestRow {
    pub(crate) idx: i64,
    pub(crate) version: i64,
    pub(crate) leaf: String,
}

impl TryFrom<NewestRow> for Newest {
    type Error = ReadError;

    fn try_from(row: NewestRow) -> Result<Self, ReadError> {
        Ok(Self {
            entry: unsigned(row.idx, "the index of an entry")?,
            version: unsigned(row.version, "the version in an entry")?,
            leaf: row.leaf.into_bytes(),
        })
    }
}

/// A row of `records` with the newest of `entries` about it.
pub(crate) struct StandingRow {
    pub(crate) kind: String,
    pub(crate) key: String,
    pub(crate) version: i64,
    pub(crate) state: String,
    pub(crate) sort: i64,
    pub(crate) body: Vec<u8>,
    pub(crate) entry: Option<i64>,
    pub(crate) salt: Option<Vec<u8>>,
    pub(crate) newest: Option<i64>,
    pub(crate) newest_version: Option<i64>,
    pub(crate) leaf: Option<String>,
}

impl TryFrom<StandingRow> for Standing {
    type Error = ReadError;

    fn try_from(row: StandingRow) -> Result<Self, ReadError> {
        let StandingRow { kind, key, version, state, sort, body, entry, salt, newest, newest_version, leaf } =
            row;
        let newest = match (newest, newest_version, leaf) {
            (Some(idx), Some(version), Some(leaf)) => Some(NewestRow { idx, version, leaf }.try_into()?),
            _ => None,
        };
        let record = RecordRow { kind, key, version, state, sort, body, entry, salt }.try_into()?;
        Ok(Self { record: Some(record), newest })
    }
}

/// A row of `checkpoints`.
pub(crate) struct CheckpointRow {
    pub(crate) size: i64,
    pub(crate) root: Vec<u8>,
    pub(crate) note: String,
}

impl TryFrom<CheckpointRow> for StoredCheckpoint {
    type Error = ReadError;

    fn try_from(row: CheckpointRow) -> Result<Self, ReadError> {
        let size = unsigned(row.size, "the size of a checkpoint")?;
        Ok(Self { size, root: hash(&row.root, "the root of a checkpoint")?, note: row.note })
    }
}
