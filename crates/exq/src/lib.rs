//! Configuration, wiring, and the command line of `exq`. No rule lives here.

pub mod client;
pub mod commands;
pub mod config;
pub mod credentials;
#[cfg(feature = "demo")]
pub mod demo;
pub mod installation;
pub mod keys;
