//! Hints that wait: in the store, so that none is lost, and in memory, so that a look doesn't wait for the disk.
//!
//! A hint is looked at as soon as it comes, and *known* (so that the same one needn't be written again) only once it is
//! durable. It is forgotten when a look that began after it was told last has ended well.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use model::{ServerName, Timestamp};
use store::{Store, StoreExt as _};
use tokio::sync::Notify;

use crate::{EngineError, kept::KeptHint};

/// Hints that wait at most; beyond it the poll has to find what they told.
pub(crate) const WAITING: usize = 50_000;
/// Hints of one source within [`WINDOW_MS`].
const BUDGET: u32 = 600;
/// Milliseconds.
const WINDOW_MS: i64 = 10_000;
/// Sources that are remembered at once.
const SOURCES: usize = 10_000;

/// The first pause after a look that failed is twice this, in milliseconds; each further one twice as long.
const FIRST_PAUSE_MS: i64 = 500;

/// The hints of one server that wait, and who sent how many.
#[derive(Default)]
pub(crate) struct Inbox {
    hints: Mutex<Hints>,
    sources: Mutex<HashMap<IpAddr, (Timestamp, u32)>>,
    refused: AtomicU64,
    bell: Notify,
    written: Notify,
}

#[derive(Default)]
struct Hints {
    waiting: BTreeMap<String, Waiting>,
    /// Those that nobody looks at and that may be looked at, by the number of their telling.
    ready: BTreeMap<u64, String>,
    /// Those that nobody looks at, and that have to wait first.
    paused: BTreeSet<(Timestamp, u64, String)>,
    /// The number of the last telling.
    told: u64,
}

struct Waiting {
    hint: KeptHint,
    /// When it was told last, as a number that only grows.
    told: u64,
    /// The telling that was written last, and the version of the record then.
    kept: Option<(u64, u64)>,
    /// Tellings on their way to the disk.
    writing: usize,
    /// Somebody looks at it.
    looked_at: bool,
    /// How often a look at it failed in a row, and when the next may begin.
    failed: u32,
    not_before: Timestamp,
}

/// What became of a telling.
pub(crate) enum Told<'a> {
    /// The same hint waits already, durably.
    Known,
    /// Too many wait.
    Full,
    /// It waits, and has to be written.
    New(Telling<'a>),
}

/// A hint on its way to the disk. Dropped, it was not written, as far as anybody knows.
pub(crate) struct Telling<'a> {
    inbox: &'a Inbox,
    key: String,
    told: u64,
    written: bool,
}

/// A hint to look at.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    /// Its key.
    pub key: String,
    /// The hint.
    pub hint: KeptHint,
    told: u64,
}

/// What to look at next.
#[derive(Debug)]
pub(crate) enum Next {
    /// This.
    Due(Due),
    /// Something in so many milliseconds, unless another hint comes.
    InMs(i64),
    /// Nothing waits.
    Nothing,
}

/// What there is to do once a look has ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Nothing: it was told again meanwhile, and will be looked at again; or it could never be written.
    Nothing,
    /// The record at this version is to be forgotten.
    Forget(u64),
}

impl Inbox {
    /// One for each server, with what a former process took and did not look at.
    pub(crate) async fn load(
        store: &dyn Store,
        servers: impl Iterator<Item = ServerName>,
    ) -> Result<BTreeMap<ServerName, Arc<Self>>, EngineError> {
        let inboxes: BTreeMap<_, Arc<Self>> = servers.map(|name| (name, Arc::default())).collect();
        for found in store.all::<KeptHint>(&[], WAITING).await?.items {
            // Of a server that isn't ours any more: kept, should it come back.
            let Some(inbox) = inboxes.get(&found.value.server) else { continue };
            if let Told::New(telling) = inbox.tell(&found.value) {
                telling.written(found.version);
            }
        }
        Ok(inboxes)
    }

    /// Whether a source has something left of its budget.
    pub(crate) fn takes(&self, source: IpAddr, now: Timestamp) -> bool {
        let mut sources = lock(&self.sources);
        if sources.len() >= SOURCES {
            sources.retain(|_, (since, _)| now.ms_since(*since) < WINDOW_MS);
        }
        if sources.len() >= SOURCES && !sources.contains_key(&source) {
            return false;
        }
        let (since, count) = sources.entry(source).or_insert((now, 0));
        if now.ms_since(*since) >= WINDOW_MS {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= BUDGET
    }

    /// Counts a hint that was over its budget.
    pub(crate) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were over their budget since the last time.
    pub(crate) fn take_refused(&self) -> u64 {
        self.refused.swap(0, Ordering::Relaxed)
    }

    /// Takes a hint in.
    pub(crate) fn tell(&self, hint: &KeptHint) -> Told<'_> {
        let key = store::Kept::key(hint);
        let mut hints = lock(&self.hints);
        let (told, full) = (hints.told + 1, hints.waiting.len() >= WAITING);
        match hints.waiting.get_mut(&key) {
            Some(there) if !there.looked_at && there.kept.is_some() => return Told::Known,
            Some(there) if there.looked_at => (there.told, there.writing) = (told, there.writing + 1),
            Some(_) => hints.requeue(&key, |there| (there.told, there.writing) = (told, there.writing + 1)),
            None if full => return Told::Full,
            None => {
                let waiting = Waiting {
                    hint: hint.clone(),
                    told,
                    kept: None,
                    writing: 1,
                    looked_at: false,
                    failed: 0,
                    not_before: Timestamp::from_millis(0),
                };
                hints.waiting.insert(key.clone(), waiting);
                hints.ready.insert(told, key.clone());
            }
        }
        hints.told = told;
        drop(hints);
        self.bell.notify_one();
        Told::New(Telling { inbox: self, key, told, written: false })
    }

    fn written(&self, key: &str, told: u64, version: u64) {
        if let Some(waiting) = lock(&self.hints).waiting.get_mut(key) {
            waiting.writing = waiting.writing.saturating_sub(1);
            if waiting.kept.is_none_or(|(before, _)| before < told) {
                waiting.kept = Some((told, version));
            }
        }
        self.written.notify_waiters();
    }

    fn not_written(&self, key: &str) {
        let mut hints = lock(&self.hints);
        if let Some(waiting) = hints.waiting.get_mut(key) {
            waiting.writing = waiting.writing.saturating_sub(1);
            if waiting.writing == 0 && waiting.kept.is_none() && !waiting.looked_at {
                hints.unqueue(key);
                hints.waiting.remove(key);
            }
        }
        drop(hints);
        self.written.notify_waiters();
    }

    /// The hint to look at next, the one told first of those that are due; somebody looks at it from now on.
    pub(crate) fn next(&self, now: Timestamp) -> Next {
        let mut hints = lock(&self.hints);
        while let Some((not_before, ..)) = hints.paused.first()
            && *not_before <= now
            && let Some((_, told, key)) = hints.paused.pop_first()
        {
            hints.ready.insert(told, key);
        }
        let Some((_, key)) = hints.ready.pop_first() else {
            return match hints.paused.first() {
                Some((not_before, ..)) => Next::InMs(not_before.ms_since(now)),
                None => Next::Nothing,
            };
        };
        match hints.waiting.get_mut(&key) {
            Some(waiting) => {
                waiting.looked_at = true;
                Next::Due(Due { hint: waiting.hint.clone(), told: waiting.told, key })
            }
            None => Next::Nothing,
        }
    }

    /// A look failed: the next one at the same hint waits longer, so that no hint can stand in the way of others.
    pub(crate) fn failed(&self, due: &Due, now: Timestamp) {
        if let Some(waiting) = lock(&self.hints).waiting.get_mut(&due.key) {
            waiting.failed = waiting.failed.saturating_add(1);
            waiting.not_before = now.plus_ms(FIRST_PAUSE_MS.saturating_mul(1 << waiting.failed.min(8)));
        }
    }

    /// Waits for something to look at.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// A look has ended well: says what is left to do, once that can be said.
    pub(crate) async fn ended(&self, due: &Due) -> Ended {
        loop {
            let written = self.written.notified();
            tokio::pin!(written);
            // Before looking, or what happens in between is missed.
            written.as_mut().enable();
            match lock(&self.hints).waiting.get(&due.key) {
                Some(waiting) if waiting.told == due.told && waiting.writing > 0 => {}
                Some(waiting) if waiting.told == due.told => {
                    return waiting.kept.map_or(Ended::Nothing, |(_, version)| Ended::Forget(version));
                }
                _ => return Ended::Nothing,
            }
            written.await;
        }
    }

    /// The record is forgotten.
    pub(crate) fn forgotten(&self, due: &Due) {
        if let Some(waiting) = lock(&self.hints).waiting.get_mut(&due.key)
            && waiting.kept.is_some_and(|(kept, _)| kept <= due.told)
        {
            waiting.kept = None;
        }
    }

    /// The record is there at another version than was thought.
    pub(crate) fn corrected(&self, due: &Due, version: u64) {
        let mut hints = lock(&self.hints);
        let again = hints.told + 1;
        if let Some(waiting) = hints.waiting.get_mut(&due.key) {
            // As if it had been told again: somebody wrote it.
            (waiting.told, waiting.kept) = (again, Some((again, version)));
            hints.told = again;
        }
    }

    /// Nobody looks at it any more. What is neither in the store nor on its way there is over.
    pub(crate) fn leave(&self, due: &Due) {
        let mut hints = lock(&self.hints);
        if let Some(waiting) = hints.waiting.get_mut(&due.key) {
            waiting.looked_at = false;
            if waiting.kept.is_none() && waiting.writing == 0 {
                hints.waiting.remove(&due.key);
            } else {
                hints.requeue(&due.key, |_| ());
            }
        }
        drop(hints);
        self.bell.notify_one();
    }
}

impl Hints {
    /// Takes one that nobody looks at out of the queue.
    fn unqueue(&mut self, key: &str) {
        if let Some(waiting) = self.waiting.get(key) {
            self.ready.remove(&waiting.told);
            self.paused.remove(&(waiting.not_before, waiting.told, key.to_owned()));
        }
    }

    /// Changes one that nobody looks at, and puts it where it belongs in the queue.
    fn requeue(&mut self, key: &str, change: impl FnOnce(&mut Waiting)) {
        self.unqueue(key);
        let Some(waiting) = self.waiting.get_mut(key) else { return };
        change(waiting);
        let at = (waiting.not_before, waiting.told, key.to_owned());
        // Whether that time has come is for `next` to say.
        if waiting.failed > 0 {
            self.paused.insert(at);
        } else {
            self.ready.insert(at.1, at.2);
        }
    }
}

impl Telling<'_> {
    /// It is durable, and its record has this version.
    pub(crate) fn written(mut self, version: u64) {
        self.written = true;
        self.inbox.written(&self.key, self.told, version);
    }
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        if !self.written {
            self.inbox.not_written(&self.key);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn hint(number: u64) -> KeptHint {
        KeptHint {
            server: "main".parse().unwrap(),
            project: "shop".parse().unwrap(),
            number: Some(number),
            at: Timestamp::from_millis(0),
        }
    }

    fn told(inbox: &Inbox, number: u64) -> Telling<'_> {
        match inbox.tell(&hint(number)) {
            Told::New(telling) => telling,
            Told::Known | Told::Full => panic!("hint {number} is not new"),
        }
    }

    fn take(inbox: &Inbox) -> Option<Due> {
        match inbox.next(Timestamp::from_millis(0)) {
            Next::Due(due) => Some(due),
            Next::InMs(_) | Next::Nothing => None,
        }
    }

    fn ended(inbox: &Inbox, due: &Due) -> Option<Ended> {
        inbox.ended(due).now_or_never()
    }

    #[test]
    fn a_hint_is_looked_at_before_it_is_durable_and_known_only_then() {
        let inbox = Inbox::default();
        let first = told(&inbox, 1);
        let second = told(&inbox, 1);
        let due = take(&inbox).unwrap();
        first.written(1);
        second.written(2);
        assert_eq!(ended(&inbox, &due), Some(Ended::Forget(2)));
        inbox.forgotten(&due);
        inbox.leave(&due);
        assert!(take(&inbox).is_none());
        let third = told(&inbox, 1);
        third.written(1);
        assert!(matches!(inbox.tell(&hint(1)), Told::Known));
    }

    #[test]
    fn a_look_that_ends_before_its_hint_is_durable_waits_for_it() {
        let inbox = Inbox::default();
        let telling = told(&inbox, 1);
        let due = take(&inbox).unwrap();
        assert_eq!(ended(&inbox, &due), None);
        telling.written(7);
        assert_eq!(ended(&inbox, &due), Some(Ended::Forget(7)));
    }

    #[test]
    fn what_is_told_during_a_look_is_looked_at_again() {
        let inbox = Inbox::default();
        let first = told(&inbox, 1);
        first.written(1);
        let due = take(&inbox).unwrap();
        let second = told(&inbox, 1);
        assert_eq!(
            ended(&inbox, &due),
            Some(Ended::Nothing),
            "the later one is not forgotten with the former"
        );
        inbox.leave(&due);
        let due = take(&inbox).unwrap();
        second.written(2);
        assert_eq!(ended(&inbox, &due), Some(Ended::Forget(2)));
    }

    #[test]
    fn what_is_told_while_the_former_is_forgotten_stays() {
        let inbox = Inbox::default();
        let first = told(&inbox, 1);
        first.written(1);
        let due = take(&inbox).unwrap();
        assert_eq!(ended(&inbox, &due), Some(Ended::Forget(1)));
        let second = told(&inbox, 1);
        inbox.forgotten(&due);
        inbox.leave(&due);
        let due = take(&inbox).expect("it waits");
        second.written(1);
        assert_eq!(ended(&inbox, &due), Some(Ended::Forget(1)));
    }

    #[test]
    fn another_version_than_was_thought_is_looked_at_again() {
        let inbox = Inbox::default();
        let first = told(&inbox, 1);
        first.written(1);
        let due = take(&inbox).unwrap();
        inbox.corrected(&due, 5);
        inbox.leave(&due);
        let due = take(&inbox).unwrap();
        assert_eq!(ended(&inbox, &due), Some(Ended::Forget(5)));
    }

    #[test]
    fn a_hint_that_could_not_be_written_leaves_nothing() {
        let inbox = Inbox::default();
        drop(told(&inbox, 1));
        assert!(take(&inbox).is_none());
        let telling = told(&inbox, 1);
        let due = take(&inbox).unwrap();
        drop(telling);
        assert_eq!(ended(&inbox, &due), Some(Ended::Nothing));
        inbox.leave(&due);
        assert!(take(&inbox).is_none());
    }

    #[test]
    fn a_telling_that_fails_does_not_take_away_one_that_is_kept() {
        let inbox = Inbox::default();
        let first = told(&inbox, 1);
        first.written(1);
        let due = take(&inbox).unwrap();
        let second = told(&inbox, 1);
        inbox.leave(&due);
        drop(second);
        let due = take(&inbox).unwrap();
        assert_eq!(ended(&inbox, &due), Some(Ended::Forget(1)));
    }

    #[test]
    fn a_source_has_a_budget_and_gets_a_new_one() {
        let inbox = Inbox::default();
        let source = IpAddr::from([127, 0, 0, 1]);
        let at = |ms| Timestamp::from_millis(ms);
        assert!((0..BUDGET).all(|_| inbox.takes(source, at(0))));
        assert!(!inbox.takes(source, at(1)));
        assert!(inbox.takes(IpAddr::from([127, 0, 0, 2]), at(1)));
        assert!(inbox.takes(source, at(WINDOW_MS)));
    }

    #[test]
    fn a_hint_that_fails_lets_all_others_go_first() {
        let inbox = Inbox::default();
        for number in 1..=3 {
            told(&inbox, number).written(1);
        }
        let first = take(&inbox).unwrap();
        inbox.failed(&first, Timestamp::from_millis(0));
        inbox.leave(&first);
        let others = [take(&inbox).unwrap().hint.number, take(&inbox).unwrap().hint.number];
        assert_eq!(others, [Some(2), Some(3)]);
        assert!(matches!(inbox.next(Timestamp::from_millis(999)), Next::InMs(1)));
        assert!(matches!(inbox.next(Timestamp::from_millis(1000)), Next::Due(_)));
    }
}
