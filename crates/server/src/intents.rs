//! What people are about to do: remembered from the press of the button until they come back, from the identity provider or with
//! what a passkey signed. It is worth nothing without that, which binds it.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use model::{Digest, Timestamp};

/// At most so many at once; the oldest makes room.
const MOST: usize = 4_096;

/// All of them, by what is signed, oldest first.
pub(crate) struct Intents<T>(Mutex<VecDeque<(Digest, Timestamp, T)>>);

impl<T> Default for Intents<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Intents<T> {
    /// Remembers one until then.
    pub(crate) fn add(&self, binds: Digest, said: T, until: Timestamp, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while all.front().is_some_and(|(_, until, _)| *until <= now) || all.len() >= MOST {
            all.pop_front();
        }
        all.push_back((binds, until, said));
    }

    /// Uses one up.
    pub(crate) fn take(&self, binds: &Digest, now: Timestamp) -> Option<T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().position(|(known, _, _)| known == binds)?;
        let (_, until, said) = all.remove(at)?;
        (now < until).then_some(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use grant::ConsentAnswer;
    use identity::Said;
    use model::OutcomeId;

    fn said(n: usize) -> Said {
        Said {
            outcome: OutcomeId::derive(&[b"o"]),
            plan: Digest::of(b"plan"),
            answer: ConsentAnswer::Approve,
            nonce: Digest::of(&n.to_be_bytes()),
        }
    }

    #[test]
    fn one_is_good_once_and_for_a_while_and_the_oldest_makes_room() {
        let (all, at) = (Intents::default(), Timestamp::from_millis);
        let key = |n: usize| Digest::of(&n.to_be_bytes());
        all.add(key(0), said(0), at(100), at(0));
        assert_eq!(all.take(&key(1), at(1)), None);
        assert_eq!(all.take(&key(0), at(1)), Some(said(0)));
        assert_eq!(all.take(&key(0), at(1)), None, "used");
        all.add(key(0), said(0), at(100), at(0));
        assert_eq!(all.take(&key(0), at(100)), None, "too old");
        for n in 0..=MOST {
            all.add(key(n), said(n), at(100), at(0));
        }
        assert_eq!(all.take(&key(0), at(1)), None);
        assert_eq!(all.take(&key(MOST), at(1)), Some(said(MOST)));
    }
}
