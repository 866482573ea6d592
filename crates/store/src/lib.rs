//! Writes as values: what is kept, how it changes, and that each change is on record.
//!
//! A [`Commit`] is a list of [`Transition`]s, each with a precondition ([`Expect`]), a new state and the ledger entry
//! that says so, and of objects (raw bytes under their SHA-256). A [`Store`] applies all of it or nothing, seals the
//! entries into the ledger, signs a checkpoint over them, and only then answers.
//!
//! No state change without an entry (I6) is held by type: a [`Kept`] kind says whether it is recorded; only
//! [`Transition::recorded`] writes such a kind, and it takes the entry. There is no SQL here; the stores beside this
//! crate have it, and all of them pass the same conformance suite (feature `conformance`).

pub mod check;
mod commit;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
pub mod group;
mod kept;
pub mod limits;
pub mod log;
mod read;
mod store;
mod transition;
mod typed;

pub use check::{Checked, Checker};
pub use commit::{Commit, Object, Receipt, StoredCheckpoint};
pub use error::{CommitError, Invalid, ReadError};
pub use kept::{Kept, Versioned};
pub use read::{Count, Cursor, Made, Newest, Order, Page, Query, Record, Standing, StoredEntry, StoredText};
pub use store::Store;
pub use transition::{Act, Expect, NewRecord, Transition};
pub use typed::{Listed, StoreExt, parse};
