//! Runs.

pub(crate) mod bundle;
pub(crate) mod list;
pub(crate) mod show;
