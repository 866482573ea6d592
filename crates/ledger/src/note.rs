//! Signed notes (c2sp.org/signed-note), by the `signed_note` crate, none of whose types leave this crate.

use crate::{Error, MAX_NOTE_BYTES, key::PublicKey};
use signed_note::{Note, Signature};

/// A note that was parsed, and nothing more.
pub(crate) struct Parsed {
    pub(crate) text: String,
    signatures: Vec<Signature>,
}

/// Parses a note, and only the one spelling that it would be printed in.
pub(crate) fn parse(bytes: &[u8]) -> Result<Parsed, Error> {
    if bytes.len() > MAX_NOTE_BYTES {
        return Err(Error::limit("bytes in a note", bytes.len(), MAX_NOTE_BYTES));
    }
    let note = Note::from_bytes(bytes)
        .map_err(|_| Error::Note("text, empty line and signature lines are expected"))?;
    if note.to_bytes() != bytes {
        return Err(Error::Note("not in its canonical spelling"));
    }
    let text = String::from_utf8(note.text().to_vec()).map_err(|_| Error::Note("not UTF-8"))?;
    // The crate keeps signatures to itself, so the lines are read once more, from bytes that it found good.
    let lines = bytes.get(text.len() + 1..).unwrap_or_default();
    let signatures = lines
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| Signature::from_bytes(line).map_err(|_| Error::Note("a signature line is damaged")))
        .collect::<Result<_, _>>()?;
    Ok(Parsed { text, signatures })
}

impl Parsed {
    /// The signatures that claim to be by `key`: name and id match. None was verified.
    pub(crate) fn claimed<'a>(&'a self, key: &'a PublicKey) -> impl Iterator<Item = &'a [u8]> {
        self.signatures
            .iter()
            .filter(|s| s.id() == key.id && s.name() == key.name.as_str())
            .map(Signature::signature)
    }
}

impl Parsed {
    /// The note with one more signature line; earlier ones by `key` go.
    pub(crate) fn with_line(&self, key: &PublicKey, line: &str) -> Result<String, Error> {
        let mut bytes = format!("{}\n", self.text).into_bytes();
        for other in &self.signatures {
            if other.id() != key.id || other.name() != key.name.as_str() {
                bytes.extend(other.to_bytes());
            }
        }
        bytes.extend(line.as_bytes());
        // Whoever reads the note has limits, so what passes them is not written either.
        parse(&bytes)?;
        String::from_utf8(bytes).map_err(|_| Error::Note("not UTF-8"))
    }
}

/// One signature line, newline included.
pub(crate) fn line(key: &PublicKey, signature: &[u8]) -> Result<String, Error> {
    let signature = Signature::new(key.name.to_string(), key.id, signature.to_vec())
        .map_err(|_| Error::Note("the key's name is not well formed"))?;
    String::from_utf8(signature.to_bytes()).map_err(|_| Error::Note("not UTF-8"))
}
