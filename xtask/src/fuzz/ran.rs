//! What libFuzzer says of one run.

use std::{path::PathBuf, time::Duration};

use crate::process::time;

/// One run of one target.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ran {
    pub(super) target: String,
    /// How often the target ran.
    pub(super) executions: u64,
    /// How many places of the program were reached.
    pub(super) coverage: u64,
    /// How many inputs are worth keeping.
    pub(super) corpus: u64,
    /// Inputs that broke it, as files.
    pub(super) findings: Vec<PathBuf>,
    /// The last lines that were said, to show what broke.
    pub(super) last: Vec<String>,
    ended: bool,
}

/// How many lines are shown of what broke.
const SHOWN: usize = 30;

impl Ran {
    pub(super) fn new(target: &str) -> Self {
        Self { target: target.to_owned(), ..Self::default() }
    }

    /// Takes in a line: `#1234 NEW cov: 56 ft: 78 corp: 9/10b …`, `stat::number_of_executed_units: 1234`, `… Test unit
    /// written to crash-…`.
    pub(super) fn line(&mut self, line: &str) {
        if let Some((_, file)) = line.split_once("Test unit written to ") {
            self.findings.push(file.trim().into());
        }
        if let Some((_, number)) = line.split_once("stat::number_of_executed_units:") {
            self.executions = number.trim().parse().unwrap_or(self.executions);
            self.ended = true;
        }
        let mut words = line.split_whitespace();
        if let Some(count) = words.next().and_then(|word| word.strip_prefix('#')?.parse().ok()) {
            self.executions = self.executions.max(count);
            while let Some(word) = words.next() {
                match word {
                    "cov:" => self.coverage = number(words.next()).unwrap_or(self.coverage),
                    "corp:" => self.corpus = number(words.next()).unwrap_or(self.corpus),
                    _ => {}
                }
            }
            return;
        }
        self.last.push(line.to_owned());
        if self.last.len() > SHOWN {
            self.last.remove(0);
        }
    }

    /// Whether it ran until its time was over, or something was found.
    pub(super) const fn is_whole(&self) -> bool {
        self.ended || !self.findings.is_empty()
    }

    /// One line for people; below it, how to replay what was found.
    pub(super) fn report(&self, took: Duration) -> String {
        let Self { target, executions, coverage, corpus, findings, .. } = self;
        let mut text = format!(
            "{target:<16} {executions:>12} executions  {coverage:>6} places covered  {corpus:>5} inputs kept  {} findings  {}",
            findings.len(),
            time(took)
        );
        if !self.is_whole() {
            text.push_str("\n  didn't run to the end");
        }
        if !findings.is_empty() || !self.is_whole() {
            self.last.iter().for_each(|line| text.push_str(&format!("\n  | {line}")));
        }
        for file in findings {
            text.push_str(&format!("\n  replay: cargo xtask fuzz {target} --replay {}", file.display()));
        }
        text
    }
}

fn number(word: Option<&str>) -> Option<u64> {
    word?.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_findings_is_read() {
        let mut ran = Ran::new("x");
        for line in [
            "INFO: Running with entropic power schedule (0xFF, 100).",
            "#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 30Mb",
            "#900\tREDUCE cov: 44 ft: 50 corp: 7/90b lim: 4 exec/s: 0 rss: 31Mb L: 3/4 MS: 1 EraseBytes-",
            "stat::number_of_executed_units: 1234",
        ] {
            ran.line(line);
        }
        assert_eq!((ran.executions, ran.coverage, ran.corpus, ran.findings.len()), (1234, 44, 7, 0));
        assert!(ran.is_whole() && !ran.report(Duration::from_secs(1)).contains('|'));
    }

    #[test]
    fn a_finding_is_shown_with_how_to_replay_it() {
        let mut ran = Ran::new("x");
        ran.line("thread '<unnamed>' panicked at a.rs:1:1:");
        ran.line("artifact_prefix='/f/'; Test unit written to /f/crash-ab");
        let report = ran.report(Duration::from_secs(1));
        assert!(report.contains("| thread '<unnamed>' panicked"), "{report}");
        assert!(report.ends_with("replay: cargo xtask fuzz x --replay /f/crash-ab"), "{report}");
    }

    #[test]
    fn a_run_that_broke_off_is_not_whole() {
        let mut ran = Ran::new("x");
        ran.line("#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 30Mb");
        assert!(!ran.is_whole());
    }
}
