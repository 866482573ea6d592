//! The server as its callers meet it: real HTTP over loopback, an in-memory world behind the surface.

// Helpers of tests, outside of `#[test]` functions, may fail as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(unreachable_pub)] // one binary: `pub` here means to the other modules

mod access;
mod api;
mod client;
mod consents;
mod faults;
mod hooks;
mod host;
mod hostile;
mod live;
mod log;
mod matrix;
mod pages;
mod people;
mod samples;
mod session;

mod shapes;
mod step_up;
mod town;
mod world;
