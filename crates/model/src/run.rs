//! One durable execution of one granted plan.

use serde::{Deserialize, Serialize};

use crate::{Digest, GrantId, OutcomeId, RunId, StepId, Timestamp};

/// A step from one state to another that isn't allowed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a {what} that is {from} can't become {to}")]
pub struct WrongState {
    /// Of what.
    pub what: &'static str,
    /// How it stands.
    pub from: &'static str,
    /// What was asked.
    pub to: &'static str,
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunResult {
    /// Every step succeeded.
    Succeeded,
    /// A step failed; nothing was taken back.
    Failed,
    /// A step failed; every step that acted was taken back.
    Undone,
    /// A step failed, and not everything could be taken back: partial.
    Partial,
    /// It is not known whether a step acted, and it may not be repeated: a person has to look.
    Unknown,
}

impl RunResult {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Undone => "undone",
            Self::Partial => "partial",
            Self::Unknown => "unknown",
        }
    }
}

/// One durable execution of one granted plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Ours.
    pub id: RunId,
    /// The outcome that it will settle.
    pub outcome: OutcomeId,
    /// The plan's hash.
    pub plan: Digest,
    /// The grant that it spends.
    pub grant: GrantId,
    /// When it was granted.
    pub granted_at: Timestamp,
    /// How it stands.
    pub state: RunState,
    /// Its steps, as in the plan.
    pub steps: Vec<Step>,
}

/// How a run stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "is")]
pub enum RunState {
    /// Granted; the grant is not spent, nothing has happened.
    Granted,
    /// The grant is spent; steps go forward.
    Running {
        /// When it was spent.
        since: Timestamp,
    },
    /// A step failed; steps are taken back.
    Undoing {
        /// Since when.
        since: Timestamp,
    },
    /// Over.
    Finished {
        /// How it ended.
        result: RunResult,
        /// When.
        at: Timestamp,
    },
}

impl RunState {
    /// A short name for lists, entries and metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Running { .. } => "running",
            Self::Undoing { .. } => "undoing",
            Self::Finished { .. } => "finished",
        }
    }
}

/// One step of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its id in the plan.
    pub id: StepId,
    /// How it stands.
    pub state: StepState,
    /// How taking it back stands.
    pub undo: StepState,
}

/// How a step, or its undo, stands. Intent and outcome are two states, and two entries (I6).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "is")]
pub enum StepState {
    /// Nothing has happened.
    Pending,
    /// It may have acted: unknown until an outcome is recorded.
    Started {
        /// When the intent was recorded.
        at: Timestamp,
        /// The first attempt is 1.
        attempt: u32,
    },
    /// The outcome is recorded.
    Done {
        /// What it was.
        result: StepResult,
        /// When.
        at: Timestamp,
    },
}

/// What a step did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "did")]
pub enum StepResult {
    /// What it should.
    Succeeded {
        /// Of the signed result, by the executor.
        signed: Digest,
    },
    /// Not what it should; what it did before that is unknown.
    Failed {
        /// Of the signed result, by the executor.
        signed: Digest,
        /// Why, one line, no output of the step.
        why: String,
    },
    /// It may have acted, and may not be repeated.
    Unknown {
        /// Of the signed result, by the executor; none where nobody was there to sign one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        signed: Option<Digest>,
    },
}

impl StepState {
    /// A short name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Started { .. } => "started",
            Self::Done { .. } => "done",
        }
    }

    /// Records the intent: the first attempt, or the next one of a step that may be repeated.
    ///
    /// # Errors
    /// A step with an outcome is not started again.
    pub fn start(self, at: Timestamp) -> Result<Self, WrongState> {
        match self {
            Self::Pending => Ok(Self::Started { at, attempt: 1 }),
            Self::Started { attempt, .. } => Ok(Self::Started { at, attempt: attempt.saturating_add(1) }),
            Self::Done { .. } => Err(WrongState { what: "step", from: "done", to: "started" }),
        }
    }

    /// Records the outcome.
    ///
    /// # Errors
    /// Only a started step has one.
    pub fn finish(self, result: StepResult, at: Timestamp) -> Result<Self, WrongState> {
        match self {
            Self::Started { .. } => Ok(Self::Done { result, at }),
            other => Err(WrongState { what: "step", from: other.name(), to: "done" }),
        }
    }
}

impl Run {
    /// Spends the grant.
    ///
    /// # Errors
    /// A grant is spent once.
    pub fn spend(self, at: Timestamp) -> Result<Self, WrongState> {
        match self.state {
            RunState::Granted => Ok(Self { state: RunState::Running { since: at }, ..self }),
            other => Err(WrongState { what: "run", from: other.name(), to: "running" }),
        }
    }

    /// Turns back.
    ///
    /// # Errors
    /// Only a running run can.
    pub fn begin_undo(self, at: Timestamp) -> Result<Self, WrongState> {
        match self.state {
            RunState::Running { .. } => Ok(Self { state: RunState::Undoing { since: at }, ..self }),
            other => Err(WrongState { what: "run", from: other.name(), to: "undoing" }),
        }
    }

    /// Ends.
    ///
    /// # Errors
    /// A finished run stays as it is; only an unspent one can't finish at all.
    pub fn finish(self, result: RunResult, at: Timestamp) -> Result<Self, WrongState> {
        match self.state {
            RunState::Running { .. } | RunState::Undoing { .. } => {
                Ok(Self { state: RunState::Finished { result, at }, ..self })
            }
            other => Err(WrongState { what: "run", from: other.name(), to: "finished" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        Run {
            id: RunId::derive(&[b"r"]),
            outcome: OutcomeId::derive(&[b"o"]),
            plan: Digest::of(b"p"),
            grant: GrantId::derive(&[b"g"]),
            granted_at: Timestamp::from_millis(0),
            state: RunState::Granted,
            steps: vec![],
        }
    }

    #[test]
    fn a_grant_is_spent_once_and_before_anything_else() {
        let now = Timestamp::from_millis(1);
        let spent = run().spend(now).unwrap();
        assert!(spent.clone().spend(now).is_err());
        assert!(run().finish(RunResult::Succeeded, now).is_err());
        assert!(run().begin_undo(now).is_err());
        let over = spent.finish(RunResult::Succeeded, now).unwrap();
        assert!(over.clone().finish(RunResult::Failed, now).is_err());
        assert!(over.begin_undo(now).is_err());
    }

    #[test]
    fn a_step_has_an_outcome_only_after_an_intent_and_only_one() {
        let now = Timestamp::from_millis(1);
        assert!(StepState::Pending.finish(StepResult::Unknown { signed: None }, now).is_err());
        let started = StepState::Pending.start(now).unwrap();
        let done = started.finish(StepResult::Unknown { signed: None }, now).unwrap();
        assert!(done.clone().start(now).is_err());
        assert!(done.finish(StepResult::Unknown { signed: None }, now).is_err());
    }
}
