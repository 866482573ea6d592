//! Starts a real Keycloak on loopback, for tests. Never part of a product.
//!
//! It comes from Maven by its coordinates, once, into a cache, and is built once for a database in memory: each start is fresh and
//! leaves nothing. A server ends with the value that stands for it, and also when the process that holds it dies in whatever
//! way.

mod admin;
mod browser;
mod cache;
mod error;
mod server;

pub use admin::{Admin, Realm};
pub use browser::Browser;
pub use error::Error;
pub use server::RealKeycloak;

/// The version that is started.
pub const VERSION: &str = "26.4.0";

/// The administrator of each server that is started here: it lives as long as a test.
pub(crate) const ADMIN: (&str, &str) = ("admin", "admin-pw");
