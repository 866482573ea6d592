//! Faults on request, so that a test can show what its reader does when Gerrit misbehaves.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;

/// Switches for misbehaviour. All are off at start. Counters count requests (REST and git together).
#[derive(Debug, Default)]
pub struct Faults {
    unavailable: AtomicUsize,
    html: AtomicUsize,
    delayed: AtomicUsize,
    delay_ms: AtomicU64,
    dropped_events: AtomicUsize,
    hidden: Mutex<BTreeSet<u32>>,
    lies: Mutex<Vec<(u32, String, Value)>>,
    also_found: Mutex<Vec<Value>>,
    holds: Mutex<Vec<Arc<Hold>>>,
}

/// A request that isn't answered yet: its answer is made and not sent, or not even made.
#[derive(Debug)]
pub struct Hold {
    path_part: String,
    is_made: bool,
    made: Semaphore,
    released: Semaphore,
}

impl Hold {
    /// Waits until a request is held.
    pub async fn holds(&self) {
        if let Ok(permit) = self.made.acquire().await {
            permit.forget();
        }
    }

    /// Lets it go.
    pub fn release(&self) {
        self.released.add_permits(1);
    }
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

    /// From now on REST says this of a change, whatever its history says: at this JSON pointer of every answer about it
    /// (`/status`, `/labels/Code-Review/all`). The history itself stays true.
    pub fn lie(&self, change: u32, pointer: &str, value: Value) {
        lock(&self.lies).push((change, pointer.to_owned(), value));
    }

    /// From now on every search for an account finds this one too, as the search by prefix does.
    pub fn also_found(&self, account: Value) {
        lock(&self.also_found).push(account);
    }

    /// No more lies.
    pub fn truth(&self) {
        lock(&self.lies).clear();
        lock(&self.also_found).clear();
    }

    /// Holds the next answer to a request whose path contains this: it is made, and sent only when it is let go. So a test
    /// does something between what one answer says and what the next one does.
    pub fn hold(&self, path_part: &str) -> Arc<Hold> {
        self.hold_if(path_part, true)
    }

    /// Holds the next request whose path contains this back: its answer is made when it is let go.
    pub fn hold_back(&self, path_part: &str) -> Arc<Hold> {
        self.hold_if(path_part, false)
    }

    fn hold_if(&self, path_part: &str, is_made: bool) -> Arc<Hold> {
        let (made, released) = (Semaphore::new(0), Semaphore::new(0));
        let hold = Arc::new(Hold { path_part: path_part.to_owned(), is_made, made, released });
        lock(&self.holds).push(Arc::clone(&hold));
        hold
    }

    /// Waits as long as this request is held, whose answer is made or isn't.
    pub(crate) async fn held(&self, path: &str, is_made: bool) {
        let hold = {
            let mut holds = lock(&self.holds);
            let is_it = |hold: &Arc<Hold>| hold.is_made == is_made && path.contains(&hold.path_part);
            let at = holds.iter().position(is_it);
            at.map(|at| holds.remove(at))
        };
        if let Some(hold) = hold {
            hold.made.add_permits(1);
            // A hold that nobody can let go any more is over.
            let permit = hold.released.acquire().await;
            permit.into_iter().for_each(tokio::sync::SemaphorePermit::forget);
        }
    }

    /// What is said of a change instead of the truth.
    pub(crate) fn tell(&self, change: u32, answer: &mut Value) {
        for (_, pointer, value) in lock(&self.lies).iter().filter(|(of, ..)| *of == change) {
            match (answer.pointer_mut(pointer), pointer.rsplit_once('/')) {
                (Some(there), _) => *there = value.clone(),
                (None, Some((parent, key))) => {
                    if let Some(Value::Object(parent)) = answer.pointer_mut(parent) {
                        parent.insert(key.to_owned(), value.clone());
                    }
                }
                (None, None) => {}
            }
        }
    }

    pub(crate) fn found_too(&self) -> Vec<Value> {
        lock(&self.also_found).clone()
    }

    pub(crate) fn is_hidden(&self, change: u32) -> bool {
        self.hidden().contains(&change)
    }

    fn hidden(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        lock(&self.hidden)
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn a_lie_replaces_or_adds_a_member() {
        let faults = Faults::default();
        faults.lie(7, "/status", "MERGED".into());
        faults.lie(7, "/labels/Code-Review/all", serde_json::json!([1]));
        let mut answer = serde_json::json!({"status": "NEW", "labels": {"Code-Review": {}}});
        faults.tell(8, &mut answer);
        assert_eq!(answer["status"], "NEW", "of another change");
        faults.tell(7, &mut answer);
        assert_eq!(answer, serde_json::json!({"status": "MERGED", "labels": {"Code-Review": {"all": [1]}}}));
    }

    #[tokio::test]
    async fn a_held_answer_goes_when_it_is_let_go() {
        let faults = Faults::default();
        let hold = faults.hold("/changes/7");
        faults.held("/a/changes/8", true).await;
        faults.held("/a/changes/7", false).await;
        let (_, ()) = tokio::join!(faults.held("/a/changes/7", true), async {
            hold.holds().await;
            hold.release();
        });
        faults.held("/a/changes/7", true).await;
    }
}
