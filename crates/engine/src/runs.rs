//! Runs, from the moment their grant is spent.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use executor::{ExecutorError, Settle, Spent};
use model::{OutcomeState, Run, RunResult, RunState};
use store::{Expect, StoreExt as _, Transition};

use crate::{
    EngineError,
    engine::Engine,
    entries,
    kept::{KeptGrant, KeptOutcome, KeptSubmission, Lane, LaneRecord},
    lanes::named,
};

/// Runs that are taken up after a start.
const RUNS: usize = 1_000;
/// How long until one that couldn't be taken up is tried again, at first and at most.
const RESUME_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_RESUME_PAUSE: Duration = Duration::from_secs(60);

impl Engine {
    /// Lets a spent run go on by itself; when it is over, its lane is looked at again.
    pub(crate) fn drive(self: &Arc<Self>, lane: Lane, spent: Spent) {
        let engine = Arc::clone(self);
        self.tasks.spawn(async move {
            let settle = SettleLane { engine: Arc::clone(&engine), lane: lane.clone() };
            let done = tokio::select! {
                // Dropping the run stops what it started; the journal says where it was.
                () = engine.stop.cancelled() => return,
                done = engine.executor.drive(spent, &settle) => done,
            };
            match done {
                Ok(run) => tracing::info!(run = %run.id, state = run.state.name(), "run is over"),
                Err(error) => {
                    tracing::error!(%error, lane = lane.key(), "run stands still");
                    engine.problem(&format!("run in {}", lane.key()), Some(error.to_string()));
                }
            }
            engine.moved();
            if let Err(error) = engine.evaluate(&lane, None, None).await {
                tracing::warn!(%error, lane = lane.key(), "tried again later");
            }
        });
    }

    /// Takes up every run that a former process began. One that can't be taken up now is tried again: until it is over its
    /// lane is nobody else's.
    ///
    /// A run goes on without a new decision: its first intent is in the commit that spent the grant, so it may have acted
    /// before the crash, and what has begun finishes (within the grant's deadline) or is taken back. To ask Gerrit first
    /// would leave it half done for as long as Gerrit is away.
    pub(crate) async fn resume_runs(self: &Arc<Self>) -> Result<(), EngineError> {
        let runs = self.store.all::<Run>(&["running", "undoing"], RUNS).await?;
        for broken in &runs.broken {
            // That run stops; others go on.
            self.problem("runs", Some(broken.to_string()));
        }
        for run in runs.items {
            if !self.take_up(&run).await {
                let engine = Arc::clone(self);
                self.tasks.spawn(async move {
                    let mut pause = RESUME_PAUSE;
                    loop {
                        tokio::select! {
                            () = engine.stop.cancelled() => return,
                            () = tokio::time::sleep(pause) => {}
                        }
                        if engine.take_up(&run).await {
                            return;
                        }
                        pause = (pause * 2).min(LONGEST_RESUME_PAUSE);
                    }
                });
            }
        }
        Ok(())
    }

    /// Whether a run of a former process goes on now, or is over.
    async fn take_up(self: &Arc<Self>, run: &store::Versioned<Run>) -> bool {
        let about = format!("run {}", run.value.id);
        let done = self.resume_run(run.clone()).await;
        if let Err(error) = &done {
            tracing::error!(%error, run = %run.value.id, "run can't be taken up; tried again");
        }
        self.problem(&about, done.as_ref().err().map(ToString::to_string));
        done.is_ok()
    }

    async fn resume_run(self: &Arc<Self>, run: store::Versioned<Run>) -> Result<(), EngineError> {
        let id = run.value.id.to_string();
        let missing = |what: &str| EngineError::Outside(format!("run {id} has no {what}"));
        let kept = self.store.get::<KeptGrant>(&id).await?.ok_or_else(|| missing("grant"))?.value;
        let outcome = self.store.get::<KeptOutcome>(run.value.outcome.as_str()).await?;
        let lane = outcome.ok_or_else(|| missing("outcome"))?.value.lane;
        tracing::info!(run = id, "run is taken up");
        let (run, version) = (run.value, run.version);
        let grant = kept.grant.as_bytes();
        // One that can't be read is refused below.
        let read = grant::check_offline(grant, self.gate.id()).ok();
        let named = named(read.as_ref().and_then(|grant| grant.presence.as_ref()));
        let consents = self.signed_consents(&run.outcome, &named).await?;
        match self.executor.resume(run.clone(), version, grant, &kept.plan, &kept.decision, &consents).await {
            Ok(spent) => self.drive(lane, spent),
            Err(error @ (ExecutorError::Grant(_) | ExecutorError::Files(_))) => {
                tracing::warn!(%error, run = id, "nothing more may act for it: it ends here");
                let settle = SettleLane { engine: Arc::clone(self), lane };
                self.executor.close(run, version, &kept.plan, &settle).await?;
                self.moved();
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Settles the outcome of a run that ended, and frees its lane.
struct SettleLane {
    engine: Arc<Engine>,
    lane: Lane,
}

#[async_trait]
impl Settle for SettleLane {
    async fn settle(&self, run: &Run) -> Result<Vec<Transition>, ExecutorError> {
        self.transitions(run).await.map_err(|error| match error {
            EngineError::Commit(error) => error.into(),
            error => ExecutorError::Store(error.to_string()),
        })
    }
}

impl SettleLane {
    async fn transitions(&self, run: &Run) -> Result<Vec<Transition>, EngineError> {
        let RunState::Finished { result, at } = run.state else { return Ok(Vec::new()) };
        let engine = &self.engine;
        let mut transitions = Vec::new();
        let accepted = engine.accepted.load_full();
        if let Some(outcome) = engine.store.get::<KeptOutcome>(run.outcome.as_str()).await? {
            let mut kept = outcome.value;
            let next = OutcomeState::Ran { run: run.id.clone(), result, at };
            kept.outcome = kept.outcome.become_state(next).map_err(ExecutorError::from)?;
            transitions.push(Transition::recorded(
                Expect::Version(outcome.version),
                &kept,
                entries::outcome(&kept),
            )?);
            let submission = engine.store.get::<KeptSubmission>(kept.outcome.key.submission.as_str()).await?;
            if let Some(submission) = submission {
                for report in engine.reports_of(&kept, &submission.value.submission, &accepted) {
                    let entry = entries::report(&report);
                    transitions.push(Transition::recorded(Expect::Absent, &report, entry)?);
                }
            }
        }
        if let Some(lane) = engine.store.get::<LaneRecord>(&self.lane.key()).await?
            && lane.value.active.as_ref() == Some(&run.id)
        {
            let succeeded = match result {
                RunResult::Succeeded => Some(lane.value.base),
                _ => lane.value.succeeded,
            };
            let record = LaneRecord { active: None, succeeded, at, ..lane.value };
            let entry = entries::lane_moved(&record);
            transitions.push(Transition::recorded(Expect::Version(lane.version), &record, entry)?);
        }
        Ok(transitions)
    }
}
