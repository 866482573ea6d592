//! The path: intake, gate, run, report.
