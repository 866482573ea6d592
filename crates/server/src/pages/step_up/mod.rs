//! Proving once more, in a browser, that it is you.

pub(crate) mod begin;
pub(crate) mod confirm;
