//! Sessions of browsers, in memory: a restart ends them all.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use model::{Digest, Entropy, Timestamp};

use crate::Limits;

/// What a session is known by here: the hash of its id. The id itself is only in the browser.
pub(crate) type SessionKey = Digest;

struct Session {
    opened_at: Timestamp,
    used_at: Timestamp,
}

#[derive(Default)]
struct Rows {
    sessions: HashMap<SessionKey, Session>,
    /// The latest time seen: a clock that is set back makes no session live longer.
    latest: Option<Timestamp>,
}

/// All sessions.
pub(crate) struct Sessions {
    rows: Mutex<Rows>,
    limits: Limits,
}

impl Sessions {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { rows: Mutex::default(), limits }
    }

    /// Opens one and returns its id, 64 hex digits of 32 random bytes.
    pub(crate) fn open(&self, entropy: &dyn Entropy, now: Timestamp) -> std::io::Result<String> {
        let mut bytes = [0_u8; 32];
        entropy.fill(&mut bytes)?;
        let id = hex::encode(bytes);
        self.with(now, |rows, now| {
            if rows.len() >= self.limits.sessions {
                let idlest = rows.iter().min_by_key(|(_, s)| s.used_at).map(|(key, _)| *key);
                idlest.and_then(|key| rows.remove(&key));
            }
            rows.insert(Digest::of(id.as_bytes()), Session { opened_at: now, used_at: now });
        });
        Ok(id)
    }

    /// The session with this id, if it is open; counts as use.
    pub(crate) fn enter(&self, id: &str, now: Timestamp) -> Option<SessionKey> {
        let key = Digest::of(id.as_bytes());
        self.with(now, |rows, now| {
            rows.get_mut(&key).map(|session| {
                session.used_at = now;
                key
            })
        })
    }

    /// Whether it is open still; doesn't count as use.
    pub(crate) fn is_open(&self, key: &SessionKey, now: Timestamp) -> bool {
        self.with(now, |rows, _| rows.contains_key(key))
    }

    /// Ends it.
    pub(crate) fn close(&self, key: &SessionKey, now: Timestamp) {
        self.with(now, |rows, _| rows.remove(key));
    }

    /// How many are open.
    pub(crate) fn count(&self, now: Timestamp) -> usize {
        self.with(now, |rows, _| rows.len())
    }

    fn with<T>(
        &self,
        now: Timestamp,
        act: impl FnOnce(&mut HashMap<SessionKey, Session>, Timestamp) -> T,
    ) -> T {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let now = rows.latest.map_or(now, |latest| latest.max(now));
        rows.latest = Some(now);
        rows.sessions.retain(|_, session| {
            now.ms_since(session.used_at) < self.limits.session_idle_ms
                && now.ms_since(session.opened_at) < self.limits.session_absolute_ms
        });
        act(&mut rows.sessions, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::OsEntropy;

    fn sessions() -> Sessions {
        Sessions::new(Limits {
            sessions: 2,
            session_idle_ms: 100,
            session_absolute_ms: 250,
            ..Limits::default()
        })
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn an_unused_session_ends_and_a_used_one_ends_later() {
        let all = sessions();
        let id = all.open(&OsEntropy, at(0)).unwrap();
        for now in [90, 180, 249] {
            assert!(all.enter(&id, at(now)).is_some(), "{now}");
        }
        assert!(all.enter(&id, at(250)).is_none());
        let id = all.open(&OsEntropy, at(300)).unwrap();
        assert!(all.enter(&id, at(400)).is_none());
    }

    #[test]
    fn a_clock_that_is_set_back_revives_nothing() {
        let all = sessions();
        let id = all.open(&OsEntropy, at(0)).unwrap();
        assert_eq!(all.count(at(1000)), 0);
        assert!(all.enter(&id, at(10)).is_none());
    }

    #[test]
    fn the_idlest_makes_room_and_looking_is_no_use() {
        let all = sessions();
        let first = all.open(&OsEntropy, at(0)).unwrap();
        let second = all.open(&OsEntropy, at(1)).unwrap();
        let key = all.enter(&first, at(2)).unwrap();
        let third = all.open(&OsEntropy, at(3)).unwrap();
        assert!(all.is_open(&key, at(90)));
        assert!(all.enter(&second, at(4)).is_none());
        assert!(all.enter(&third, at(4)).is_some());
        assert!(!all.is_open(&key, at(102)));
    }

    #[test]
    fn a_closed_session_is_closed() {
        let all = sessions();
        let id = all.open(&OsEntropy, at(0)).unwrap();
        let key = all.enter(&id, at(1)).unwrap();
        all.close(&key, at(2));
        assert!(all.enter(&id, at(3)).is_none());
    }
}
