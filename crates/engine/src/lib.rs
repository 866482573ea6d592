//! The path: intake, gate, run, report.

pub mod surface;
