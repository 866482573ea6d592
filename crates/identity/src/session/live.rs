//! The copy in memory: what each request asks.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use model::Timestamp;
use secrecy::SecretString;

use crate::Person;

use super::record::{EndReason, SessionId, SessionRecord, Via};
use super::sessions::SessionLimits;

/// Before any time that a clock shows.
const NEVER: i64 = i64::MIN / 2;

/// An open session.
#[derive(Debug)]
pub struct Session {
    pub(super) record: SessionRecord,
    pub(super) version: u64,
    person: Person,
    used_at: AtomicI64,
    /// The last use that is in the store.
    pub(super) noted_at: AtomicI64,
    /// When the provider last said who they are and in which groups.
    asked_at: AtomicI64,
    /// When the person last proved to be there.
    pub(super) present_at: AtomicI64,
    refresh: Mutex<Option<SecretString>>,
}

impl Session {
    pub(super) fn new(
        record: SessionRecord,
        version: u64,
        used_at: Timestamp,
        refresh: Option<SecretString>,
    ) -> Option<Self> {
        let person = record.person()?;
        let used = used_at.max(record.opened_at).as_millis();
        let asked = record.opened_at.as_millis();
        Some(Self {
            record,
            version,
            person,
            used_at: AtomicI64::new(used),
            noted_at: AtomicI64::new(used),
            asked_at: AtomicI64::new(asked),
            present_at: AtomicI64::new(NEVER),
            refresh: Mutex::new(refresh),
        })
    }

    /// The same session after its record changed.
    pub(super) fn changed(&self, record: SessionRecord, version: u64) -> Option<Self> {
        let person = record.person()?;
        let copy = |value: &AtomicI64| AtomicI64::new(value.load(Ordering::Relaxed));
        Some(Self {
            record,
            version,
            person,
            used_at: copy(&self.used_at),
            noted_at: copy(&self.noted_at),
            asked_at: copy(&self.asked_at),
            present_at: copy(&self.present_at),
            refresh: Mutex::new(self.refresh_token()),
        })
    }

    /// What it is known by.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.record.id
    }

    /// The version of its record in the store.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Whose it is.
    #[must_use]
    pub const fn person(&self) -> &Person {
        &self.person
    }

    /// How it is used.
    #[must_use]
    pub const fn via(&self) -> Via {
        self.record.via
    }

    /// When the person signed in.
    #[must_use]
    pub const fn opened_at(&self) -> Timestamp {
        self.record.opened_at
    }

    /// When the provider asked the person, if it said so.
    #[must_use]
    pub const fn authenticated_at(&self) -> Option<Timestamp> {
        self.record.authenticated_at
    }

    /// From where, as far as is known.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.record.label.as_deref()
    }

    /// When it was last used.
    #[must_use]
    pub fn used_at(&self) -> Timestamp {
        Timestamp::from_millis(self.used_at.load(Ordering::Relaxed))
    }

    /// When the provider last said in which groups they are: how old that fact is.
    #[must_use]
    pub fn asked_at(&self) -> Timestamp {
        Timestamp::from_millis(self.asked_at.load(Ordering::Relaxed))
    }

    pub(super) fn use_at(&self, now: Timestamp) {
        self.used_at.fetch_max(now.as_millis(), Ordering::Relaxed);
    }

    pub(super) fn asked(&self, now: Timestamp) {
        self.asked_at.fetch_max(now.as_millis(), Ordering::Relaxed);
    }

    pub(super) fn refresh_token(&self) -> Option<SecretString> {
        self.refresh.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_refresh_token(&self, token: SecretString) {
        *self.refresh.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
    }

    /// Why it is over, if it is.
    pub(super) fn over(&self, now: Timestamp, limits: &SessionLimits) -> Option<EndReason> {
        if now.ms_since(self.opened_at()) >= limits.absolute_ms {
            Some(EndReason::Age)
        } else if now.ms_since(self.used_at()) >= limits.idle_ms {
            Some(EndReason::Idle)
        } else {
            None
        }
    }
}

/// All open sessions.
#[derive(Default)]
pub(super) struct Live {
    pub(super) by_id: HashMap<SessionId, Arc<Session>>,
    /// Those that ended here a short while ago: a read that began before doesn't bring them back.
    gone: HashMap<SessionId, Timestamp>,
}

/// No read takes longer.
const GONE_MS: i64 = 60_000;

impl Live {
    pub(super) fn remove(&mut self, id: &SessionId, now: Timestamp) -> Option<Arc<Session>> {
        let session = self.by_id.remove(id)?;
        self.gone.insert(*id, now);
        Some(session)
    }

    pub(super) fn is_gone(&self, id: &SessionId) -> bool {
        self.gone.contains_key(id)
    }

    pub(super) fn forget_gone(&mut self, now: Timestamp) {
        self.gone.retain(|_, at| now.ms_since(*at) < GONE_MS);
    }

    /// Those that fit.
    pub(super) fn matching(&self, fits: impl Fn(&Session) -> bool) -> Vec<Arc<Session>> {
        self.by_id.values().filter(|session| fits(session)).cloned().collect()
    }
}
