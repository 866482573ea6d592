//! Faults on request, so that a test can show what its reader does when Gerrit misbehaves.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Switches for misbehaviour. All are off at start. Counters count requests (REST and git together).
#[derive(Debug, Default)]
pub struct Faults {
    unavailable: AtomicUsize,
    html: AtomicUsize,
    delayed: AtomicUsize,
    delay_ms: AtomicU64,
    dropped_events: AtomicUsize,
    hidden: Mutex<BTreeSet<u32>>,
}

/// What happens to the request at hand.
pub(crate) enum Fault {
    Unavailable,
    Html,
}

impl Faults {
    /// The next `requests` answers are `503 Service Unavailable`.
    pub fn unavailable(&self, requests: usize) {
        self.unavailable.store(requests, Ordering::SeqCst);
    }

    /// The next `requests` answers are `200` with an HTML page, as a proxy in between would give.
    pub fn html_instead(&self, requests: usize) {
        self.html.store(requests, Ordering::SeqCst);
    }

    /// The next `requests` are answered only after `delay`.
    pub fn delay(&self, requests: usize, delay: Duration) {
        self.delay_ms.store(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
        self.delayed.store(requests, Ordering::SeqCst);
    }

    /// The next `events` are posted to no hook.
    pub fn drop_events(&self, events: usize) {
        self.dropped_events.store(events, Ordering::SeqCst);
    }

    /// Loses a change from the index, as a hard crash of Gerrit does: no query finds it, `project~branch~I…` is not
    /// found and its Change-Id may be used again; `project~number` still reads it.
    pub fn hide_from_index(&self, change: u32) {
        self.hidden().insert(change);
    }

    /// Puts a change back into the index. `POST /changes/{id}/index` by an administrator does the same.
    pub fn show_in_index(&self, change: u32) {
        self.hidden().remove(&change);
    }

    pub(crate) fn is_hidden(&self, change: u32) -> bool {
        self.hidden().contains(&change)
    }

    fn hidden(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn next_delay(&self) -> Option<Duration> {
        take(&self.delayed).then(|| Duration::from_millis(self.delay_ms.load(Ordering::SeqCst)))
    }

    pub(crate) fn next_fault(&self) -> Option<Fault> {
        if take(&self.unavailable) {
            return Some(Fault::Unavailable);
        }
        take(&self.html).then_some(Fault::Html)
    }

    pub(crate) fn drops_event(&self) -> bool {
        take(&self.dropped_events)
    }
}

/// Counts one down; false when there is nothing left.
fn take(counter: &AtomicUsize) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_lasts_as_many_requests_as_asked() {
        let faults = Faults::default();
        faults.unavailable(2);
        assert!(matches!(faults.next_fault(), Some(Fault::Unavailable)));
        assert!(matches!(faults.next_fault(), Some(Fault::Unavailable)));
        assert!(faults.next_fault().is_none());
    }
}
