//! Submissions.

pub(crate) mod list;
pub(crate) mod show;
