//! Version 1.

pub(crate) mod checkpoint;
pub(crate) mod configuration;
pub(crate) mod evidence;
pub(crate) mod open_tokens;
pub(crate) mod runs;
pub(crate) mod submissions;
pub(crate) mod why;
