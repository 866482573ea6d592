//! That the person behind a session proved, a short while ago, to be there.

use std::sync::{Arc, atomic::Ordering};

use ledger::Draft;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Commit, Expect, Kept, StoreExt as _, Transition};

use crate::{Error, Person, Presence, Refusal, Result};

use super::{live::Session, record::SessionId, sessions::Sessions};

/// When somebody proved to be present in a session, as it is kept: recorded, so that whoever edits the database can't make
/// one up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionPresence {
    /// The session.
    pub(super) id: SessionId,
    /// When the provider asked the person.
    pub(super) at: Timestamp,
}

impl Kept for SessionPresence {
    const KIND: &'static str = "session-presence";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn state(&self) -> &'static str {
        "proven"
    }

    fn sort(&self) -> i64 {
        self.at.as_millis()
    }
}

/// A session whose person proved a short while ago to be there. Only [`Sessions::fresh`] makes one: what mints tokens, links
/// or enrols takes it, so that it can't be done without.
///
/// ```compile_fail,E0451
/// fn made_up(session: std::sync::Arc<identity::Session>, until: model::Timestamp) -> identity::Fresh {
///     identity::Fresh { session, until }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Fresh {
    session: Arc<Session>,
    until: Timestamp,
}

impl Fresh {
    /// The session.
    #[must_use]
    pub const fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// The person.
    #[must_use]
    pub fn person(&self) -> &Person {
        self.session.person()
    }

    /// Until when it counts.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }
}

impl Sessions {
    /// Remembers a presence for the session that it was proven for. One that signs something (a consent) is none: it says
    /// yes to that alone.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is somebody else's, or signs something; [`Error::NotBegun`] if the session is over;
    /// [`Error::Store`] if it can't be recorded: then nobody was present.
    pub async fn prove(&self, presence: &Presence) -> Result<()> {
        let session = self.get(&presence.session()).ok_or(Error::NotBegun)?;
        if presence.proof().binds.is_some() {
            return Err(Refusal::Nonce.into());
        }
        if session.person().identity() != presence.person().identity() {
            return Err(Refusal::OtherSubject.into());
        }
        // The provider's clock may be ahead of ours: nobody is present for longer by that.
        let proven = SessionPresence { id: session.id(), at: presence.at().min(self.now()) };
        let found = self.store.get::<SessionPresence>(&proven.id.to_string()).await?;
        let expect = found.map_or(Expect::Absent, |found| Expect::Version(found.version));
        let entry = Draft::new("session.presence").fact("session", proven.id.to_string());
        let recorded = Transition::recorded(expect, &proven, entry)?;
        self.store.commit(Commit::new().with(recorded)).await?;
        // It may have been replaced by a changed one while that was written.
        if let Some(session) = self.get(&proven.id) {
            session.present_at.fetch_max(proven.at.as_millis(), Ordering::Relaxed);
        }
        Ok(())
    }

    /// The session, if its person proved to be there within [`super::SessionLimits::present_ms`].
    #[must_use]
    pub fn fresh(&self, session: &Arc<Session>) -> Option<Fresh> {
        let at = Timestamp::from_millis(session.present_at.load(Ordering::Relaxed));
        let until = at.plus_ms(self.limits().present_ms);
        (self.is_open(&session.id()) && self.now() < until)
            .then(|| Fresh { session: Arc::clone(session), until })
    }

    /// Takes in those that are in the store: a restart asks nobody again.
    pub(super) async fn load_presences(&self) -> Result<()> {
        let now = self.now();
        let proven = self.store.all::<SessionPresence>(&[], self.limits().all).await?;
        for why in &proven.broken {
            tracing::error!(error = %why, "a presence is not what the ledger says; nobody was present");
        }
        for one in proven.items.into_iter().map(|one| one.value).filter(|one| one.at <= now) {
            if let Some(session) = self.get(&one.id) {
                session.present_at.fetch_max(one.at.as_millis(), Ordering::Relaxed);
            }
        }
        Ok(())
    }
}
