//! What an attempt at an action did.

use crate::SafeOutput;

/// What it did. The reason is one line of at most 500 characters, with nothing of the output in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Did {
    /// What it should.
    Succeeded,
    /// Not what it should.
    Failed {
        /// Why.
        why: String,
    },
    /// It may have acted, and nobody here can say.
    Unknown {
        /// Why.
        why: String,
    },
}

impl Did {
    /// As it is signed.
    #[must_use]
    pub const fn kind(&self) -> grant::Did {
        match self {
            Self::Succeeded => grant::Did::Succeeded,
            Self::Failed { .. } => grant::Did::Failed,
            Self::Unknown { .. } => grant::Did::Unknown,
        }
    }

    /// Why it did not do what it should.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Succeeded => None,
            Self::Failed { why } | Self::Unknown { why } => Some(why),
        }
    }
}

/// What an attempt at an action did.
#[derive(Clone, Debug)]
pub struct Acted {
    /// What.
    pub did: Did,
    /// Whether anything outside may have been touched: if not, there is nothing to take back.
    pub touched: bool,
    /// A program's exit code; none if a signal ended it, or if it was no program.
    pub exit: Option<i32>,
    /// What it wrote.
    pub output: SafeOutput,
}

impl Acted {
    /// Nothing was started.
    pub(crate) fn refused(why: impl AsRef<str>) -> Self {
        Self { touched: false, ..Self::failed(why) }
    }

    pub(crate) fn succeeded() -> Self {
        Self { did: Did::Succeeded, touched: true, exit: None, output: SafeOutput::default() }
    }

    pub(crate) fn failed(why: impl AsRef<str>) -> Self {
        Self { did: Did::Failed { why: one_line(why.as_ref()) }, ..Self::succeeded() }
    }

    pub(crate) fn unknown(why: impl AsRef<str>) -> Self {
        Self { did: Did::Unknown { why: one_line(why.as_ref()) }, ..Self::succeeded() }
    }

    pub(crate) fn with(self, exit: Option<i32>, output: SafeOutput) -> Self {
        Self { exit, output, ..self }
    }
}

/// Fits a reason into one line of at most 500 characters that shows as it is.
pub(crate) fn one_line(text: &str) -> String {
    const LIMIT: usize = 500;
    let safe = crate::output::make_safe(text.as_bytes());
    let line: String = safe.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim();
    match line.char_indices().nth(LIMIT - 1) {
        _ if line.is_empty() => "no reason is known".to_owned(),
        Some((cut, _)) if line.chars().count() > LIMIT => format!("{}…", line.get(..cut).unwrap_or_default()),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_that_can_be_signed() {
        assert_eq!(one_line("a\nb\tc\u{1b}[31md\u{202e}"), "a b cd\u{fffd}");
        assert_eq!(one_line(" \n"), "no reason is known");
        assert_eq!(one_line(&"ä".repeat(500)), "ä".repeat(500));
        assert_eq!(one_line(&"ä".repeat(501)), format!("{}…", "ä".repeat(499)));
    }
}
