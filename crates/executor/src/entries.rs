//! The ledger entries that an executor writes, all of them.

use ledger::Draft;
use model::{GrantId, Run, RunResult, StepResult};

/// `grant.spent`: from now on the grant is never good again.
pub(crate) fn grant_spent(grant: &GrantId, run: &Run) -> Draft {
    Draft::new("grant.spent").fact("grant", grant.as_str()).fact("run", run.id.as_str())
}

/// `step.started`: the intent. Without a `step.finished` after it, it is not known whether the step acted.
pub(crate) fn step_started(run: &Run, index: u32, id: &str, undo: bool, attempt: u32) -> Draft {
    Draft::new("step.started")
        .fact("run", run.id.as_str())
        .fact("step", index)
        .fact("id", id)
        .fact("undo", u64::from(undo))
        .fact("attempt", attempt)
}

/// `step.finished`: the outcome, with the executor's signed report; the output lies beside, erasable.
pub(crate) fn step_finished(
    run: &Run,
    index: u32,
    id: &str,
    undo: bool,
    result: &StepResult,
    output: &str,
) -> Draft {
    let did = match result {
        StepResult::Succeeded { .. } => "succeeded",
        StepResult::Failed { .. } => "failed",
        StepResult::Unknown => "unknown",
    };
    let draft = Draft::new("step.finished")
        .fact("run", run.id.as_str())
        .fact("step", index)
        .fact("id", id)
        .fact("undo", u64::from(undo))
        .fact("did", did)
        .seal_text("output", output.as_bytes());
    match result {
        StepResult::Succeeded { signed } | StepResult::Failed { signed, .. } => {
            draft.fact("report", signed.to_string())
        }
        StepResult::Unknown => draft,
    }
}

/// `run.finished`.
pub(crate) fn run_finished(run: &Run, result: RunResult) -> Draft {
    Draft::new("run.finished").fact("run", run.id.as_str()).fact("result", result.name())
}

/// `run.turned`: a step failed, what acted is taken back.
pub(crate) fn run_turned(run: &Run) -> Draft {
    Draft::new("run.turned").fact("run", run.id.as_str())
}
