//! Starts and provisions a real Gerrit on loopback, for tests and for trying things out. Never part of a product.
//!
//! The jars come from Maven by coordinates, once, into a cache. A site is initialised and provisioned once and kept
//! as a template; each start copies it, so that a server is up in a few seconds. A server that was started ends with
//! the value that stands for it, and also when the process that holds it dies in whatever way.
//!
//! [`provision`] speaks REST only and takes any address: it provisions whatever speaks Gerrit's REST.

mod admin;
mod cache;
mod config;
mod error;
mod java;
mod launch;
mod maven;
mod port;
pub mod provision;
mod server;
mod template;

pub use admin::Admin;
pub use error::Error;
pub use port::free_port;
pub use server::{Options, RealGerrit, down};

/// The version that is started.
pub const VERSION: &str = "3.13.5";

/// The administrator that Gerrit's development mode makes.
pub const ADMIN: (&str, &str) = ("admin", "secret");
