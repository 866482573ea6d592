//! Drives a spent run to its end.

use std::time::Duration;

use async_trait::async_trait;
use grant::{OutputSummary, StepAt, StepReport, VerifiedGrant};
use ledger::Salt;
use model::{Action, Plan, Run, RunResult, StepResult, StepState, Timestamp};
use store::{Commit, CommitError, StoreExt as _, Transition};
use targets::{Acted, Context, Limits, Secrets};

use crate::{
    Executor, ExecutorError, Spent,
    entries::Output,
    files::Loaded,
    journal::Journal,
    machine::{Hands, to_the_end},
};

/// What others have to write in the commit in which a run ends.
#[async_trait]
pub trait Settle: Send + Sync {
    /// The transitions, for the run as it ended; asked again when the commit has to be tried again.
    ///
    /// # Errors
    /// When it can't be said now; it is asked again.
    async fn settle(&self, run: &Run) -> Result<Vec<Transition>, ExecutorError>;
}

/// Between two tries to end a program that can't be ended.
const STUBBORN: Duration = Duration::from_secs(10);

/// The longest pause between two tries to record something, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 5_000;

impl Executor {
    /// Acts until the run is over. What can't be recorded is tried again for as long as this future is polled: an
    /// outcome is not given up, and nothing more happens until it is recorded (I6).
    ///
    /// # Errors
    /// What can't be cured by trying again; the run then stays as its journal says.
    pub async fn drive(&self, spent: Spent, settle: &dyn Settle) -> Result<Run, ExecutorError> {
        let Spent { grant, mut journal, files, resumed } = spent;
        if resumed {
            while let Err(error) = self.outlive_leftovers(journal.run(), grant.plan(), true).await {
                tracing::error!(run = %journal.run().id, %error, "tried again");
                tokio::time::sleep(STUBBORN).await;
            }
        }
        let hands = RealHands { executor: self, grant: &grant, files: &files, settle };
        to_the_end(&mut journal, grant.plan(), &hands).await?;
        Ok(journal.run().clone())
    }

    /// Ends a run whose grant is no longer good: nothing more may act for it. What may have acted is unknown.
    ///
    /// # Errors
    /// As [`Executor::drive`]; and [`ExecutorError::StillActing`], until which has ended nothing is said of the run.
    pub async fn close(
        &self,
        run: Run,
        version: u64,
        plan: &Plan,
        settle: &dyn Settle,
    ) -> Result<Run, ExecutorError> {
        self.outlive_leftovers(&run, plan, false).await?;
        let now = self.clock.now();
        let mut journal = Journal::found(run, version);
        let mut unknown = false;
        for (index, step) in (0_u32..).zip(journal.run().steps.clone()) {
            let places = [(StepAt::forward(index), step.state), (StepAt::undo(index), step.undo)];
            for (at, _) in places.iter().filter(|(_, state)| matches!(state, StepState::Started { .. })) {
                journal.finish_step(*at, StepResult::Unknown { signed: None }, None, now)?;
                unknown = true;
            }
        }
        let acted = journal.run().steps.iter().any(|step| step.state != StepState::Pending);
        let result = match (unknown, acted) {
            (true, _) => RunResult::Unknown,
            (false, true) => RunResult::Partial,
            (false, false) => RunResult::Failed,
        };
        let over = journal.run().clone().finish(result, now)?;
        journal.finish(over, result)?;
        self.record(&mut journal, Some(settle)).await?;
        Ok(journal.run().clone())
    }

    /// Waits until nothing that a former process of ours began for this run acts on this host any more. A program outlives a
    /// hard end of ours: until it is gone, what it does isn't known, and its target is nobody else's. One that may be
    /// repeated is left to its next attempt, which ends it first.
    async fn outlive_leftovers(&self, run: &Run, plan: &Plan, may_finish: bool) -> Result<(), ExecutorError> {
        for (index, step) in (0_u32..).zip(&run.steps) {
            let places = [(StepAt::forward(index), &step.state), (StepAt::undo(index), &step.undo)];
            for (at, state) in places {
                let StepState::Started { at: since, .. } = state else { continue };
                let planned = usize::try_from(index).ok().and_then(|index| plan.steps.get(index));
                let action =
                    planned.and_then(|step| if at.undo { step.undo.as_ref() } else { Some(&step.action) });
                let Some(Action::Exec(exec)) = action else { continue };
                if may_finish && exec.idempotent {
                    continue;
                }
                let ends = since.plus_ms(i64::try_from(exec.timeout_ms).unwrap_or(i64::MAX));
                let left = match may_finish {
                    true => ends.as_millis().saturating_sub(self.clock.now().as_millis()),
                    false => 0,
                };
                let within = Duration::from_millis(u64::try_from(left).unwrap_or(0).min(exec.timeout_ms));
                if !targets::leftovers_end(&run.id, at, within).await {
                    return Err(ExecutorError::StillActing { run: run.id.clone(), step: step.id.clone() });
                }
            }
        }
        Ok(())
    }

    async fn step(
        &self,
        grant: &VerifiedGrant,
        journal: &mut Journal,
        at: StepAt,
        files: &Loaded,
    ) -> Result<(), ExecutorError> {
        let (started_at, attempt) = started(journal.run(), at).ok_or_else(|| journal.broken("no intent"))?;
        let step = grant.step(at.index).ok_or_else(|| journal.broken("no such step"))?;
        tracing::info!(run = %grant.run(), step = %step.id, undo = at.undo, attempt, "step begins");
        // What the outcome needs is at hand before anything is done: an act that can't be told is worse than none.
        let mut salt = [0; 32];
        self.entropy.fill(&mut salt).map_err(|why| ExecutorError::Store(why.to_string()))?;
        let late = grant.check_deadline(self.clock.now()).err();
        let context = Context {
            files,
            scratch: &self.config.scratch,
            secrets: &Secrets::default(),
            desk: Some(&*self.desk),
            limits: Limits::default(),
        };
        let acted = match late {
            Some(_) => None,
            None => Some(targets::act(grant, at, attempt, &context).await),
        };
        let finished_at = self.clock.now().max(started_at);
        let text = acted.as_ref().map_or("", |a| a.output.text()).to_owned();
        let output = Output { text, salt: Salt::new(salt) };
        let report = StepReport {
            schema: StepReport::SCHEMA.to_owned(),
            run: grant.run().clone(),
            plan: *grant.plan_digest(),
            grant: grant.id().clone(),
            step: at.index,
            id: step.id.clone(),
            target: step.target.as_ref().map(|t| t.name.clone()),
            undo: at.undo,
            attempt,
            started_at,
            finished_at,
            did: acted.as_ref().map_or(grant::Did::Failed, |a| a.did.kind()),
            why: acted.as_ref().map_or_else(|| Some("the grant's deadline has passed".to_owned()), why),
            exit: acted.as_ref().and_then(|a| a.exit),
            output: OutputSummary {
                bytes: acted.as_ref().map_or(0, |a| a.output.bytes()),
                truncated: acted.as_ref().is_some_and(|a| a.output.truncated()),
                commitment: output.commitment(),
            },
        };
        let signed = report.sign(&self.config.key)?;
        let result = signed.result(&report);
        tracing::info!(run = %grant.run(), step = %step.id, undo = at.undo, did = ?report.did, "step ended");
        journal.object(signed.into_bytes());
        journal.finish_step(at, result, Some(output), finished_at)
    }

    /// Commits what is pending; with it, when the run ends, what others have to write.
    async fn record(&self, journal: &mut Journal, settle: Option<&dyn Settle>) -> Result<(), ExecutorError> {
        let pending = journal.take_pending();
        let mut pause_ms = 50;
        loop {
            let error = match self.try_record(&pending, journal, settle).await {
                Ok(()) => return Ok(()),
                Err(error) if can_be_cured(&error) => error,
                Err(error) => return Err(error),
            };
            tracing::warn!(run = %journal.run().id, %error, pause_ms, "not recorded, trying again; nothing more happens until it is");
            tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            pause_ms = (pause_ms * 2).min(LONGEST_PAUSE_MS);
        }
    }

    async fn try_record(
        &self,
        pending: &Commit,
        journal: &Journal,
        settle: Option<&dyn Settle>,
    ) -> Result<(), ExecutorError> {
        let mut commit = pending.clone();
        if let Some(settle) = settle {
            settle.settle(journal.run()).await?.into_iter().for_each(|t| commit.push(t));
        }
        if commit.is_empty() {
            return Ok(());
        }
        match self.store.commit(commit).await {
            Ok(_) => Ok(()),
            // It may have been written by the try before, whose answer was lost: then the run says so.
            Err(error @ (CommitError::Uncertain { .. } | CommitError::Precondition { .. }))
                if !pending.is_empty() =>
            {
                let key = journal.run().id.as_str();
                let found =
                    self.store.get::<Run>(key).await.map_err(|why| ExecutorError::Store(why.to_string()))?;
                match found {
                    Some(found) if found.version == journal.version() && found.value == *journal.run() => {
                        Ok(())
                    }
                    _ => Err(error.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The store and the targets.
struct RealHands<'a> {
    executor: &'a Executor,
    grant: &'a VerifiedGrant,
    files: &'a Loaded,
    settle: &'a dyn Settle,
}

impl Hands for RealHands<'_> {
    fn now(&self) -> Timestamp {
        self.executor.clock.now()
    }

    async fn record(&self, journal: &mut Journal, over: bool) -> Result<(), ExecutorError> {
        self.executor.record(journal, over.then_some(self.settle)).await
    }

    async fn act(&self, journal: &mut Journal, at: StepAt) -> Result<(), ExecutorError> {
        self.executor.step(self.grant, journal, at, self.files).await
    }
}

fn can_be_cured(error: &ExecutorError) -> bool {
    match error {
        ExecutorError::NotRecorded(CommitError::Uncertain { .. }) | ExecutorError::Store(_) => true,
        // Only what others write in the last commit can be in the way of it: they are asked again.
        ExecutorError::NotRecorded(CommitError::Precondition { kind, .. }) => {
            *kind != <Run as store::Kept>::KIND
        }
        ExecutorError::NotRecorded(error) => error.is_temporary(),
        _ => false,
    }
}

fn started(run: &Run, at: StepAt) -> Option<(Timestamp, u32)> {
    let step = run.steps.get(usize::try_from(at.index).ok()?)?;
    match if at.undo { &step.undo } else { &step.state } {
        StepState::Started { at, attempt } => Some((*at, *attempt)),
        _ => None,
    }
}

fn why(acted: &Acted) -> Option<String> {
    acted.did.why().map(str::to_owned)
}
