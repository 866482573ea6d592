//! The reconciler of requests: compares each with what it should be, and does the next thing.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use model::{Project, RequestId, ServerName};
use store::{StoreExt as _, Versioned};

use super::{KeptRequest, RequestState, Seen, kept::End};
use crate::{EngineError, engine::Engine, gerrits::change_refs};

/// How often it looks when nothing rings.
const PAUSE: Duration = Duration::from_secs(2);
/// Requests that are looked at in one round.
const ROUND: usize = 1_000;
/// One whose change hasn't moved is judged again after so long: a role, a link or a freeze may have.
const AGAIN_MS: i64 = 30_000;
/// After so many failures on a server in one round the others there wait for the next.
const AWAY: u32 = 3;

impl Engine {
    /// Tends requests until everything stops.
    pub(crate) async fn tend_requests(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                done = self.tend_all() => if let Err(error) = done { tracing::warn!(%error, "requests: tried again later") },
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.requests.bell.notified() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    /// Something moved in a project: if requests become changes there, they are looked at.
    pub(crate) fn ring_for_requests(&self, server: &ServerName, project: &Project) {
        let accepted = self.accepted.load();
        let at = accepted.rulebook.configuration.requests();
        if at.is_some_and(|at| at.server == *server && at.project == *project) {
            self.requests.bell.notify_one();
        }
    }

    /// Other rules are in force.
    pub(crate) fn ring_for_rules(&self) {
        self.requests.bell.notify_one();
    }

    /// What was seen of open requests doesn't hold any more: somebody is somebody else now.
    pub(crate) fn look_at_requests_again(&self) {
        let mut seen = self.requests.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.values_mut().for_each(|seen| seen.judged = None);
    }

    async fn tend_all(self: &Arc<Self>) -> Result<(), EngineError> {
        let live = self.store.all::<KeptRequest>(KeptRequest::LIVE, ROUND).await?;
        for broken in &live.broken {
            self.problem("requests", Some(broken.to_string()));
        }
        let moved = self.moved_changes(&live.items).await;
        let mut away: BTreeMap<ServerName, u32> = BTreeMap::new();
        for kept in live.items {
            let (id, server) = (kept.value.request.id.clone(), kept.value.request.server.clone());
            let failures = away.entry(server).or_default();
            let wait = self.seen_of(&id).failed.1;
            if *failures >= AWAY || wait.is_some_and(|at| at > self.clock.now()) {
                continue;
            }
            let done = self.tend_one(kept, &moved).await;
            let trouble = done.as_ref().err().map(ToString::to_string);
            let now = self.clock.now();
            if trouble.is_some() || self.seen_of(&id).trouble.is_some() {
                self.saw_request(&id, |seen| {
                    seen.failed = match &trouble {
                        None => (0, None),
                        Some(_) => {
                            let times = seen.failed.0.saturating_add(1);
                            (times, Some(now.plus_ms(1_000_i64.saturating_mul(1 << times.min(6)))))
                        }
                    };
                    seen.trouble.clone_from(&trouble);
                });
            }
            if let Some(error) = &trouble {
                *failures += 1;
                tracing::warn!(error, request = %id, "tried again later");
            }
            self.problem(&format!("request {id}"), trouble);
        }
        Ok(())
    }

    async fn tend_one(
        self: &Arc<Self>,
        kept: Versioned<KeptRequest>,
        moved: &HashMap<(ServerName, u64), model::Revision>,
    ) -> Result<(), EngineError> {
        let request = &kept.value.request;
        let overdue = self.clock.now() >= request.until;
        match kept.value.state.clone() {
            RequestState::Made if overdue => self.end_request(kept, End::Expired, Vec::new(), None).await,
            RequestState::Made => self.open_request(kept).await,
            RequestState::Open { opened } | RequestState::Submitting { opened, .. } => {
                let meta = moved.get(&(request.server.clone(), opened.change));
                let now = self.clock.now();
                let configuration = self.accepted.load().rulebook.commit;
                let judged = self.seen_of(&request.id).judged;
                let still = judged.is_some_and(|(stood, under, at)| {
                    Some(&stood) == meta && under == configuration && now.ms_since(at) < AGAIN_MS
                });
                if still && !overdue {
                    return Ok(());
                }
                self.look_at_request(kept, opened).await
            }
            RequestState::Ended { how, opened: Some(opened), closed: false, .. } => {
                self.close_request(kept, how, opened).await
            }
            RequestState::Merged { .. } | RequestState::Ended { .. } => Ok(()),
        }
    }

    /// Where the meta histories of these changes stand now; those of a server that doesn't answer are left out, and looked at.
    async fn moved_changes(
        &self,
        live: &[Versioned<KeptRequest>],
    ) -> HashMap<(ServerName, u64), model::Revision> {
        let mut prefixes: BTreeMap<(ServerName, Project), Vec<String>> = BTreeMap::new();
        for kept in live {
            let request = &kept.value.request;
            if let RequestState::Open { opened } | RequestState::Submitting { opened, .. } = &kept.value.state
            {
                let at = (request.server.clone(), request.project.clone());
                prefixes.entry(at).or_default().push(change_refs(opened.change));
            }
        }
        let mut found = HashMap::new();
        for ((name, project), prefixes) in prefixes {
            let Ok(server) = self.server(&name) else { continue };
            let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
            let Ok(refs) = server.list(&project, &prefixes).await else { continue };
            for (reference, id) in refs {
                if let Some(number) = notedb::change_of_meta_ref(&reference) {
                    found.insert((name.clone(), number), gate::revision(&id));
                }
            }
        }
        found
    }

    pub(super) fn seen_of(&self, id: &RequestId) -> Seen {
        self.seen_requests().get(id).cloned().unwrap_or_default()
    }

    pub(super) fn saw_request(&self, id: &RequestId, change: impl FnOnce(&mut Seen)) {
        change(self.seen_requests().entry(id.clone()).or_default());
    }

    pub(super) fn forget_request(&self, id: &RequestId) {
        self.seen_requests().remove(id);
        self.problem(&format!("request {id}"), None);
    }

    fn seen_requests(&self) -> MutexGuard<'_, HashMap<RequestId, Seen>> {
        self.requests.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
