//! The calls, one file for each thing that they are about.

pub(crate) mod accounts;
pub(crate) mod changes;
pub(crate) mod content;
pub(crate) mod create;
mod groups;
mod projects;
pub(crate) mod review;
mod server;
mod submit;
pub(crate) mod tokens;
