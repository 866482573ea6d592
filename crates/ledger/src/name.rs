//! The grammars of what may stand in a leaf.

use crate::Error;
use std::fmt;

/// Longest kind, in bytes.
pub(crate) const MAX_KIND_BYTES: usize = 64;
/// Longest name of a fact or a sealed text, in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 64;
/// Longest key of a record, in bytes.
pub(crate) const MAX_KEY_BYTES: usize = 512;
/// Longest origin, in bytes (c2sp.org/tlog-cosignature gives it a length of one byte).
pub(crate) const MAX_ORIGIN_BYTES: usize = 255;

/// Whether `text` is a kind: dotted words, `[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+`, at most 64 bytes.
///
/// Which kinds exist is not the ledger's business.
pub fn is_kind(text: &str) -> bool {
    text.len() <= MAX_KIND_BYTES && text.contains('.') && text.split('.').all(is_word)
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether `text` names a fact or a sealed text: `[a-z][a-z0-9_.-]*`, at most 64 bytes.
fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME_BYTES
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'-'))
}

/// Whether all of `text` is visible ASCII (0x21 to 0x7E): no spaces, so no prose.
pub(crate) fn is_visible_ascii(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

pub(crate) fn check_kind(text: &str) -> Result<(), Error> {
    if is_kind(text) {
        return Ok(());
    }
    Err(Error::grammar(
        "kind",
        text,
        "a kind is dotted words such as `grant.issued`: a-z, 0-9, `-`; at most 64 bytes",
    ))
}

pub(crate) fn check_name(what: &'static str, text: &str) -> Result<(), Error> {
    if is_name(text) {
        return Ok(());
    }
    Err(Error::grammar(
        what,
        text,
        "a name begins with a-z and goes on with a-z, 0-9, `_`, `.`, `-`; at most 64 bytes",
    ))
}

pub(crate) fn check_record_kind(text: &str) -> Result<(), Error> {
    if is_word(text) && text.len() <= MAX_NAME_BYTES {
        return Ok(());
    }
    Err(Error::grammar("record kind", text, "one word of a-z, 0-9, `-`, such as `run`; at most 64 bytes"))
}

pub(crate) fn check_key(text: &str) -> Result<(), Error> {
    if !text.is_empty() && text.len() <= MAX_KEY_BYTES && is_visible_ascii(text) {
        return Ok(());
    }
    Err(Error::grammar(
        "record key",
        text,
        "1 to 512 visible ASCII characters without spaces; escape with `Fact::id`",
    ))
}

/// The unique name of one log: a URL without a scheme, such as `exq.example/log`. Also the name of the log's keys.
///
/// 1 to 255 visible ASCII characters without `+` (c2sp.org/signed-note allows no spaces and no `+` in key names).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// Checks and wraps an origin.
    ///
    /// # Errors
    ///
    /// [`Error::Grammar`] if it is empty, too long, or has a space, a `+` or a character that isn't visible ASCII.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        if text.is_empty() || text.len() > MAX_ORIGIN_BYTES || !is_visible_ascii(&text) || text.contains('+')
        {
            return Err(Error::grammar(
                "origin",
                &text,
                "1 to 255 visible ASCII characters, no space and no `+`",
            ));
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({:?})", self.0)
    }
}
