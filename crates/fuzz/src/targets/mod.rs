//! The targets: one parser or judge, one file.

mod chain;
mod change;
mod gerrit;
mod grant;
mod hook;
mod ledger;
mod notedb;
mod operations;
pub mod proof;
mod range;

/// A function of bytes that must end well for any of them.
#[derive(Debug)]
pub struct Target {
    /// Its name, also of its folder of seeds.
    pub name: &'static str,
    /// The longest input that is tried, in bytes.
    pub longest: usize,
    /// How many mutated inputs the quick test tries: some seconds without optimisation.
    pub quick: usize,
    run: fn(&[u8]),
}

impl Target {
    /// Runs it. A panic is a finding.
    pub fn run(&self, data: &[u8]) {
        (self.run)(data);
    }
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "notedb", longest: 8192, quick: 6_000, run: notedb::run },
    Target { name: "evidence-change", longest: 8192, quick: 3_000, run: change::run },
    Target { name: "evidence-range", longest: 512, quick: 1_500, run: range::run },
    Target { name: "ledger", longest: 4096, quick: 8_000, run: ledger::run },
    Target { name: "grant", longest: 8192, quick: 4_000, run: grant::run },
    Target { name: "proof", longest: 16_384, quick: 3_000, run: proof::run },
    Target { name: "operations", longest: 4096, quick: 400, run: operations::run },
    Target { name: "gerrit", longest: 8192, quick: 6_000, run: gerrit::run },
    Target { name: "hook", longest: 4096, quick: 10_000, run: hook::run },
];

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
