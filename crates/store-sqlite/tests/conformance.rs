//! The suite that every store must pass, on SQLite.

mod common;

store::conformance_tests!(common::Folder::new());
