//! What the suite keeps, and the world that it keeps it in.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use ledger::{Draft, LogSigner, Origin, VerifierKey};
use model::{Clock, Digest, Entropy, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Expect, Kept, Transition};

/// The greatest number that canonical JSON holds.
pub(crate) const EDGE: i64 = (1 << 53) - 1;

/// A recorded kind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Thing {
    /// Its key.
    pub key: String,
    /// Whether its state is `done` or `open`.
    pub done: bool,
    /// Its order.
    pub sort: i64,
    /// What it says.
    pub text: String,
}

impl Kept for Thing {
    const KIND: &'static str = "thing";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.key.clone()
    }

    fn state(&self) -> &'static str {
        if self.done { "done" } else { "open" }
    }

    fn sort(&self) -> i64 {
        self.sort
    }
}

impl Thing {
    /// An open one, of order 0.
    #[must_use]
    pub fn new(key: &str, text: &str) -> Self {
        Self { key: key.to_owned(), done: false, sort: 0, text: text.to_owned() }
    }

    /// Writes it, with an entry.
    #[must_use]
    pub fn put(&self, expect: Expect) -> Transition {
        Transition::recorded(expect, self, draft("thing.changed").fact("thing", &self.key)).unwrap()
    }
}

/// Bookkeeping.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    /// Its key.
    pub key: String,
    /// What it says.
    pub text: String,
}

impl Kept for Note {
    const KIND: &'static str = "note";
    const RECORDED: bool = false;

    fn key(&self) -> String {
        self.key.clone()
    }

    fn state(&self) -> &'static str {
        "here"
    }

    fn sort(&self) -> i64 {
        0
    }
}

impl Note {
    /// One.
    #[must_use]
    pub fn new(key: &str, text: &str) -> Self {
        Self { key: key.to_owned(), text: text.to_owned() }
    }

    /// Writes it.
    #[must_use]
    pub fn put(&self, expect: Expect) -> Transition {
        Transition::bookkeeping(expect, self).unwrap()
    }
}

/// A draft with nothing in it.
pub(crate) fn draft(kind: &str) -> Draft {
    Draft::new(kind)
}

/// A clock that stands still until it is set.
#[derive(Debug)]
pub struct StepClock(AtomicI64);

impl StepClock {
    /// Sets it.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::SeqCst);
    }

    /// Moves it, forward or back.
    pub fn step_ms(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Bytes that nobody has to guess: the hashes of 0, 1, 2…
#[derive(Debug, Default)]
struct Counted(AtomicU64);

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        for chunk in bytes.chunks_mut(32) {
            let count = self.0.fetch_add(1, Ordering::SeqCst);
            let digest = Digest::of(&count.to_be_bytes());
            chunk.copy_from_slice(&digest.as_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// The world that a store is opened in.
#[derive(Clone)]
pub struct Setting {
    /// The time.
    pub clock: Arc<StepClock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
}

impl Setting {
    /// One in which it is eight o'clock.
    #[must_use]
    pub fn new() -> Self {
        let clock = Arc::new(StepClock(AtomicI64::new(1_795_507_200_000)));
        Self { clock, entropy: Arc::new(Counted::default()) }
    }

    /// The key of the log; always the same one.
    #[must_use]
    pub fn signer(&self) -> LogSigner {
        LogSigner::from_seed(Origin::new("conformance.test/log").unwrap(), &[7; 32])
    }

    /// What verifies its checkpoints.
    #[must_use]
    pub fn keys(&self) -> Vec<VerifierKey> {
        vec![self.signer().verifier()]
    }
}

impl Default for Setting {
    fn default() -> Self {
        Self::new()
    }
}
