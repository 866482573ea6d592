//! The ledger entries that an executor writes, all of them.

use ledger::{Commitment, Draft, Purpose, Salt};
use model::{Digest, GrantId, Run, RunResult, StepResult};

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

/// `step.finished`: the outcome, with the executor's signed report. The output lies beside, erasable; leaf and report hold
/// the same commitment to it. Without a report there is no output that anybody knows of.
pub(crate) fn step_finished(
    run: &Run,
    index: u32,
    id: &str,
    undo: bool,
    result: &StepResult,
    output: Option<Output>,
) -> Draft {
    let (did, report) = match result {
        StepResult::Succeeded { signed } => ("succeeded", Some(signed)),
        StepResult::Failed { signed, .. } => ("failed", Some(signed)),
        StepResult::Unknown { signed } => ("unknown", signed.as_ref()),
    };
    let draft = Draft::new("step.finished")
        .fact("run", run.id.as_str())
        .fact("step", index)
        .fact("id", id)
        .fact("undo", u64::from(undo))
        .fact("did", did);
    let draft = match report {
        Some(report) => draft.fact("report", report.to_string()),
        None => draft,
    };
    match output {
        Some(Output { text, salt }) => draft.seal_text_with("output", text, salt),
        None => draft,
    }
}

/// What a step wrote, with the salt of the commitment that its report holds.
pub(crate) struct Output {
    pub(crate) text: String,
    pub(crate) salt: Salt,
}

impl Output {
    /// What report and leaf hold of it.
    pub(crate) fn commitment(&self) -> Digest {
        Digest::from_bytes(*Commitment::make(Purpose::Sealed, &self.salt, self.text.as_bytes()).as_bytes())
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
