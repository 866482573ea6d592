//! One small fault put into a source, and where.

use std::ops::Range;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mutant {
    /// The function that has it.
    pub(super) function: String,
    /// The line on which it is, from 1.
    pub(super) line: usize,
    /// What it does, for people; unique within its function.
    pub(super) what: String,
    /// The places that it changes; several only where a constant is used.
    pub(super) places: Vec<Place>,
}

/// One place of a source, in bytes, and what is done there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) range: Range<usize>,
    pub(super) act: Act,
}

/// What is done at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// The expression there is another.
    Replace(String),
    /// The statement there is left out.
    LeaveOut,
    /// The function whose body begins there returns this at once.
    Return(String),
    /// The arm whose pattern ends there is never taken.
    NeverTake,
}

/// Text on one line, and not too much of it.
pub(super) fn short(text: &str) -> String {
    const LONGEST: usize = 90;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}
