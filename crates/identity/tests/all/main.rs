//! Sign-in and sessions against a real issuer over loopback, right and wrong.

// Helpers of tests, outside of `#[test]` functions, may fail as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(unreachable_pub)] // one binary: `pub` here means to the other modules

mod device;
mod issuer;
mod logout;
mod office;
mod sessions;
mod sign_in;
mod step_up;
mod tokens;
mod workloads;
