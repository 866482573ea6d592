//! Each submission gets exactly one settled outcome per operation and environment (I3).

use serde::{Deserialize, Serialize};

use crate::{
    DecisionId, EnvironmentName, OperationName, OutcomeId, Reason, RunId, RunResult, SubmissionId, Timestamp,
    WrongState,
};

/// Which outcome.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeKey {
    /// The submission.
    pub submission: SubmissionId,
    /// The operation that matched it.
    pub operation: OperationName,
    /// The environment.
    pub environment: EnvironmentName,
}

impl OutcomeKey {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> OutcomeId {
        let parts = [self.submission.as_str(), self.operation.as_str(), self.environment.as_str()];
        OutcomeId::derive(&parts.map(str::as_bytes))
    }
}

/// What has become of a submission, for one operation and environment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Which.
    pub key: OutcomeKey,
    /// When it was opened: no earlier than the operation was accepted.
    pub opened_at: Timestamp,
    /// How it stands.
    pub state: OutcomeState,
}

/// How an outcome stands. Each state holds what is true in it and nothing else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "is")]
pub enum OutcomeState {
    /// Not judged yet.
    Open,
    /// Judged; what is missing can still be supplied.
    Waiting {
        /// What is missing.
        reasons: Vec<Reason>,
        /// The last decision.
        decision: DecisionId,
        /// After this it is refused.
        until: Timestamp,
    },
    /// Allowed; the run has begun.
    Running {
        /// The run.
        run: RunId,
    },
    /// Settled: it ran.
    Ran {
        /// The run.
        run: RunId,
        /// How the run ended.
        result: RunResult,
        /// When.
        at: Timestamp,
    },
    /// Settled: it was not allowed.
    Refused {
        /// The decision.
        decision: DecisionId,
        /// Why.
        reasons: Vec<Reason>,
        /// When.
        at: Timestamp,
    },
    /// Settled: a newer one ran, or runs, in its place.
    Superseded {
        /// That one.
        by: RunId,
        /// When.
        at: Timestamp,
    },
    /// Settled: judged while the operation was in `mode: observe`; nothing ran.
    Observed {
        /// The decision.
        decision: DecisionId,
        /// Whether it would have run.
        allowed: bool,
        /// Why not.
        reasons: Vec<Reason>,
        /// When.
        at: Timestamp,
    },
}

impl OutcomeState {
    /// A short name for lists, entries and metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting { .. } => "waiting",
            Self::Running { .. } => "running",
            Self::Ran { .. } => "ran",
            Self::Refused { .. } => "refused",
            Self::Superseded { .. } => "superseded",
            Self::Observed { .. } => "observed",
        }
    }

    /// Whether it is final.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        matches!(
            self,
            Self::Ran { .. } | Self::Refused { .. } | Self::Superseded { .. } | Self::Observed { .. }
        )
    }
}

impl Outcome {
    /// The one way from state to state.
    ///
    /// # Errors
    /// [`WrongState`] when `next` can't follow: a settled outcome stays, a running one can only have run.
    pub fn become_state(self, next: OutcomeState) -> Result<Self, WrongState> {
        use OutcomeState as S;
        let fits = match (&self.state, &next) {
            (S::Open | S::Waiting { .. }, S::Waiting { .. } | S::Running { .. }) => true,
            (S::Open | S::Waiting { .. }, S::Refused { .. } | S::Superseded { .. } | S::Observed { .. }) => {
                true
            }
            (S::Running { run: before }, S::Ran { run: now, .. }) => before == now,
            _ => false,
        };
        if fits {
            Ok(Self { state: next, ..self })
        } else {
            Err(WrongState { what: "outcome", from: self.state.name(), to: next.name() })
        }
    }
}
