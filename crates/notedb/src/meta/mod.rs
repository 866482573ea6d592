//! The meta history of one change: a chain of commits whose last paragraphs say what happened.

mod fields;
mod footer;
mod history;
mod labels;
mod meta_commit;
mod records;

pub use footer::{Footer, footers};
pub use history::{History, MAX_COMMITS};
pub use labels::{CopiedLabel, LabelLine, VoteChange};
pub use meta_commit::{MetaCommit, PatchSetState, StatusLine};
pub use records::{LabelStatus, RecordLabel, RecordStatus, SubmitRecord};
