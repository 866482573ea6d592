//! A limit on everything that is kept, so that one bad value can't stop all the others.

use crate::{Invalid, NewRecord};

/// A record's body, in bytes.
pub const BODY_BYTES: usize = 4 * 1024 * 1024;
/// A record's key, in bytes.
pub const KEY_BYTES: usize = 512;
/// An object, in bytes.
pub const OBJECT_BYTES: usize = 32 * 1024 * 1024;
/// Transitions in one commit.
pub const TRANSITIONS: usize = 4096;
/// Objects in one commit.
pub const OBJECTS: usize = 1024;
/// Bodies and objects of one commit together, in bytes.
pub const COMMIT_BYTES: usize = 64 * 1024 * 1024;
/// What one page of a list holds at most; a query that asks for more gets this.
pub const PAGE: u32 = 1000;

/// How many leaf hashes are read at once at most.
pub const HASHES: u64 = 65_536;
/// How many entries with their texts are read at once at most.
pub const ENTRIES: u64 = 1000;

/// A kind or a state: begins with a letter, 1 to 63 of `a-z`, `0-9` and `-`; a leaf takes no other.
fn is_word(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

pub(crate) fn check_key(kind: &'static str, key: &str) -> Result<(), Invalid> {
    let ok = (1..=KEY_BYTES).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    if ok { Ok(()) } else { Err(Invalid::Key { kind, len: key.len() }) }
}

pub(crate) fn check(record: &NewRecord) -> Result<(), Invalid> {
    for word in [record.kind, record.state] {
        if !is_word(word) {
            return Err(Invalid::Word { word });
        }
    }
    check_key(record.kind, &record.key)?;
    if record.body.len() > BODY_BYTES {
        return Err(Invalid::TooLong {
            kind: record.kind,
            key: record.key.clone(),
            len: record.body.len(),
            limit: BODY_BYTES,
        });
    }
    Ok(())
}
