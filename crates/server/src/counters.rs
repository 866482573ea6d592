//! What the server counts about itself.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Requests by route template and status: bounded, since both come from lists of ours.
#[derive(Default)]
pub(crate) struct Counters {
    requests: Mutex<BTreeMap<(String, u16), Served>>,
    next_id: AtomicU64,
}

/// How many, and how long they took together.
#[derive(Clone, Copy, Default)]
pub(crate) struct Served {
    pub(crate) count: u64,
    pub(crate) total_us: u64,
}

impl Counters {
    pub(crate) fn served(&self, route: &str, status: u16, took: std::time::Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let served = requests.entry((route.to_owned(), status)).or_default();
        served.count = served.count.saturating_add(1);
        served.total_us = served.total_us.saturating_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    pub(crate) fn requests(&self) -> BTreeMap<(String, u16), Served> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts up with each request.
    pub(crate) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }
}
