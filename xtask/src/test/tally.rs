//! How many tests passed and failed, from what the test programs say.

/// Counts of the `test result:` lines.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// What one line adds: `test result: ok. 5 passed; 0 failed; …`. Other lines add nothing.
    pub(crate) fn of(line: &str) -> Option<Self> {
        let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let count = |word: &str| {
            counts.split("; ").find_map(|part| part.strip_suffix(word)?.trim_end().parse::<u64>().ok())
        };
        Some(Self { passed: count("passed")?, failed: count("failed")? })
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// The test that this line says failed: `test a::b ... FAILED`.
pub(super) fn failed(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_summed_and_nothing_else_counts() {
        let said = "running 2 tests\n\
            test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test a ... FAILED\n\
            a line that quotes test result: ok. 900 passed; 0 failed\n\
            test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.00s";
        let mut sum = Tally::default();
        said.lines().filter_map(Tally::of).for_each(|one| sum.add(one));
        assert_eq!(sum, Tally { passed: 8, failed: 2 });
        assert_eq!(said.lines().filter_map(failed).collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn a_line_that_is_cut_off_counts_nothing() {
        assert_eq!(Tally::of("test result: ok. 5 pas"), None);
        assert_eq!(Tally::of("test result:"), None);
    }
}
