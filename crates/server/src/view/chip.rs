//! How something stands, in a word, a sign and a tone; the tone is never alone, so colour is not needed.

use askama::{Template, filters::HtmlSafe};
use model::{OutcomeState, RunResult, RunState, StepResult, StepState};

/// One chip. It is a piece of a page: a template shows it as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Template)]
#[template(
    ext = "html",
    source = r#"<span class="chip {{ tone }}"><span aria-hidden="true">{{ sign }}</span> {{ word }}</span>"#
)]
pub(crate) struct Chip {
    /// `good`, `bad`, `wait`, `busy`, `calm`: a class of the style sheet.
    pub(crate) tone: &'static str,
    /// Before the word.
    pub(crate) sign: &'static str,
    /// The word.
    pub(crate) word: &'static str,
}

impl HtmlSafe for Chip {}

const fn chip(tone: &'static str, sign: &'static str, word: &'static str) -> Chip {
    Chip { tone, sign, word }
}

/// An outcome's.
pub(crate) const fn of_outcome(state: &OutcomeState) -> Chip {
    match state {
        OutcomeState::Open => chip("calm", "○", "being judged"),
        OutcomeState::Waiting { .. } => chip("wait", "◷", "waiting"),
        OutcomeState::Running { .. } => chip("busy", "▶", "running"),
        OutcomeState::Ran { result, .. } => of_result(*result),
        OutcomeState::Refused { .. } => chip("bad", "✕", "refused"),
        OutcomeState::Superseded { .. } => chip("calm", "⇢", "superseded"),
        OutcomeState::Observed { allowed: true, .. } => chip("calm", "✓", "observed: would run"),
        OutcomeState::Observed { allowed: false, .. } => chip("wait", "✕", "observed: would be refused"),
    }
}

/// A finished run's.
pub(crate) const fn of_result(result: RunResult) -> Chip {
    match result {
        RunResult::Succeeded => chip("good", "✓", "succeeded"),
        RunResult::Failed => chip("bad", "✕", "failed"),
        RunResult::Undone => chip("bad", "↶", "undone"),
        RunResult::Partial => chip("bad", "◐", "partial"),
        RunResult::Unknown => chip("bad", "?", "unknown"),
    }
}

/// A run's.
pub(crate) const fn of_run(state: &RunState) -> Chip {
    match state {
        RunState::Granted => chip("busy", "○", "granted"),
        RunState::Running { .. } => chip("busy", "▶", "running"),
        RunState::Undoing { .. } => chip("bad", "↶", "taking back"),
        RunState::Finished { result, .. } => of_result(*result),
    }
}

/// A listed run's, by the name of its state.
pub(crate) fn of_run_name(name: &str) -> Chip {
    match name {
        "granted" => chip("busy", "○", "granted"),
        "running" => chip("busy", "▶", "running"),
        "undoing" => chip("bad", "↶", "taking back"),
        "succeeded" => of_result(RunResult::Succeeded),
        "failed" => of_result(RunResult::Failed),
        "undone" => of_result(RunResult::Undone),
        "partial" => of_result(RunResult::Partial),
        _ => of_result(RunResult::Unknown),
    }
}

/// A step's.
pub(crate) const fn of_step(state: &StepState) -> Chip {
    match state {
        StepState::Pending => chip("calm", "·", "pending"),
        StepState::Started { .. } => chip("busy", "▶", "started"),
        StepState::Done { result: StepResult::Succeeded { .. }, .. } => chip("good", "✓", "done"),
        StepState::Done { result: StepResult::Failed { .. }, .. } => chip("bad", "✕", "failed"),
        StepState::Done { result: StepResult::Unknown { .. }, .. } => chip("bad", "?", "unknown"),
    }
}
