//! A run's record with the transitions that are not committed yet.

use grant::{StepAt, VerifiedGrant};
use model::{Run, RunResult, StepResult, StepState, Timestamp};
use store::{Commit, Expect, Transition};

use crate::{
    ExecutorError,
    entries::{self, Output},
};

/// A run as this process knows it, and what it has to write.
pub(crate) struct Journal {
    run: Run,
    /// The version in the store once what is pending is committed; 0: not there yet.
    version: u64,
    pending: Commit,
    /// The action whose intent this process recorded, and that it has not finished.
    live: Option<StepAt>,
}

impl Journal {
    /// A new run, nothing written.
    pub(crate) fn new(run: Run) -> Self {
        Self { run, version: 0, pending: Commit::new(), live: None }
    }

    /// A run that was found in the store.
    pub(crate) fn found(run: Run, version: u64) -> Self {
        Self { run, version, pending: Commit::new(), live: None }
    }

    pub(crate) const fn run(&self) -> &Run {
        &self.run
    }

    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    /// What has to be committed before anything else happens.
    pub(crate) fn take_pending(&mut self) -> Commit {
        std::mem::take(&mut self.pending)
    }

    pub(crate) fn push(&mut self, transition: Transition) {
        self.pending.push(transition);
    }

    /// Keeps bytes with the next commit.
    pub(crate) fn object(&mut self, bytes: Vec<u8>) {
        self.pending.object(bytes);
    }

    pub(crate) fn is_live(&self, at: StepAt) -> bool {
        self.live == Some(at)
    }

    fn write(&mut self, run: Run, entry: ledger::Draft) -> Result<(), ExecutorError> {
        let expect = if self.version == 0 { Expect::Absent } else { Expect::Version(self.version) };
        self.pending.push(Transition::recorded(expect, &run, entry).map_err(store::CommitError::from)?);
        self.version += 1;
        self.run = run;
        Ok(())
    }

    /// Records the intent.
    pub(crate) fn start_step(&mut self, at: StepAt, now: Timestamp) -> Result<(), ExecutorError> {
        let mut run = self.run.clone();
        let (state, id) = slot(&mut run, at).ok_or_else(|| self.broken("it has no such step"))?;
        *state = std::mem::replace(state, StepState::Pending).start(now)?;
        let attempt = if let StepState::Started { attempt, .. } = state { *attempt } else { 1 };
        let entry = entries::step_started(&run, at.index, &id, at.undo, attempt);
        self.live = Some(at);
        self.write(run, entry)
    }

    /// Records the outcome.
    pub(crate) fn finish_step(
        &mut self,
        at: StepAt,
        result: StepResult,
        output: Option<Output>,
        now: Timestamp,
    ) -> Result<(), ExecutorError> {
        let mut run = self.run.clone();
        let (state, id) = slot(&mut run, at).ok_or_else(|| self.broken("it has no such step"))?;
        let entry_result = result.clone();
        *state = std::mem::replace(state, StepState::Pending).finish(result, now)?;
        let entry = entries::step_finished(&run, at.index, &id, at.undo, &entry_result, output);
        self.live = None;
        self.write(run, entry)
    }

    /// Records that the run turns back.
    pub(crate) fn turn(&mut self, run: Run) -> Result<(), ExecutorError> {
        let entry = entries::run_turned(&run);
        self.write(run, entry)
    }

    /// Records the end.
    pub(crate) fn finish(&mut self, run: Run, result: RunResult) -> Result<(), ExecutorError> {
        let entry = entries::run_finished(&run, result);
        self.write(run, entry)
    }

    pub(crate) fn broken(&self, why: &str) -> ExecutorError {
        ExecutorError::Journal { run: self.run.id.clone(), why: why.to_owned() }
    }

    /// That the journal is the one of this grant.
    pub(crate) fn check(&self, grant: &VerifiedGrant) -> Result<(), ExecutorError> {
        let run = &self.run;
        let steps = grant.plan().steps.iter().map(|s| &s.id);
        let same = run.id == *grant.run()
            && run.grant == *grant.id()
            && run.plan == *grant.plan_digest()
            && run.outcome == *grant.outcome()
            && run.steps.iter().map(|s| &s.id).eq(steps);
        if same { Ok(()) } else { Err(self.broken("it is not that of the grant")) }
    }
}

fn slot(run: &mut Run, at: StepAt) -> Option<(&mut StepState, String)> {
    let step = run.steps.get_mut(usize::try_from(at.index).ok()?)?;
    let id = step.id.to_string();
    Some((if at.undo { &mut step.undo } else { &mut step.state }, id))
}
