//! Version 1.

pub(crate) mod access;
pub(crate) mod checkpoint;
pub(crate) mod configuration;
pub(crate) mod consents;
pub(crate) mod evidence;
pub(crate) mod links;
pub(crate) mod open_tokens;
pub(crate) mod plan;
pub(crate) mod requests;
pub(crate) mod runs;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod step_up;
pub(crate) mod submissions;
pub(crate) mod whoami;
pub(crate) mod why;
