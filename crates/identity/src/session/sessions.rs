//! Opening, checking, listing and ending sessions.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicI64, Ordering},
};

use model::{Clock, Entropy, Identity, Timestamp};
use secrecy::SecretString;
use store::{Commit, CommitError, Expect, Query, Store, StoreExt as _, Transition};
use tokio::sync::Mutex;

use crate::{Error, LogoutNotice, Person, RelyingParty, Result, SignedIn, http::shorten, pending::random};

use super::{
    entries,
    live::{Live, Session},
    record::{EndReason, SessionId, SessionRecord, SessionState, SessionUse, Via},
};

/// What a browser or a command line shows: 64 hex digits. It is told once and kept nowhere.
pub type SessionToken = SecretString;

/// No token is longer, in bytes.
const TOKEN_BYTES: usize = 64;
/// Sessions that end in one commit.
const BATCH: usize = 200;

/// Limits on sessions.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// A session that isn't used ends after this. Default 2 h.
    pub idle_ms: i64,
    /// Every session ends after this. Default 12 h.
    pub absolute_ms: i64,
    /// Sessions of all persons. Default 20,000; one more is refused.
    pub all: usize,
    /// Sessions of one person. Default 32; the one idle longest makes room.
    pub of_one: usize,
    /// Between two times that the provider is asked who somebody is and in which groups. Default 5 min.
    pub ask_ms: i64,
    /// Between two reads of what other replicas did. Default 500 ms: a session that is revoked anywhere is over everywhere
    /// within a second.
    pub follow_ms: i64,
    /// For how long somebody who proved to be present counts as present. Default 5 min.
    pub present_ms: i64,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            idle_ms: 2 * 60 * 60_000,
            absolute_ms: 12 * 60 * 60_000,
            all: 20_000,
            of_one: 32,
            ask_ms: 5 * 60_000,
            follow_ms: 500,
            present_ms: 5 * 60_000,
        }
    }
}

/// All sessions of this installation.
pub struct Sessions {
    pub(super) store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    limits: SessionLimits,
    live: RwLock<Live>,
    /// The latest time seen: a clock that is set back makes no session live longer.
    latest: AtomicI64,
    /// Ends that could not be recorded yet. The sessions are over all the same.
    owed: Mutex<Vec<(Arc<Session>, EndReason)>>,
    /// Held while the provider is asked about somebody.
    asking: Mutex<()>,
    /// Up to where the ends of other replicas were read.
    followed: Mutex<Timestamp>,
}

impl Sessions {
    /// With the sessions that are open in the store. Records that the ledger doesn't confirm are left out, and said in the
    /// log.
    ///
    /// # Errors
    /// [`Error::Store`] when it can't be read.
    pub async fn load(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        limits: SessionLimits,
    ) -> Result<Self> {
        let now = clock.now();
        let sessions = Self {
            store,
            clock,
            entropy,
            limits,
            live: RwLock::default(),
            latest: AtomicI64::new(now.as_millis()),
            owed: Mutex::default(),
            asking: Mutex::default(),
            followed: Mutex::new(now),
        };
        let open = sessions.store.all::<SessionRecord>(&["open"], limits.all).await?;
        for why in &open.broken {
            tracing::error!(error = %why, "a session is not what the ledger says; it is not open");
        }
        let uses = sessions.store.all::<SessionUse>(&[], limits.all).await?;
        let mut used: std::collections::HashMap<_, _> =
            uses.items.into_iter().map(|one| (one.value.id, one.value.used_at)).collect();
        {
            let mut live = sessions.live.write().unwrap_or_else(PoisonError::into_inner);
            for record in open.items {
                // A use in the future is none: whoever writes one into the database gains nothing.
                let used_at = used.remove(&record.value.id).filter(|at| *at <= now);
                let used_at = used_at.unwrap_or(record.value.opened_at);
                if let Some(session) = Session::new(record.value, record.version, used_at, None) {
                    live.by_id.insert(session.id(), Arc::new(session));
                }
            }
        }
        sessions.load_presences().await?;
        Ok(sessions)
    }

    /// The limits.
    #[must_use]
    pub const fn limits(&self) -> &SessionLimits {
        &self.limits
    }

    /// Opens a session for somebody who has just signed in. `label` says from where.
    ///
    /// # Errors
    /// [`Error::Busy`], or what keeps it from being recorded: then there is no session.
    pub async fn open(
        &self,
        via: Via,
        mut signed_in: SignedIn,
        label: Option<&str>,
    ) -> Result<(SessionToken, Arc<Session>)> {
        let now = self.now();
        self.make_room(&signed_in.person.identity, now).await?;
        let token = random(&*self.entropy)?;
        let refresh = signed_in.refresh.take();
        let label = label.map(|text| shorten(text, 120));
        let record = SessionRecord::opened(SessionId::of(via, &token), via, signed_in, label, now);
        let entry = entries::opened(&record).map_err(|why| Error::Store(why.to_string()))?;
        let opened = Transition::recorded(Expect::Absent, &record, entry)?;
        self.store.commit(Commit::new().with(opened)).await?;
        let session = Session::new(record, 1, now, refresh)
            .ok_or_else(|| Error::Store("a session that was just opened isn't open".to_owned()))?;
        let session = Arc::new(session);
        self.write(|live| live.by_id.insert(session.id(), Arc::clone(&session)));
        Ok((SecretString::from(token), session))
    }

    /// The open session with this token; counts as a use. No lock is held while anything is waited for.
    #[must_use]
    pub fn enter(&self, via: Via, token: &str) -> Option<Arc<Session>> {
        if token.len() != TOKEN_BYTES {
            return None;
        }
        let id = SessionId::of(via, token);
        let session = self.get(&id)?;
        session.use_at(self.now());
        Some(session)
    }

    /// The open session with this id; doesn't count as a use.
    #[must_use]
    pub fn get(&self, id: &SessionId) -> Option<Arc<Session>> {
        let session = self.read(|live| live.by_id.get(id).cloned())?;
        session.over(self.now(), &self.limits).is_none().then_some(session)
    }

    /// Whether it is open still; doesn't count as a use.
    #[must_use]
    pub fn is_open(&self, id: &SessionId) -> bool {
        self.get(id).is_some()
    }

    /// The open sessions of one identity, newest first.
    #[must_use]
    pub fn of(&self, identity: &Identity) -> Vec<Arc<Session>> {
        let now = self.now();
        let mut all = self.read(|live| {
            live.matching(|s| s.record.identity == *identity && s.over(now, &self.limits).is_none())
        });
        all.sort_by_key(|session| std::cmp::Reverse((session.opened_at(), session.id())));
        all
    }

    /// How many are open.
    #[must_use]
    pub fn count(&self) -> usize {
        let now = self.now();
        self.read(|live| live.by_id.values().filter(|s| s.over(now, &self.limits).is_none()).count())
    }

    /// Ends one. It is over at once, also if that can't be recorded: then it is recorded later. False if it wasn't open.
    ///
    /// # Errors
    /// [`Error::Store`] if it isn't recorded yet.
    pub async fn end(&self, id: &SessionId, why: EndReason) -> Result<bool> {
        let now = self.now();
        let ended = self.write(|live| live.remove(id, now));
        match ended {
            Some(session) => self.record_ends(vec![(session, why)]).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Ends all of one identity; how many.
    ///
    /// # Errors
    /// As [`Sessions::end`].
    pub async fn end_all(&self, identity: &Identity, why: EndReason) -> Result<usize> {
        self.end_matching(|session| session.record.identity == *identity, why).await
    }

    /// Does what the provider says: ends the sessions that came of its session, or all of the subject.
    ///
    /// # Errors
    /// As [`Sessions::end`].
    pub async fn heed(&self, issuer: &str, notice: &LogoutNotice) -> Result<usize> {
        let fits = |session: &Session| {
            let record = &session.record;
            let subject = notice.subject.as_ref();
            // A session that doesn't know the provider's session may be of it.
            let same_session = match (&notice.session, &record.idp_session) {
                (None, _) => true,
                (Some(said), Some(known)) => said == known,
                (Some(_), None) => subject.is_some(),
            };
            record.identity.issuer == issuer
                && same_session
                && subject.is_none_or(|subject| *subject == record.identity.subject)
        };
        self.end_matching(fits, EndReason::ProviderLogout).await
    }

    async fn end_matching(&self, fits: impl Fn(&Session) -> bool, why: EndReason) -> Result<usize> {
        let now = self.now();
        let ended = self.write(|live| {
            let found = live.matching(&fits);
            for session in &found {
                live.remove(&session.id(), now);
            }
            found
        });
        let count = ended.len();
        self.record_ends(ended.into_iter().map(|session| (session, why)).collect()).await?;
        Ok(count)
    }

    /// What has to be done now and then (each second or so): ends what is over, notes when sessions were used.
    ///
    /// # Errors
    /// [`Error::Store`]; the next call does what this one left.
    pub async fn tend(&self) -> Result<()> {
        let now = self.now();
        let limits = &self.limits;
        let over: Vec<_> = self.write(|live| {
            let over: Vec<_> = live
                .by_id
                .values()
                .filter_map(|session| Some((Arc::clone(session), session.over(now, limits)?)))
                .collect();
            for (session, _) in &over {
                live.remove(&session.id(), now);
            }
            live.forget_gone(now);
            over
        });
        self.record_ends(over).await?;
        // A restart forgets at most an eighth of the idle time.
        let unnoted = self.read(|live| {
            live.matching(|session| {
                let noted = Timestamp::from_millis(session.noted_at.load(Ordering::Relaxed));
                session.used_at().ms_since(noted) >= limits.idle_ms / 8
            })
        });
        for batch in unnoted.chunks(BATCH) {
            let mut commit = Commit::new();
            for session in batch {
                let used = SessionUse { id: session.id(), used_at: session.used_at() };
                session.noted_at.store(used.used_at.as_millis(), Ordering::Relaxed);
                commit.push(Transition::bookkeeping(Expect::Any, &used)?);
            }
            self.store.commit(commit).await?;
        }
        Ok(())
    }

    /// Reads which sessions ended, changed or began on another replica since the last time.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn follow(&self) -> Result<()> {
        let mut followed = self.followed.lock().await;
        let now = self.now();
        // Replicas' clocks differ a little, and a commit takes a while.
        let since = followed.plus_ms(-10_000).as_millis();
        for state in ["ended", "open"] {
            let mut after = None;
            loop {
                let query = Query { after, ..Query::of("session").state(state).limit(20) };
                let page = self.store.page::<SessionRecord>(query).await?;
                let past = page.items.iter().any(|one| store::Kept::sort(&one.value) < since);
                for one in page.items {
                    self.learn(one.value, one.version);
                }
                after = page.next;
                if past || after.is_none() {
                    break;
                }
            }
        }
        *followed = now;
        Ok(())
    }

    /// Takes in a record as the store has it.
    fn learn(&self, record: SessionRecord, version: u64) {
        let (id, now) = (record.id, self.now());
        self.write(|live| match (&record.state, live.by_id.get(&id).cloned()) {
            (SessionState::Ended { .. }, Some(_)) => {
                live.remove(&id, now);
            }
            (SessionState::Open { .. }, Some(known)) if version > known.version => {
                if let Some(changed) = known.changed(record, version) {
                    live.by_id.insert(id, Arc::new(changed));
                }
            }
            (SessionState::Open { .. }, None) if !live.is_gone(&id) && !self.is_owed(&id) => {
                let used_at = record.opened_at;
                if let Some(session) = Session::new(record, version, used_at, None) {
                    live.by_id.insert(id, Arc::new(session));
                }
            }
            _ => {}
        });
    }

    /// Whether its end still has to be recorded. If that can't be told at once, it may be.
    fn is_owed(&self, id: &SessionId) -> bool {
        self.owed.try_lock().map_or(true, |owed| owed.iter().any(|(session, _)| session.id() == *id))
    }

    /// Asks the provider again about those whom it was asked about longest ago, at most `at_most` of them. Somebody whom it
    /// refuses is signed out; while it is away nothing changes, and [`Session::asked_at`] says how old the facts are.
    ///
    /// # Errors
    /// [`Error::Store`]. What the provider answers is no error here.
    pub async fn ask_again(&self, party: &RelyingParty, at_most: usize) -> Result<()> {
        let now = self.now();
        let mut due = self.read(|live| {
            live.matching(|session| {
                now.ms_since(session.asked_at()) >= self.limits.ask_ms && session.refresh_token().is_some()
            })
        });
        due.sort_by_key(|session| session.asked_at());
        for session in due.into_iter().take(at_most) {
            if !self.ask(party, &session, now).await? {
                break;
            }
        }
        Ok(())
    }

    /// The open sessions of those who fit, by identity and person key. Where what the provider said is older than `age_ms`,
    /// it is asked again first; what it doesn't answer stays as old as [`Session::asked_at`] says.
    ///
    /// # Errors
    /// [`Error::Store`]. What the provider answers is no error here.
    pub async fn asked_within(
        &self,
        party: &RelyingParty,
        age_ms: i64,
        fits: impl Fn(&Person) -> bool + Send + Sync,
    ) -> Result<Vec<Arc<Session>>> {
        let now = self.now();
        let open = || {
            let open = |s: &Session| s.over(now, &self.limits).is_none() && fits(s.person());
            self.read(|live| live.matching(open))
        };
        for session in open() {
            let old = now.ms_since(session.asked_at()) > age_ms;
            if old && session.refresh_token().is_some() && !self.ask(party, &session, now).await? {
                break;
            }
        }
        let mut sessions = open();
        sessions.sort_by_key(|session| session.id());
        Ok(sessions)
    }

    /// False if the provider is away: then nobody else is asked about either.
    async fn ask(&self, party: &RelyingParty, known: &Session, now: Timestamp) -> Result<bool> {
        // A refresh token may be good once: who comes second takes what the first one brought.
        let _one_at_a_time = self.asking.lock().await;
        let Some(session) = self.get(&known.id()) else { return Ok(true) };
        if session.asked_at() > known.asked_at() || session.asked_at() >= now {
            return Ok(true);
        }
        let session = &*session;
        let Some(token) = session.refresh_token() else { return Ok(true) };
        let refreshed = match party.refresh(&token).await {
            Ok(refreshed) => refreshed,
            Err(Error::Denied { code, .. }) if code == "invalid_grant" => {
                return self.end(&session.id(), EndReason::ProviderRefused).await.map(|_| true);
            }
            Err(why @ Error::Refused(_)) => {
                tracing::warn!(error = %why, "a refreshed token was refused; the session ends");
                return self.end(&session.id(), EndReason::ProviderRefused).await.map(|_| true);
            }
            Err(why) => {
                tracing::info!(error = %why, "the identity provider could not be asked again");
                return Ok(false);
            }
        };
        if let Some(next) = refreshed.refresh {
            session.set_refresh_token(next);
        }
        let Some(person) = refreshed.person else { return Ok(true) };
        if person.identity != session.record.identity {
            tracing::error!("a refresh brought somebody else; the session ends");
            return self.end(&session.id(), EndReason::ProviderRefused).await.map(|_| true);
        }
        session.asked(now);
        if person == *session.person() {
            return Ok(true);
        }
        let record = SessionRecord {
            state: SessionState::Open {
                profile: person.profile,
                key: person.key,
                groups: person.groups,
                changed_at: now,
            },
            ..session.record.clone()
        };
        let entry = entries::changed(&record).map_err(|why| Error::Store(why.to_string()))?;
        let changed = Transition::recorded(Expect::Version(session.version), &record, entry)?;
        match self.store.commit(Commit::new().with(changed)).await {
            Ok(_) => {
                self.learn(record, session.version + 1);
                Ok(true)
            }
            // It ended meanwhile, or changed elsewhere.
            Err(CommitError::Precondition { .. }) => self.follow().await.map(|()| true),
            Err(why) => Err(why.into()),
        }
    }

    /// Room for one more of this identity.
    async fn make_room(&self, identity: &Identity, now: Timestamp) -> Result<()> {
        if self.count() >= self.limits.all {
            return Err(Error::Busy("sessions"));
        }
        let mut mine = self.of(identity);
        mine.sort_by_key(|session| session.used_at());
        let too_many = (mine.len() + 1).saturating_sub(self.limits.of_one.max(1));
        for session in mine.into_iter().take(too_many) {
            tracing::info!(idle_ms = now.ms_since(session.used_at()), "a person's idlest session makes room");
            self.end(&session.id(), EndReason::TooMany).await?;
        }
        Ok(())
    }

    /// Records ends, with those that are owed. The sessions are out of memory already.
    async fn record_ends(&self, ended: Vec<(Arc<Session>, EndReason)>) -> Result<()> {
        let mut owed = self.owed.lock().await;
        owed.extend(ended);
        while !owed.is_empty() {
            let now = self.now();
            let count = owed.len().min(BATCH);
            let mut commit = Commit::new();
            for (session, why) in owed.iter().take(count) {
                let record = session.record.clone().ended(now, *why);
                let entry = entries::ended(&record, *why);
                commit.push(Transition::recorded(Expect::Version(session.version), &record, entry)?);
                commit.push(Transition::forget::<SessionUse>(Expect::Any, &record.id.to_string())?);
            }
            match self.store.commit(commit).await {
                Ok(_) => drop(owed.drain(..count)),
                Err(CommitError::Precondition { transition, .. }) => {
                    // Ended elsewhere, or changed: read what it is, and end that.
                    let at = transition / 2;
                    if at >= owed.len() {
                        return Err(Error::Store("a precondition of no session".to_owned()));
                    }
                    let (session, why) = owed.remove(at);
                    if let Some(session) = self.reread(&session).await? {
                        owed.push((session, why));
                    }
                }
                Err(why) => return Err(why.into()),
            }
        }
        Ok(())
    }

    async fn reread(&self, session: &Session) -> Result<Option<Arc<Session>>> {
        let found = self.store.get::<SessionRecord>(&session.id().to_string()).await?;
        Ok(found.and_then(|found| session.changed(found.value, found.version)).map(Arc::new))
    }

    pub(super) fn now(&self) -> Timestamp {
        let now = self.clock.now().as_millis();
        Timestamp::from_millis(self.latest.fetch_max(now, Ordering::Relaxed).max(now))
    }

    fn read<T>(&self, act: impl FnOnce(&Live) -> T) -> T {
        act(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, act: impl FnOnce(&mut Live) -> T) -> T {
        act(&mut self.live.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").field("open", &self.count()).finish_non_exhaustive()
    }
}
