//! Why a run can't begin or go on.

use model::{RunId, StepId, WrongState};

/// Why a run can't begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum ExecutorError {
    /// The grant isn't good, for this executor, for this plan, now.
    #[error("the grant is refused: {0}")]
    Grant(#[from] grant::GrantError),
    /// The plan names a file that isn't there, or isn't what it was.
    #[error("the plan's files can't be laid out: {0}")]
    Files(String),
    /// The journal says something that can't be.
    #[error("the journal of {run} is refused: {why}")]
    Journal {
        /// The run.
        run: RunId,
        /// What is wrong with it.
        why: String,
    },
    /// What a former process began still acts, and can't be ended.
    #[error(
        "the program of step {step} of {run} outlived a crash and can't be ended\n\
         hint: end the processes on this host that have that run's EXQ_KEY in their environment"
    )]
    StillActing {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
    },
    /// A transition that isn't allowed.
    #[error(transparent)]
    State(#[from] WrongState),
    /// It couldn't be recorded, so it wasn't done.
    #[error("not recorded, so not done: {0}")]
    NotRecorded(#[from] store::CommitError),
    /// The receipt is for something else.
    #[error("the receipt doesn't cover the spending of this grant")]
    NotSpent,
    /// A value that can't be written.
    #[error("can't be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// What the journal needs can't be read.
    #[error("the store can't be read: {0}")]
    Store(String),
}
