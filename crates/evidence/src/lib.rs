//! Says what is true about one Gerrit change, and about a range of commits.
//!
//! Evidence is what we read ourselves about one change at one meta revision. [`judge()`] is a pure function of what was
//! read: git objects through [`notedb::Objects`], refs through [`notedb::Refs`], and, from a running Gerrit,
//! [`LiveFacts`]. Same input, same bytes out. [`judge_range`] accounts for every commit that a new revision brings.
//! [`offline`] does both for a whole bare repository, [`Kept`] for one that is fetched again and again.
//!
//! Merged is not reviewed: a vote counts only on the patch set that was merged, cast before the merge by somebody who
//! did not contribute and spoke for himself. `docs/EVIDENCE.md` explains the rules; each is one named function in
//! `judge`.
//!
//! ```
//! use evidence::{ReviewRules, offline};
//! use notedb::testing::{Review, World};
//!
//! // A change of account 1000 that 1001 approved and 1003 submitted; `gerrit::repo::Repo` is such a store on disk.
//! let mut world = World::default();
//! let base = world.code(&[], &[("file", "one")]);
//! let revision = world.code(&[base], &[("file", "two")]);
//! let mut review = Review::open(&mut world, 42, 1000, revision);
//! review.vote(&mut world, 1001, "Code-Review=+2");
//! review.submit(&mut world, 1003);
//!
//! let evidence = offline::one(&world, 42, &ReviewRules::default()).unwrap().unwrap();
//! assert!(evidence.reviewed && evidence.votes[0].counts);
//! // Who was asked: nobody, but the objects. So no mail address was proven to be an account's.
//! assert_eq!(evidence.people.author, None);
//! ```
//!
//! `examples/evidence.rs` does that for a repository on disk.

mod change;
mod finding;
mod judge;
mod kept;
mod labels;
mod live;
mod merge;
pub mod offline;
mod range;
mod reach;

pub use change::{Change, ChangeEvidence, ChangeSchema, People, Status, Submitted, Vote, Why};
pub use finding::{Finding, FindingCode};
pub use judge::{ChangeInput, co_authors, judge};
pub use kept::Kept;
pub use labels::{LabelRanges, ReviewRules};
pub use live::{LiveFacts, RestFacts, RestVote};
pub use merge::{MergeVerdict, remerge};
pub use range::{
    Account, ConfigRange, ImportRules, MergedChanges, RangeCommit, RangeError, RangeEvidence, RangeFinding,
    RangeFindingCode, RangeInput, RangeSchema, judge_range,
};
