//! Checking a whole log.

use crate::{Checkpoint, Error, Frontier, Hash, Leaf, Origin, SignedCheckpoint, Time, VerifierKey};

/// Reads a log from its beginning, entry by entry, and refuses the first that is out of order.
///
/// Order means: every entry is a well-formed leaf of this log, indices run from 0 without gap, and time never goes back
/// (equal is fine).
#[derive(Debug, Clone)]
pub struct LogCheck {
    origin: Origin,
    frontier: Frontier,
    last: Option<Time>,
}

/// What a whole log turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLog {
    /// The head, as signed.
    pub checkpoint: SignedCheckpoint,
    /// All entries, in order.
    pub leaves: Vec<Leaf>,
}

impl LogCheck {
    /// Begins before the first entry of the log with that origin.
    pub fn new(origin: Origin) -> Self {
        Self { origin, frontier: Frontier::new(), last: None }
    }

    /// Takes the next entry and returns it decoded.
    ///
    /// # Errors
    ///
    /// [`Error::Entry`] if the bytes are no good leaf, [`Error::Order`] if it isn't the next one. Then nothing changed.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Leaf, Error> {
        let index = self.frontier.size();
        let leaf = Leaf::decode(bytes).map_err(|source| Error::Entry { index, source: Box::new(source) })?;
        let order = |why| Err(Error::Order { index, why });
        if *leaf.origin() != self.origin {
            return order(format!("it is of log {:?}", leaf.origin().as_str()));
        }
        if leaf.index() != index {
            return order(format!("it says that it is entry {}", leaf.index()));
        }
        if let Some(last) = self.last.filter(|last| *last > leaf.at()) {
            return order(format!("it is of {}, before the entry below it ({last})", leaf.at()));
        }
        self.frontier.append(leaf.hash());
        self.last = Some(leaf.at());
        Ok(leaf)
    }

    /// How many entries were taken.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Their root.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The right edge, to append after it.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The time of the last entry.
    pub fn last_at(&self) -> Option<Time> {
        self.last
    }

    /// Whether the entries so far are exactly those that the checkpoint covers.
    ///
    /// # Errors
    ///
    /// [`Error::OtherLog`], [`Error::Size`] or [`Error::Root`].
    pub fn matches(&self, checkpoint: &Checkpoint) -> Result<(), Error> {
        if checkpoint.origin != self.origin {
            return Err(Error::OtherLog {
                found: checkpoint.origin.to_string(),
                expected: self.origin.to_string(),
            });
        }
        if checkpoint.size != self.size() {
            return Err(Error::Size { found: self.size(), expected: checkpoint.size });
        }
        let root = self.root();
        if checkpoint.root != root {
            return Err(Error::Root {
                size: self.size(),
                found: root.to_string(),
                expected: checkpoint.root.to_string(),
            });
        }
        Ok(())
    }
}

/// Checks that `entries` are all of the log that `note` is the signed head of.
///
/// For logs too large for memory, drive [`LogCheck`] directly.
///
/// # Errors
///
/// Those of [`SignedCheckpoint::open`], [`LogCheck::push`] and [`LogCheck::matches`].
pub fn verify_log<'a>(
    entries: impl IntoIterator<Item = &'a [u8]>,
    note: &[u8],
    keys: &[VerifierKey],
) -> Result<VerifiedLog, Error> {
    let checkpoint = SignedCheckpoint::open(note, keys)?;
    let mut check = LogCheck::new(checkpoint.checkpoint().origin.clone());
    let leaves = entries.into_iter().map(|bytes| check.push(bytes)).collect::<Result<Vec<_>, _>>()?;
    check.matches(checkpoint.checkpoint())?;
    Ok(VerifiedLog { checkpoint, leaves })
}
