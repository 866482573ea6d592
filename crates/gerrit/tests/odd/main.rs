//! The client against answers that no Gerrit gives, over the wire.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod fake;
mod git;
mod rest;
