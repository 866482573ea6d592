//! One change of what is kept, as a value.

use ledger::Draft;
use serde_json::Value;

use crate::{Invalid, Kept, limits};

/// What has to be true of a record for it to change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expect {
    /// There is none.
    Absent,
    /// It is at this version.
    Version(u64),
    /// Whatever is there; only for bookkeeping.
    Any,
}

impl Expect {
    /// Whether a record at this version (or none) is as expected.
    #[must_use]
    pub fn holds(self, found: Option<u64>) -> bool {
        match self {
            Self::Absent => found.is_none(),
            Self::Version(version) => found == Some(version),
            Self::Any => true,
        }
    }
}

/// A record as it is about to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRecord {
    /// The kind.
    pub kind: &'static str,
    /// The key.
    pub key: String,
    /// How it stands.
    pub state: &'static str,
    /// What it is ordered by.
    pub sort: i64,
    /// Canonical JSON.
    pub body: Vec<u8>,
}

impl NewRecord {
    fn of<T: Kept>(value: &T) -> Result<Self, Invalid> {
        let key = value.key();
        let wrong = |why| Invalid::Body { kind: T::KIND, key: key.clone(), why };
        let body = model::to_canonical(value).map_err(wrong)?;
        // RFC 8785 has no integers beyond 2^53: they would be rounded, and another value be read back.
        let given: Value = serde_json::to_value(value).map_err(wrong)?;
        let kept: Value = serde_json::from_slice(&body).map_err(wrong)?;
        if given != kept {
            return Err(Invalid::Rounded { kind: T::KIND, key });
        }
        let record = Self { kind: T::KIND, key, state: value.state(), sort: value.sort(), body };
        limits::check(&record)?;
        Ok(record)
    }
}

/// What a transition does. Read by stores; made only through [`Transition`].
#[derive(Clone, Debug)]
pub enum Act {
    /// Writes a recorded kind, with its entry.
    Record(Expect, NewRecord, Box<Draft>),
    /// Writes bookkeeping.
    Note(Expect, NewRecord),
    /// Deletes bookkeeping.
    Forget(Expect, &'static str, String),
    /// Changes nothing: only holds what else is in the commit to what a record has to be.
    Require(Expect, &'static str, String),
    /// Adds an entry that goes with no record.
    Entry(Box<Draft>),
    /// Erases a body beside the ledger, and says so in an entry.
    Erase(u64, String, Box<Draft>),
}

/// A precondition, a new state and the entry that records it. The constructors are the only way to one: a recorded
/// kind can't be written without an entry, and nothing recorded can be deleted (I6): neither compiles.
///
/// ```
/// # use store::{Expect, Transition};
/// # fn keep(run: &model::Run) -> Result<Transition, store::Invalid> {
/// Transition::recorded(Expect::Version(3), run, ledger::Draft::new("run.finished"))
/// # }
/// ```
/// ```compile_fail
/// # use store::{Expect, Transition};
/// # fn keep(run: &model::Run) -> Result<Transition, store::Invalid> {
/// Transition::bookkeeping(Expect::Version(3), run) // a run is recorded: where is the entry?
/// # }
/// # fn main() { std::hint::black_box(keep as fn(&model::Run) -> _); }
/// ```
/// ```compile_fail
/// # use store::{Expect, Transition};
/// # fn main() {
/// let _ = Transition::forget::<model::Run>(Expect::Version(3), "run-1"); // what is recorded is never deleted
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Transition(Act);

impl Transition {
    /// Writes a recorded kind, with the entry that says so.
    ///
    /// # Errors
    /// [`Invalid`] when the value can't be kept, or when `expect` is [`Expect::Any`].
    pub fn recorded<T: Kept>(expect: Expect, value: &T, entry: Draft) -> Result<Self, Invalid> {
        const { assert!(T::RECORDED, "bookkeeping has no entry: use Transition::bookkeeping") };
        if expect == Expect::Any {
            return Err(Invalid::AnyOfRecorded { kind: T::KIND });
        }
        Ok(Self(Act::Record(expect, NewRecord::of(value)?, Box::new(entry))))
    }

    /// Writes bookkeeping.
    ///
    /// # Errors
    /// [`Invalid`] when the value can't be kept.
    pub fn bookkeeping<T: Kept>(expect: Expect, value: &T) -> Result<Self, Invalid> {
        const { assert!(!T::RECORDED, "a recorded kind needs an entry: use Transition::recorded") };
        Ok(Self(Act::Note(expect, NewRecord::of(value)?)))
    }

    /// Deletes bookkeeping. With [`Expect::Any`] it needn't be there.
    ///
    /// # Errors
    /// [`Invalid`] for a key that can't be one.
    pub fn forget<T: Kept>(expect: Expect, key: &str) -> Result<Self, Invalid> {
        const { assert!(!T::RECORDED, "what is recorded is never deleted") };
        limits::check_key(T::KIND, key)?;
        Ok(Self(Act::Forget(expect, T::KIND, key.to_owned())))
    }

    /// Changes nothing, but nothing else of the commit is written unless the record is so: what was decided on is still in
    /// force at the moment of writing.
    ///
    /// # Errors
    /// [`Invalid`] for a key that can't be one.
    pub fn require<T: Kept>(expect: Expect, key: &str) -> Result<Self, Invalid> {
        limits::check_key(T::KIND, key)?;
        Ok(Self(Act::Require(expect, T::KIND, key.to_owned())))
    }

    /// Adds an entry that changes no record: a summary of refused hints, an alarm.
    #[must_use]
    pub fn entry(entry: Draft) -> Self {
        Self(Act::Entry(Box::new(entry)))
    }

    /// Erases, with its salt, the body called `name` beside entry `index`; `entry` says who wanted it and why. The
    /// proofs over the entry survive and say that it was erased.
    #[must_use]
    pub fn erase(index: u64, name: &str, entry: Draft) -> Self {
        Self(Act::Erase(index, name.to_owned(), Box::new(entry)))
    }

    /// What it does.
    #[must_use]
    pub const fn act(&self) -> &Act {
        &self.0
    }

    /// What it does, given away.
    #[must_use]
    pub fn into_act(self) -> Act {
        self.0
    }
}
