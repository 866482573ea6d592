//! Checkpoints: what the log's key stands for (c2sp.org/tlog-checkpoint).

use crate::{Error, Frontier, Hash, LogSigner, Origin, VerifierKey, key::PublicKey, note};

/// Largest note that is read, in bytes: room for the log and 16 cosigners, also post-quantum ones.
pub const MAX_NOTE_BYTES: usize = 128 * 1024;

/// The head of a log: its first `size` entries have root `root`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// How many entries.
    pub size: u64,
    /// Their root.
    pub root: Hash,
}

impl Checkpoint {
    /// The head of the log as it stands.
    pub fn of(origin: Origin, frontier: &Frontier) -> Self {
        Self { origin, size: frontier.size(), root: frontier.root() }
    }

    /// The note text that is signed: three lines. Extension lines are never written, and refused when read.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Reads [`Checkpoint::text`], and nothing else.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] if it isn't exactly three well-formed lines.
    pub fn parse_text(text: &str) -> Result<Self, Error> {
        let body = text.strip_suffix('\n').ok_or(Error::Checkpoint("the last line doesn't end"))?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(Error::Checkpoint("origin, size and root hash are expected"));
        };
        if lines.next().is_some() {
            return Err(Error::Checkpoint("extension lines are not accepted"));
        }
        let checkpoint = Self {
            origin: Origin::new(origin).map_err(|_| Error::Checkpoint("the origin is not well formed"))?,
            size: size.parse().map_err(|_| Error::Checkpoint("the size is no number"))?,
            root: Hash::from_base64(root).ok_or(Error::Checkpoint("the root is no base64 hash"))?,
        };
        if checkpoint.text() != text {
            return Err(Error::Checkpoint("not in its canonical spelling"));
        }
        Ok(checkpoint)
    }

    /// Reads what a note claims without verifying any signature: to find out which log it speaks of, never to trust.
    ///
    /// # Errors
    ///
    /// [`Error::Note`], [`Error::Limit`] or [`Error::Checkpoint`].
    pub fn parse_unverified(note: &[u8]) -> Result<Self, Error> {
        Self::parse_text(&note::parse(note)?.text)
    }
}

/// A checkpoint whose note carries a good signature by a key that the reader was given, or that we just signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: String,
}

impl LogSigner {
    /// Signs the head of this log.
    ///
    /// The caller must never sign two heads of which one didn't grow from the other.
    ///
    /// # Errors
    ///
    /// [`Error::OtherLog`] if the checkpoint is of another log than the key.
    pub fn sign(&self, checkpoint: &Checkpoint) -> Result<SignedCheckpoint, Error> {
        let line = self.line(checkpoint)?;
        Ok(SignedCheckpoint {
            checkpoint: checkpoint.clone(),
            note: format!("{}\n{line}", checkpoint.text()),
        })
    }

    /// The signature line alone.
    fn line(&self, checkpoint: &Checkpoint) -> Result<String, Error> {
        if checkpoint.origin != *self.origin() {
            return Err(Error::OtherLog {
                found: checkpoint.origin.to_string(),
                expected: self.origin().to_string(),
            });
        }
        note::line(&self.0.public, &self.0.sign(checkpoint.text().as_bytes()))
    }
}

impl SignedCheckpoint {
    /// Opens a note with the keys of one log (more than one while keys are rotated).
    ///
    /// # Errors
    ///
    /// [`Error::Note`], [`Error::Limit`] or [`Error::Checkpoint`] if it isn't well formed; [`Error::OtherLog`] if it is
    /// of a log that none of the keys is named for; [`Error::BadSignature`] if any signature that claims to be by one
    /// of the keys is not; [`Error::NotSigned`] if none is. Signatures by other keys are ignored.
    pub fn open(note: &[u8], keys: &[VerifierKey]) -> Result<Self, Error> {
        let parsed = note::parse(note)?;
        let checkpoint = Checkpoint::parse_text(&parsed.text)?;
        let ours: Vec<_> = keys.iter().filter(|key| *key.name() == checkpoint.origin).collect();
        if let (true, Some(key)) = (ours.is_empty(), keys.first()) {
            return Err(Error::OtherLog {
                found: checkpoint.origin.to_string(),
                expected: key.name().to_string(),
            });
        }
        let mut signed = false;
        for key in &ours {
            for signature in parsed.claimed(&key.0) {
                if !key.0.verify(parsed.text.as_bytes(), signature) {
                    return Err(Error::BadSignature { key: key.0.label() });
                }
                signed = true;
            }
        }
        if !signed {
            let mut expected = ours.iter().map(|key| key.0.label()).collect::<Vec<_>>().join(", ");
            if expected.is_empty() {
                expected.push_str("(none was given)");
            }
            return Err(Error::NotSigned { expected });
        }
        let note = String::from_utf8(note.to_vec()).map_err(|_| Error::Note("not UTF-8"))?;
        Ok(Self { checkpoint, note })
    }

    /// What was signed.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note: text, empty line, signature lines.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Adds a further signature by the same log: the new key's, while keys are rotated.
    ///
    /// # Errors
    ///
    /// [`Error::OtherLog`] if the key is of another log.
    pub fn also_signed_by(self, signer: &LogSigner) -> Result<Self, Error> {
        let line = signer.line(&self.checkpoint)?;
        self.with_line(&signer.0.public, &line)
    }

    /// Adds a signature line by that key, in place of one that it has there already.
    pub(crate) fn with_line(self, key: &PublicKey, line: &str) -> Result<Self, Error> {
        Ok(Self { note: note::parse(self.note.as_bytes())?.with_line(key, line)?, ..self })
    }
}
