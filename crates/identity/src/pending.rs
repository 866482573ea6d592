//! Sign-ins that wait for the browser to come back: each is good once, in the browser that began it, for a while.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use model::{Digest, Entropy, Timestamp};
use secrecy::SecretString;

use crate::{Error, Limits, Purpose, Result, ReturnTo};

/// What is remembered of one.
pub(crate) struct Pending {
    pub(crate) nonce: String,
    /// What the nonce was made with, if it binds something.
    pub(crate) salt: Option<String>,
    pub(crate) verifier: SecretString,
    pub(crate) purpose: Purpose,
    pub(crate) return_to: ReturnTo,
    pub(crate) begun_at: Timestamp,
}

#[derive(Default)]
struct Rows {
    by_state: HashMap<Digest, (Digest, Timestamp, Pending)>,
    order: VecDeque<Digest>,
}

/// All of them, by the hash of `state`; each with the hash of what its browser holds.
pub(crate) struct PendingSignIns {
    rows: Mutex<Rows>,
    most: usize,
    lives_ms: i64,
}

impl PendingSignIns {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { rows: Mutex::default(), most: limits.pending.max(1), lives_ms: limits.pending_ms }
    }

    pub(crate) fn add(&self, state: &str, binding: &str, pending: Pending, now: Timestamp) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.sweep(now, self.most - 1);
        let key = hash("state", state);
        let until = now.plus_ms(self.lives_ms);
        rows.by_state.insert(key, (hash("binding", binding), until, pending));
        rows.order.push_back(key);
    }

    /// Uses one up. The wrong browser gets nothing and spoils nothing.
    pub(crate) fn take(&self, state: &str, binding: &str, now: Timestamp) -> Option<Pending> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.sweep(now, self.most);
        let key = hash("state", state);
        if rows.by_state.get(&key)?.0 != hash("binding", binding) {
            return None;
        }
        let (_, _, pending) = rows.by_state.remove(&key)?;
        if rows.order.len() > 2 * self.most {
            let Rows { by_state, order } = &mut *rows;
            order.retain(|key| by_state.contains_key(key));
        }
        Some(pending)
    }

    /// Whether this browser has begun one that still waits.
    pub(crate) fn knows(&self, binding: &str, now: Timestamp) -> bool {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let binding = hash("binding", binding);
        rows.by_state.values().any(|(found, until, _)| *found == binding && now < *until)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.rows.lock().unwrap().by_state.len()
    }
}

impl Rows {
    /// Forgets the oldest: those that were used, are too old, or are too many.
    fn sweep(&mut self, now: Timestamp, most: usize) {
        while let Some(oldest) = self.order.front() {
            let stays = self.by_state.get(oldest).is_some_and(|(_, until, _)| now < *until);
            if stays && self.by_state.len() <= most {
                break;
            }
            if let Some(oldest) = self.order.pop_front() {
                self.by_state.remove(&oldest);
            }
        }
    }
}

/// Each use has a domain of its own, so that no value is good in another's place.
pub(crate) fn hash(domain: &str, secret: &str) -> Digest {
    Digest::of_parts(&format!("exequatur.identity/{domain}"), &[secret.as_bytes()])
}

/// 32 random bytes in hex: nobody guesses them.
pub(crate) fn random(entropy: &dyn Entropy) -> Result<String> {
    let mut bytes = zeroize::Zeroizing::new([0_u8; 32]);
    entropy.fill(bytes.as_mut_slice()).map_err(Error::Entropy)?;
    Ok(hex::encode(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(at: i64) -> Pending {
        Pending {
            nonce: "n".into(),
            salt: None,
            verifier: SecretString::from("v"),
            purpose: Purpose::SignIn,
            return_to: ReturnTo::home(),
            begun_at: Timestamp::from_millis(at),
        }
    }

    fn all() -> PendingSignIns {
        PendingSignIns::new(&Limits { pending: 3, pending_ms: 1000, ..Limits::default() })
    }

    #[test]
    fn one_is_good_once_in_its_browser_and_for_a_while() {
        let (all, at) = (all(), Timestamp::from_millis);
        all.add("s", "b", pending(0), at(0));
        assert!(all.knows("b", at(999)) && !all.knows("c", at(0)));
        assert!(all.take("s", "other", at(1)).is_none());
        assert!(all.take("b", "b", at(1)).is_none());
        assert!(all.take("s", "b", at(999)).is_some(), "the wrong browser spoiled nothing");
        assert!(all.take("s", "b", at(999)).is_none(), "used");
        all.add("t", "b", pending(0), at(0));
        assert!(all.take("t", "b", at(1000)).is_none(), "too old");
    }

    #[test]
    fn they_are_bounded_and_the_oldest_makes_room() {
        let (all, now) = (all(), Timestamp::from_millis(0));
        for n in 0..100 {
            all.add(&format!("s{n}"), "b", pending(0), now);
        }
        assert_eq!(all.len(), 3);
        assert!(all.take("s96", "b", now).is_none());
        assert!(all.take("s97", "b", now).is_some());
        assert!(all.take("s99", "b", now).is_some());
        for n in 0..10 {
            all.add(&format!("t{n}"), "b", pending(0), now);
            assert!(all.take(&format!("t{n}"), "b", now).is_some());
        }
        assert!(all.rows.lock().unwrap().order.len() <= 7, "what was used is not remembered for ever");
    }
}
