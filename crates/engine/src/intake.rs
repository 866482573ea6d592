//! Hints: stored first, then looked at; and what finds the changes that no hint told of.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, PoisonError},
};

use gerrit::{
    DetailLevel, Time,
    hint::{Hint, HintKind},
    poll,
};
use model::{Outcome, OutcomeKey, OutcomeState, Project, ServerName};
use secrecy::ExposeSecret as _;
use store::{Commit, CommitError, Expect, StoreExt as _, Transition};
use subtle::ConstantTimeEq as _;

use crate::{
    EngineError,
    engine::Engine,
    entries,
    gerrits::GerritServer,
    inbox::{Due, Ended, Inbox, Next, Told, WAITING},
    kept::{ChangeIndex, Cursor, KeptHint, KeptOutcome, KeptSubmission, Lane, SeenMetas},
    lanes::{Standing, push_outcome},
    look::{Found, Look, look},
    surface::HookAnswer,
};

/// Looks under way at once, on each server: one that hangs doesn't keep us from looking at another.
const LOOKS: usize = 8;

/// What the store said of a change when the refs were swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Swept {
    /// It belongs to a submission.
    Submitted,
    /// It was seen at this meta revision last.
    At(model::Revision),
}

impl Engine {
    /// Takes a hook's body: stores where to look, then answers. Nothing in it is believed.
    pub(crate) async fn take_hook(
        &self,
        server: &str,
        secret: &str,
        source: IpAddr,
        body: &[u8],
    ) -> HookAnswer {
        let known = server.parse::<ServerName>().ok().and_then(|name| self.servers.get(&name));
        // A comparison even where there is nothing to compare with: both answers take as long.
        let expected = known.and_then(|s| s.hook_secret.as_ref()).map_or("", |s| s.expose_secret());
        let same: bool = expected.as_bytes().ct_eq(secret.as_bytes()).into();
        let Some(server) = known.filter(|_| same && !expected.is_empty()) else {
            return HookAnswer::NotFound;
        };
        let Some(inbox) = self.inboxes.get(&server.name) else { return HookAnswer::NotFound };
        if !inbox.takes(source, self.clock.now()) {
            inbox.refuse();
            return HookAnswer::OverBudget;
        }
        let hint = match Hint::parse(body) {
            Ok(hint) => hint,
            Err(gerrit::hint::HintError::NoProject) => return HookAnswer::Ignored,
            Err(_) => return HookAnswer::Malformed,
        };
        let Ok(project) = hint.project.parse::<Project>() else { return HookAnswer::Ignored };
        if self.watched_branches(&server.name, &project).is_empty() {
            return HookAnswer::Ignored;
        }
        let of_meta = hint.reference.as_deref().and_then(notedb::change_of_meta_ref);
        let number = hint.number.or(of_meta);
        let of_branch = hint.kind == HintKind::RefUpdated && of_meta.is_none();
        if number.is_none() && !(of_branch && self.is_operations(&server.name, &project)) {
            return HookAnswer::Ignored;
        }
        match self.keep_hint(&server.name, project, number).await {
            Ok(true) => HookAnswer::Stored,
            Ok(false) => HookAnswer::Known,
            Err(error) => {
                tracing::error!(%error, "a hint could not be written down");
                HookAnswer::Unavailable
            }
        }
    }

    /// Writes a hint down; false if the same one waits already. A look at it may begin before it is durable: all that a
    /// hint does is to name what to read.
    async fn keep_hint(
        &self,
        server: &ServerName,
        project: Project,
        number: Option<u64>,
    ) -> Result<bool, EngineError> {
        let hint = KeptHint { server: server.clone(), project, number, at: self.clock.now() };
        let keep = Transition::bookkeeping(Expect::Any, &hint)?;
        let telling = match self.inbox(server)?.tell(&hint) {
            Told::Known => return Ok(false),
            Told::Full => {
                return Err(EngineError::Outside(
                    "too many hints wait; the poll will find what they told".to_owned(),
                ));
            }
            Told::New(telling) => telling,
        };
        let receipt = self.store.commit(vec![keep].into()).await?;
        telling.written(receipt.versions.first().copied().flatten().unwrap_or(1));
        Ok(true)
    }

    /// Looks at a server's hints as they come, several at once, each change by one at a time.
    pub(crate) async fn look_at_hints(self: &Arc<Self>, inbox: &Arc<Inbox>) {
        let permits = Arc::new(tokio::sync::Semaphore::new(LOOKS));
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let due = match inbox.next(self.clock.now()) {
                Next::Due(due) => due,
                Next::Nothing => {
                    tokio::select! {
                        () = self.stop.cancelled() => return,
                        () = inbox.rung() => continue,
                    }
                }
                Next::InMs(pause_ms) => {
                    let pause = std::time::Duration::from_millis(pause_ms.unsigned_abs());
                    tokio::select! {
                        () = self.stop.cancelled() => return,
                        () = inbox.rung() => continue,
                        () = tokio::time::sleep(pause) => continue,
                    }
                }
            };
            let (engine, inbox) = (Arc::clone(self), Arc::clone(inbox));
            self.tasks.spawn(async move {
                let _permit = permit;
                let done = tokio::select! {
                    () = engine.stop.cancelled() => return,
                    done = engine.look_at(&inbox, &due) => done,
                };
                let about = format!("hint {}", due.key);
                if let Err(error) = done {
                    tracing::warn!(%error, hint = due.key, "looked at again later");
                    engine.problem(&about, Some(error.to_string()));
                    inbox.failed(&due, engine.clock.now());
                } else {
                    engine.problem(&about, None);
                }
                inbox.leave(&due);
            });
        }
    }

    async fn look_at(self: &Arc<Self>, inbox: &Inbox, due: &Due) -> Result<(), EngineError> {
        let hint = &due.hint;
        let looked = match hint.number {
            Some(number) => self.look_at_change(&hint.server, &hint.project, number).await,
            None => self.reconfigure().await,
        };
        match looked {
            Err(EngineError::Gerrit { why, .. }) if why.class() == gerrit::Class::NotFound => {
                // Private, deleted, or not ours to see: if that changes, another hint or the sweep tells.
                tracing::info!(hint = due.key, "named something that we can't see");
            }
            other => other?,
        }
        let Ended::Forget(version) = inbox.ended(due).await else { return Ok(()) };
        let forget = Transition::forget::<KeptHint>(Expect::Version(version), &due.key)?;
        match self.store.commit(vec![forget].into()).await {
            Ok(_) | Err(CommitError::Precondition { found: None, .. }) => inbox.forgotten(due),
            // Told again meanwhile, so it is looked at again.
            Err(CommitError::Precondition { found: Some(version), .. }) => inbox.corrected(due, version),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Looks at one change, and does what follows.
    pub(crate) async fn look_at_change(
        self: &Arc<Self>,
        server: &ServerName,
        project: &Project,
        number: u64,
    ) -> Result<(), EngineError> {
        let watched = self.watched_branches(server, project);
        let gerrit = Arc::clone(self.server(server)?);
        let reconfigured = match self.is_operations(server, project) {
            true => self.reconfigure().await,
            false => Ok(()),
        };
        let key = ChangeIndex::key_of(server, number);
        if self.store.get::<ChangeIndex>(&key).await?.is_some() {
            return reconfigured;
        }
        let looked = match look(&self.reader(&gerrit), project, number, &watched).await? {
            Look::Open(Some(meta)) => self.remember_meta(server, number, meta).await,
            Look::Elsewhere(Some(meta)) => self.remember_meta(server, number, meta).await,
            Look::Open(None) | Look::Elsewhere(None) => Ok(()),
            Look::Merged(found) => self.found(*found).await,
        };
        // A vote may be the one that a request waits for.
        self.ring_for_requests(server, project);
        looked.and(reconfigured)
    }

    /// Remembers where a meta history stood, so that a rewrite of it is seen.
    pub(crate) async fn remember_meta(
        &self,
        server: &ServerName,
        number: u64,
        meta: model::Revision,
    ) -> Result<(), EngineError> {
        let key = ChangeIndex::key_of(server, number);
        let now = self.clock.now();
        let before = self.store.get::<SeenMetas>(&key).await?;
        let mut seen = before.map_or_else(
            || SeenMetas { server: server.clone(), number, metas: Vec::new(), at: now },
            |before| before.value,
        );
        if seen.add(meta, now) {
            self.store.commit(vec![Transition::bookkeeping(Expect::Any, &seen)?].into()).await?;
        }
        Ok(())
    }

    /// A submission was found: who wants it?
    async fn found(self: &Arc<Self>, found: Found) -> Result<(), EngineError> {
        let at = &found.submission;
        if self.takes_requests(&at.server, &at.project, &at.branch) {
            return self.found_request(found).await;
        }
        let Found { submission, subject, paths, known, synced } = found;
        let accepted = self.accepted.load_full();
        let all_paths: Option<Vec<String>> = paths.map(|paths| paths.into_iter().collect());
        let configuration = &accepted.rulebook.configuration;
        let now = self.clock.now();
        let mut outcomes = Vec::new();
        for operation in configuration.operations() {
            let Some(trigger) = &operation.trigger else { continue };
            // Not known which paths: then all are meant.
            let at = (&submission.server, &submission.project, &submission.branch);
            let here = trigger.server == *at.0 && trigger.project == *at.1 && trigger.branch == *at.2;
            let matches = match &all_paths {
                Some(paths) => trigger.matches(at.0, at.1, at.2, paths),
                None => here,
            };
            // Only what merged after the operation was accepted (I3).
            let since = accepted.record.value.since.get(&operation.name).copied();
            if !matches || since.is_none_or(|since| submission.submitted_at.plus_ms(999) < since) {
                continue;
            }
            let Some(environment) = operation.environments.first() else { continue };
            let key = OutcomeKey {
                submission: submission.id.clone(),
                operation: operation.name.clone(),
                environment: environment.name.clone(),
            };
            outcomes.push(KeptOutcome {
                id: key.id(),
                lane: Lane {
                    operation: operation.name.clone(),
                    environment: environment.name.clone(),
                    server: submission.server.clone(),
                    project: submission.project.clone(),
                    branch: submission.branch.clone(),
                },
                outcome: Outcome { key, opened_at: now, state: OutcomeState::Open },
                tip: submission.tip,
                configuration: accepted.rulebook.commit,
                until: now.plus_ms(i64::try_from(operation.wait.0).unwrap_or(i64::MAX)),
                judged: None,
                request: None,
            });
        }
        let kept = KeptSubmission {
            submission: submission.clone(),
            subject,
            outcomes: outcomes.iter().map(|o| o.id.clone()).collect(),
            refused: Vec::new(),
        };
        let mut prelude = Commit::new();
        prelude.push(Transition::recorded(Expect::Absent, &kept, entries::submission_seen(&kept))?);
        for number in &submission.changes {
            let index = ChangeIndex {
                server: submission.server.clone(),
                number: *number,
                submission: submission.id.clone(),
                at: now,
            };
            prelude.push(Transition::bookkeeping(Expect::Any, &index)?);
        }
        if self.store.get::<KeptSubmission>(submission.id.as_str()).await?.is_some() {
            return Ok(());
        }
        tracing::info!(submission = %submission.id, changes = ?submission.changes, operations = outcomes.len(), "submission seen");
        let one = if outcomes.len() == 1 { outcomes.pop() } else { None };
        if let Some(kept) = one {
            let lane = kept.lane.clone();
            let standing = Standing { kept, submission, expect: Expect::Absent, known, other_plan: false };
            return ignore_known(self.evaluate(&lane, Some((standing, prelude)), Some(synced)).await);
        }
        let lanes: Vec<Lane> = outcomes.iter().map(|o| o.lane.clone()).collect();
        for outcome in &outcomes {
            push_outcome(&mut prelude, Expect::Absent, outcome)?;
        }
        ignore_known(self.store.commit(prelude).await.map(drop).map_err(Into::into))?;
        self.moved();
        for lane in lanes {
            self.evaluate(&lane, None, None).await?;
        }
        Ok(())
    }

    /// Walks the changes that merged since the cursor.
    ///
    /// # Errors
    /// [`EngineError`]: the cursor stays where it was.
    pub(crate) async fn poll(self: &Arc<Self>, server: &Arc<GerritServer>) -> Result<(), EngineError> {
        let about = format!("poll of {}", server.name);
        let result = self.poll_once(server).await;
        self.problem(&about, result.as_ref().err().map(ToString::to_string));
        result
    }

    async fn poll_once(self: &Arc<Self>, server: &Arc<GerritServer>) -> Result<(), EngineError> {
        self.say_refused_hints().await?;
        // What is wrong with the operations project must not hide what merged elsewhere.
        let reconfigured = match self.operations.server == server.name {
            true => self.reconfigure().await,
            false => Ok(()),
        };
        let cursor = self.store.get::<Cursor>(server.name.as_str()).await?;
        let since =
            cursor.as_ref().and_then(|c| Time::parse(&c.value.updated)).unwrap_or_else(|| self.beginning());
        let mut walk = poll::Walk::new(poll::Cursor(since));
        while let Some(query) = walk.next_query(DetailLevel::Brief) {
            let answer = server.reader.changes(&query).await.map_err(|why| server.error(why))?;
            server.check_clock(&answer, &*self.clock)?;
            walk.take(&answer.value);
            for change in &answer.value.changes {
                let Ok(project) = change.project.parse::<Project>() else { continue };
                let branch = change.branch_ref();
                if !self.watched_branches(&server.name, &project).iter().any(|b| b.as_str() == branch) {
                    continue;
                }
                let key = ChangeIndex::key_of(&server.name, change.number);
                if self.store.get::<ChangeIndex>(&key).await?.is_none()
                    && !self.is_operations(&server.name, &project)
                {
                    self.keep_hint(&server.name, project, Some(change.number)).await?;
                }
            }
        }
        if let Some(end) = walk.finish() {
            let next = Cursor { server: server.name.clone(), updated: end.0.to_string() };
            if cursor.is_none_or(|c| c.value != next) {
                self.store.commit(vec![Transition::bookkeeping(Expect::Any, &next)?].into()).await?;
            }
        }
        reconfigured
    }

    /// Where the first walk begins: nothing older than the configuration in force can match.
    fn beginning(&self) -> Time {
        let since = self.accepted.load();
        let since = since.record.value.since.values().min().copied().unwrap_or(since.record.value.at);
        Time::new(jiff::Timestamp::from_millisecond(since.as_millis()).unwrap_or_default())
    }

    /// Looks at the refs themselves: an index that a crash emptied hides changes, the refs keep them.
    ///
    /// # Errors
    /// [`EngineError`]: it is done again later.
    pub(crate) async fn sweep(self: &Arc<Self>, server: &Arc<GerritServer>) -> Result<(), EngineError> {
        let about = format!("sweep of {}", server.name);
        let result = self.sweep_once(server).await;
        self.problem(&about, result.as_ref().err().map(ToString::to_string));
        result
    }

    async fn sweep_once(self: &Arc<Self>, server: &Arc<GerritServer>) -> Result<(), EngineError> {
        let mut reconfigured = Ok(());
        for project in self.watched_projects(&server.name) {
            if self.is_operations(&server.name, &project) {
                reconfigured = self.reconfigure().await;
            }
            for (name, meta) in server.list(&project, &["refs/changes/"]).await? {
                let Some(number) = notedb::change_of_meta_ref(&name) else { continue };
                if !self.swept(&server.name, number, gate::revision(&meta)).await? {
                    self.keep_hint(&server.name, project.clone(), Some(number)).await?;
                }
            }
        }
        reconfigured
    }

    /// Whether a change that stands at this meta revision needs no look: it belongs to a submission, or was seen there. What
    /// the store said once isn't asked again: a server may have a hundred thousand changes, and few of them move.
    async fn swept(
        &self,
        server: &ServerName,
        number: u64,
        meta: model::Revision,
    ) -> Result<bool, EngineError> {
        let kept = |swept: &mut HashMap<ServerName, HashMap<u64, Swept>>, fresh: Option<Swept>| {
            let of = swept.entry(server.clone()).or_default();
            if let Some(fresh) = fresh {
                of.insert(number, fresh);
            }
            of.get(&number).is_some_and(|known| *known == Swept::Submitted || *known == Swept::At(meta))
        };
        if kept(&mut self.swept.lock().unwrap_or_else(PoisonError::into_inner), None) {
            return Ok(true);
        }
        let key = ChangeIndex::key_of(server, number);
        let fresh = if self.store.get::<ChangeIndex>(&key).await?.is_some() {
            Some(Swept::Submitted)
        } else {
            let seen = self.store.get::<SeenMetas>(&key).await?;
            seen.and_then(|seen| seen.value.metas.last().copied()).map(Swept::At)
        };
        Ok(kept(&mut self.swept.lock().unwrap_or_else(PoisonError::into_inner), fresh))
    }

    /// Judges again what waits or was left open on a server; each server has its own round, should another hang.
    ///
    /// # Errors
    /// [`EngineError`]: it is done again later.
    pub(crate) async fn reconsider(self: &Arc<Self>, server: &ServerName) -> Result<(), EngineError> {
        let listed = self.store.all::<KeptOutcome>(&["open", "waiting"], WAITING).await?;
        let mut lanes: Vec<Lane> = listed.items.into_iter().map(|o| o.value.lane).collect();
        lanes.retain(|lane| lane.server == *server);
        lanes.sort();
        lanes.dedup();
        for lane in lanes {
            if let Err(error) = self.evaluate(&lane, None, None).await {
                tracing::warn!(%error, lane = lane.key(), "judged again later");
            }
        }
        Ok(())
    }

    /// One entry for all hints that were over their budget since the last one.
    async fn say_refused_hints(&self) -> Result<(), EngineError> {
        for (server, inbox) in &self.inboxes {
            if let count @ 1.. = inbox.take_refused() {
                let entry = entries::hints_refused(server.as_str(), count);
                self.store.commit(vec![Transition::entry(entry)].into()).await?;
            }
        }
        Ok(())
    }
}

/// Somebody else wrote it down first: then it is written down.
fn ignore_known(result: Result<(), EngineError>) -> Result<(), EngineError> {
    match result {
        Err(EngineError::Commit(CommitError::Precondition { .. })) => Ok(()),
        other => other,
    }
}
