//! The files as they are written: one type a file, from which decoder and JSON Schema both come.

pub(crate) mod operation;
pub(crate) mod others;
