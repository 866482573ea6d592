//! Signing in and out in a browser.

pub(crate) mod back_channel;
pub(crate) mod begin;
pub(crate) mod callback;
pub(crate) mod out;
