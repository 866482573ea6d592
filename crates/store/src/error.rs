//! Why something isn't written, or can't be read.

use model::Timestamp;

use crate::Expect;

/// A value that can't be kept, or a commit that no store takes: a mistake of the caller, or input over a limit.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// [`Expect::Any`] on a recorded kind.
    #[error("a {kind} is recorded: what it has to be now must be said, absent or a version")]
    AnyOfRecorded {
        /// The kind.
        kind: &'static str,
    },
    /// The value can't be written as canonical JSON.
    #[error("the {kind} {key:?} can't be written as JSON: {why}")]
    Body {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: String,
        /// Why not.
        why: serde_json::Error,
    },
    /// A number that canonical JSON doesn't hold exactly.
    #[error("the {kind} {key:?} has a number beyond ±(2^53 − 1), or one that isn't whole")]
    Rounded {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: String,
    },
    /// A key that is none.
    #[error(
        "a {kind} has a key of {len} bytes: it must have 1 to 512, all visible ASCII\nhint: escape text from outside with `ledger::Fact::id`"
    )]
    Key {
        /// The kind.
        kind: &'static str,
        /// The key's length.
        len: usize,
    },
    /// A kind or state that is none.
    #[error("{word:?} is no kind or state: a letter, then at most 62 of a-z, 0-9 and -")]
    Word {
        /// That text.
        word: &'static str,
    },
    /// A body over the limit.
    #[error("the {kind} {key:?} has {len} bytes; at most {limit} are kept")]
    TooLong {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: String,
        /// Its bytes.
        len: usize,
        /// How many are kept at most.
        limit: usize,
    },
    /// A commit over a limit.
    #[error("{len} {what} in one commit; at most {limit}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much.
        len: usize,
        /// How much at most.
        limit: usize,
    },
    /// A kind that was recorded before is written as bookkeeping, or the other way round.
    #[error("the {kind} {key:?} is kept as {kept}, and can't be written as anything else")]
    Kind {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: String,
        /// `recorded` or `bookkeeping`.
        kept: &'static str,
    },
    /// An entry that can't be made.
    #[error("the entry can't be made: {0}")]
    Entry(#[from] ledger::Error),
}

/// Why a commit failed. But for [`CommitError::Uncertain`], nothing of it was applied.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Something else is there than was expected: somebody was faster. Read again, then decide again.
    #[error("the {kind} {key:?} {}, not {}", found_text(*found), expected_text(*expected))]
    Precondition {
        /// Which transition of the commit, from 0.
        transition: usize,
        /// The record's kind.
        kind: &'static str,
        /// Its key.
        key: String,
        /// What it should have been.
        expected: Expect,
        /// The version that it has; none if there is no such record.
        found: Option<u64>,
    },
    /// The record isn't at the version that the ledger speaks of last: a row was taken away, put back or added by hand.
    /// What is there must not decide, so nothing is written on top of it.
    #[error(
        "the {kind} {key:?} {}, and the ledger speaks of {}: nothing is written on top of that\nhint: `exq ledger check` says what else isn't as the ledger says",
        found_text(*found), told_text(*told)
    )]
    Broken {
        /// The record's kind.
        kind: &'static str,
        /// Its key.
        key: String,
        /// The version that it has; none if there is no such record.
        found: Option<u64>,
        /// The version that the ledger speaks of; none if it doesn't speak of it.
        told: Option<u64>,
    },
    /// The body to erase isn't there, or was erased before.
    #[error("there is no body {name:?} beside entry {index} to erase")]
    NothingToErase {
        /// Which transition of the commit, from 0.
        transition: usize,
        /// The entry.
        index: u64,
        /// The body's name.
        name: String,
    },
    /// The commit itself is at fault.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The clock is far behind the last entry: an entry now would say a time that isn't so.
    #[error(
        "the clock says {now}, the last entry of the ledger is of {last}: nothing is written until they agree\n\
         hint: set this machine's clock (NTP); if the clock is right, the ledger was written under a wrong one"
    )]
    ClockBehind {
        /// What the clock says.
        now: Timestamp,
        /// When the last entry was made.
        last: Timestamp,
    },
    /// There is no room.
    #[error("no space is left for the store: {why}\nhint: free some space; the store goes on by itself")]
    Full {
        /// What the store says.
        why: String,
    },
    /// The store can't write now.
    #[error("the store can't write: {why}")]
    Unavailable {
        /// What the store says.
        why: String,
    },
    /// The store failed while it made the commit durable, and can't find out now whether it is. It will be known when
    /// the store can be written again: read the record before you decide again.
    #[error("it isn't known whether the commit was written: {why}")]
    Uncertain {
        /// What the store says.
        why: String,
    },
}

impl CommitError {
    /// Whether the same commit can succeed later without anybody having to change it.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Unavailable { .. } | Self::ClockBehind { .. })
    }
}

fn found_text(found: Option<u64>) -> String {
    found.map_or_else(|| "isn't there".to_owned(), |version| format!("is at version {version}"))
}

fn told_text(told: Option<u64>) -> String {
    told.map_or_else(|| "no version of it".to_owned(), |version| format!("version {version}"))
}

fn expected_text(expected: Expect) -> String {
    match expected {
        Expect::Absent => "absent".to_owned(),
        Expect::Version(version) => format!("at version {version}"),
        Expect::Any => "anything".to_owned(),
    }
}

/// Why something can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A record is not what its kind says: it was edited, or written by another version of this program.
    #[error("the {kind} {key:?} can't be read: {why}")]
    Broken {
        /// The kind.
        kind: String,
        /// The key.
        key: String,
        /// Why.
        why: String,
    },
    /// Something other than a record is not as it was written.
    #[error("the store is damaged: {what}\nhint: `exq ledger check` says what else is")]
    Damaged {
        /// What, and how.
        what: String,
    },
    /// The store can't read now.
    #[error("the store can't be read: {why}")]
    Unavailable {
        /// What the store says.
        why: String,
    },
}
