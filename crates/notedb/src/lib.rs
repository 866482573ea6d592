//! Pure parser of the meta histories in which Gerrit keeps its reviews.
//!
//! Gerrit's NoteDb keeps the review of change 42 as a chain of git commits at `refs/changes/42/42/meta`. Each commit
//! says in the footers of its message what happened: a patch set, a vote, the submit. This crate reads git objects
//! through one door, the trait [`Objects`], and turns such a chain into a typed [`History`]. It does no I/O, has no
//! opinion on what a vote is worth, and is total: no bytes make it panic.
//!
//! - [`Objects`] and [`Refs`] are the doors: [`MapObjects`] and [`MapRefs`] hold all in memory, a [`Recorder`] remembers what
//!   was read through it.
//! - [`History`] is the chain; [`meta`] has what each of its commits says.
//! - [`requirements`] has the results of submit requirements as the submit stored them, [`label_ranges`] what
//!   `project.config` says of labels.
//! - [`walk`] goes over commits of code: ranges, reach, ancestry.
//!
//! ```
//! use notedb::{History, MapObjects, Objects, Kind};
//!
//! let mut objects = MapObjects::new();
//! let tree = objects.insert(Kind::Tree, Vec::new());
//! let commit = format!(
//!     "tree {tree}\nauthor A <7@srv> 1700000000 +0000\ncommitter G <g@example.com> 1700000000 +0000\n\n\
//!      Create change\n\nPatch-set: 1\nChange-id: I1\nBranch: refs/heads/main\nStatus: new\nCommit: {tree}\n"
//! );
//! let tip = objects.insert(Kind::Commit, commit.into_bytes());
//! let history = History::read(&objects, tip).unwrap();
//! assert_eq!(history.commits().len(), 1);
//! assert_eq!(history.commits()[0].author.account().unwrap().number, 7);
//! ```
//!
//! `examples/votes.rs` prints the votes of one meta commit that `git cat-file` gave it.
//!
//! Source of the format: Gerrit's `ChangeNotesParser`, `CommitRewriter` and `FooterKey`s, and what real servers wrote
//! since 2015.

mod commit;
mod config;
mod error;
mod id;
mod ident;
mod map;
pub mod meta;
mod object;
mod recorder;
mod refs;
pub mod requirements;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod tree;
pub mod walk;

pub use commit::Commit;
pub use config::{LabelRange, label_ranges};
pub use error::{HistoryError, ParseError};
pub use id::{IdError, ObjectId};
pub use ident::{Account, Ident};
pub use map::MapObjects;
pub use meta::History;
pub use object::{Kind, Object, Objects, ReadError};
pub use recorder::Recorder;
pub use refs::{MapRefs, Refs, change_of_meta_ref, meta_ref};
pub use time::Time;
pub use tree::{Entry, Mode, Tree};
