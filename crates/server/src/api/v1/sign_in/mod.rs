//! Device sign-in, for a person's command line.

pub(crate) mod begin;
pub(crate) mod poll;
