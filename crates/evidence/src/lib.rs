//! Says what is true about one Gerrit change, and about a range of commits.
//!
//! Evidence is what we read ourselves about one change at one meta revision. [`judge`] is a pure function of what was
//! read: git objects through [`notedb::Objects`], refs through [`notedb::Refs`], and, from a running Gerrit,
//! [`LiveFacts`]. Same input, same bytes out. [`judge_range`] accounts for every commit that a new revision brings.
//! [`offline`] does both for a whole bare repository.
//!
//! Merged is not reviewed: a vote counts only on the patch set that was merged, cast before the merge by somebody who
//! did not contribute and spoke for himself. `docs/EVIDENCE.md` explains the rules; each is one named function in
//! `judge`.

mod change;
mod finding;
mod judge;
mod labels;
mod live;
mod merge;
pub mod offline;
mod range;
mod reach;

pub use change::{Change, ChangeEvidence, ChangeSchema, People, Status, Submitted, Vote, Why};
pub use finding::{Finding, FindingCode};
pub use judge::{ChangeInput, judge};
pub use labels::{LabelRanges, ReviewRules};
pub use live::{LiveFacts, RestFacts, RestVote};
pub use merge::{MergeVerdict, remerge};
pub use range::{
    Account, ConfigRange, ImportRules, MergedChanges, RangeCommit, RangeError, RangeEvidence, RangeFinding,
    RangeFindingCode, RangeInput, RangeSchema, judge_range,
};
