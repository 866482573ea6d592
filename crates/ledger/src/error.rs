//! What can be wrong with a log, in one enum.

/// Why something was refused. No variant carries a secret, a salt or a sealed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name, kind, key or value breaks its grammar.
    #[error("{what} {value:?} is not well formed\nhint: {rule}")]
    Grammar {
        /// What it should have been.
        what: &'static str,
        /// The value, cut to 80 characters.
        value: String,
        /// The grammar, in words.
        rule: &'static str,
    },
    /// A limit was passed.
    #[error("{what}: {found} is over the limit of {limit}")]
    Limit {
        /// What was measured.
        what: &'static str,
        /// How much there was.
        found: u64,
        /// How much there may be.
        limit: u64,
    },
    /// The bytes are no leaf of this format.
    #[error("not a leaf of this format: {0}")]
    Leaf(String),
    /// The bytes say a leaf, but not in the one way in which it may be written (RFC 8785).
    #[error("the leaf is not in canonical form: written again it differs at byte {at}")]
    NotCanonical {
        /// The offset of the first byte that differs.
        at: usize,
    },
    /// The source of randomness failed; nothing may be sealed with a salt that isn't random.
    #[error("no random salt: {0}")]
    NoRandomness(String),
    /// A body or a record doesn't belong to its commitment.
    #[error("{what} does not match its commitment")]
    Commitment {
        /// Which one.
        what: String,
    },
    /// The leaf has no sealed text of that name.
    #[error("the entry seals nothing named {0:?}")]
    NoSuchSealed(String),
    /// A serialised frontier is damaged.
    #[error("not a frontier: {0}")]
    Frontier(&'static str),
    /// An index or size lies outside the tree.
    #[error("{what} {found} is not in a tree of size {size}")]
    OutOfRange {
        /// What was asked for.
        what: &'static str,
        /// The number asked for.
        found: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A node that the proof needs could not be read.
    #[error("tree node {index} of level {level} is missing")]
    MissingNode {
        /// Height above the leaves.
        level: u8,
        /// Position within the level.
        index: u64,
    },
    /// A proof doesn't lead from what was claimed to the root.
    #[error("the {0} proof does not hold")]
    Proof(&'static str),
    /// The text is no signed note.
    #[error("not a signed note: {0}")]
    Note(&'static str),
    /// The note's text is no checkpoint.
    #[error("not a checkpoint: {0}")]
    Checkpoint(&'static str),
    /// A checkpoint of another log.
    #[error("the checkpoint is of log {found:?}, not of {expected:?}")]
    OtherLog {
        /// The origin that was found.
        found: String,
        /// The origin that was expected.
        expected: String,
    },
    /// No signature is by a key that we were given.
    #[error("no signature by a key of {expected}\nhint: give the verifier key that the log published")]
    NotSigned {
        /// Name and id of the keys that were looked for.
        expected: String,
    },
    /// A signature that claims to be by a known key is not.
    #[error("the signature by {key} is wrong")]
    BadSignature {
        /// Name and id of the key.
        key: String,
    },
    /// The text is no key in the note format.
    #[error("not a {what}: {why}")]
    Key {
        /// Which form was expected.
        what: &'static str,
        /// What is wrong; never a part of the key.
        why: &'static str,
    },
    /// An entry breaks the log's order.
    #[error("entry {index}: {why}")]
    Order {
        /// Where in the log, counted from 0.
        index: u64,
        /// What is out of order.
        why: String,
    },
    /// An entry is no good leaf.
    #[error("entry {index}: {source}")]
    Entry {
        /// Where in the log, counted from 0.
        index: u64,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// The entries have another root than the checkpoint.
    #[error("the entries' root at size {size} is {found}, the checkpoint says {expected}")]
    Root {
        /// Number of entries.
        size: u64,
        /// Root of the entries, base64.
        found: String,
        /// Root in the checkpoint, base64.
        expected: String,
    },
    /// There are more or fewer entries than the checkpoint covers.
    #[error("there are {found} entries, the checkpoint covers {expected}")]
    Size {
        /// Number of entries.
        found: u64,
        /// Size in the checkpoint.
        expected: u64,
    },
    /// Bytes that are no tile, entry bundle or tile path.
    #[error("not a {what}: {why}")]
    Tile {
        /// Which form was expected.
        what: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// The text is no c2sp.org/tlog-proof file.
    #[error("not a tlog-proof file: {0}")]
    TlogProof(&'static str),
}

impl Error {
    pub(crate) fn grammar(what: &'static str, value: &str, rule: &'static str) -> Self {
        Self::Grammar { what, value: value.chars().take(80).collect(), rule }
    }

    pub(crate) fn limit(what: &'static str, found: usize, limit: usize) -> Self {
        Self::Limit { what, found: found as u64, limit: limit as u64 }
    }
}
