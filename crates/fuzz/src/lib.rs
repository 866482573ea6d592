//! Fuzz targets for everything that reads what others wrote: histories, objects, bundles, envelopes, files, answers.
//!
//! A [`Target`] is a function of bytes. It ends for any bytes, and what must hold of what it read is asserted in it. Two
//! drivers run the same functions:
//!
//! - The tests of this crate ([`mutate`]): seeded, quick, the same every time, with nothing but the stable compiler.
//! - `cargo xtask fuzz`: libFuzzer, guided by coverage, as long as one likes; needs a C++ compiler.
//!
//! Seeds lie in `seeds/<target>/`, words that mutations put in in `words/<target>.dict`. What once broke something is
//! added to the seeds.

pub mod edits;
pub mod mutate;
mod reader;
pub mod seeds;
pub mod targets;

pub use targets::{TARGETS, Target, target};
