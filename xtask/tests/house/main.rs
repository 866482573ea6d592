//! The house: rules that hold for the whole repository, over `cargo metadata`, `cargo tree` and the files themselves.
//!
//! `docs/ARCHITECTURE.md` is where floors are written down; its table is what is checked here. `deny.toml` states the
//! bans once more, for those who use cargo-deny.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests, and helpers of tests"
)]

mod bans;
mod cargo;
mod files;
mod floors;
mod licences;
