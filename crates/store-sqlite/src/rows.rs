//! A batch as arguments of a few statements.
//!
//! Each statement writes all rows of its table: the small columns as one JSON array, the large ones cut out of one blob
//! by offset and length. So a group of any size takes the same number of trips to SQLite's thread, and no bytes are
//! written in hex.

use serde_json::{Value, json};
use store::group::{Batch, EntryRow, Put, Row};

use crate::convert::signed;

/// The rows of one table: small columns, and the bytes that they point into.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    json: Vec<Value>,
    pub(crate) blob: Vec<u8>,
}

impl Rows {
    /// Keeps the bytes; gives offset (from 1, as SQLite's `substr` counts) and length.
    fn keep(&mut self, bytes: &[u8]) -> (usize, usize) {
        let offset = self.blob.len() + 1;
        self.blob.extend_from_slice(bytes);
        (offset, bytes.len())
    }

    pub(crate) fn json(&self) -> String {
        Value::Array(self.json.clone()).to_string()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.json.is_empty()
    }
}

/// All tables.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) puts: Rows,
    pub(crate) deletes: Rows,
    pub(crate) entries: Rows,
    pub(crate) sealed: Rows,
    pub(crate) erased: Rows,
    pub(crate) objects: Rows,
}

impl Tables {
    pub(crate) fn of(batch: &Batch) -> Self {
        let mut tables = Self::default();
        for row in &batch.rows {
            match row {
                Row::Put(put) => tables.put(put),
                Row::Delete(kind, key) => tables.deletes.json.push(json!([kind, key])),
            }
        }
        for entry in &batch.entries {
            tables.entry(entry);
        }
        for (index, name) in &batch.erased {
            tables.erased.json.push(json!([signed(*index), name]));
        }
        for object in &batch.objects {
            let (digest, _) = tables.objects.keep(object.digest().as_bytes());
            let (bytes, len) = tables.objects.keep(object.bytes());
            tables.objects.json.push(json!([digest, bytes, len]));
        }
        tables
    }

    /// `[kind, key, version, state, sort, body, its length, entry, salt]`
    fn put(&mut self, put: &Put) {
        let record = &put.record;
        let (body, len) = self.puts.keep(&record.body);
        let (entry, salt) = match &put.entry {
            Some((entry, salt)) => (Some(signed(*entry)), Some(self.puts.keep(salt.as_bytes()).0)),
            None => (None, None),
        };
        let version = signed(put.version);
        self.puts.json.push(json!([
            record.kind,
            record.key,
            version,
            record.state,
            record.sort,
            body,
            len,
            entry,
            salt
        ]));
    }

    /// `[idx, leaf, its length, hash]`, and for each text `[idx, name, salt, body, its length]`
    fn entry(&mut self, entry: &EntryRow) {
        let index = signed(entry.index);
        let (leaf, len) = self.entries.keep(&entry.leaf);
        let (hash, _) = self.entries.keep(entry.hash.as_bytes());
        self.entries.json.push(json!([index, leaf, len, hash]));
        for text in &entry.sealed {
            let (salt, _) = self.sealed.keep(text.salt.as_bytes());
            let (body, len) = self.sealed.keep(&text.body);
            self.sealed.json.push(json!([index, text.name, salt, body, len]));
        }
    }
}
