//! What merging again may cost. Histories and trees can be made so that it would never end: merge bases of merge bases
//! multiply, and so do the folders of trees that combine the same few again and again.

use super::Stop;

/// The most merge bases that two commits may have.
pub(super) const MAX_BASES: usize = 32;
/// The most merges that one merge may need, those of its merge bases included.
const MAX_MERGES: usize = 256;
/// The most entries of folders that are compared.
const MAX_ENTRIES: usize = 2_000_000;
/// The most bytes of files whose lines are merged.
const MAX_BYTES: usize = 512 << 20;

/// What is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Budget {
    merges: usize,
    entries: usize,
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { merges: MAX_MERGES, entries: MAX_ENTRIES, bytes: MAX_BYTES }
    }
}

impl Budget {
    /// One merge of two commits.
    pub(super) fn merge(&mut self) -> Result<(), Stop> {
        spend(&mut self.merges, 1, "too many merges of merge bases")
    }

    /// A folder of so many entries is read.
    pub(super) fn entries(&mut self, count: usize) -> Result<(), Stop> {
        spend(&mut self.entries, count, "too many files to compare")
    }

    /// The lines of files of so many bytes are merged.
    pub(super) fn bytes(&mut self, count: usize) -> Result<(), Stop> {
        spend(&mut self.bytes, count, "too many lines to merge")
    }
}

fn spend(left: &mut usize, count: usize, what: &str) -> Result<(), Stop> {
    *left = left.checked_sub(count).ok_or_else(|| Stop::Unreadable(what.to_owned()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_may_be_spent_and_nothing_more() {
        let mut budget = Budget { merges: 1, entries: 5, bytes: 7 };
        assert!(budget.merge().is_ok() && budget.entries(5).is_ok() && budget.bytes(7).is_ok());
        assert!(budget.merge().is_err() && budget.entries(1).is_err() && budget.bytes(1).is_err());
        assert!(budget.entries(0).is_ok());
    }
}
