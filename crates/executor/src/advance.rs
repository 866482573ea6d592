//! What comes next in a run. Pure: the journal goes in, the journal and the next action come out.
//!
//! Everything that needs no action (the next intent, the turn, the end) is written to the journal at once, so that an
//! outcome and the intent after it are one commit.

use grant::StepAt;
use model::{Action, Method, OnFailure, Plan, Run, RunResult, RunState, StepResult, StepState, Timestamp};

use crate::{ExecutorError, journal::Journal};

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    /// This action, whose intent is in the journal.
    Act(StepAt),
    /// Nothing: the run is finished.
    Over,
}

/// Goes on until an action has to be taken, or the run is over.
pub(crate) fn advance(journal: &mut Journal, plan: &Plan, now: Timestamp) -> Result<Next, ExecutorError> {
    loop {
        let run = journal.run().clone();
        match run.state {
            RunState::Finished { .. } => return Ok(Next::Over),
            RunState::Granted => return Err(journal.broken("it isn't spent")),
            RunState::Running { .. } => match forward(&run, plan) {
                Forward::Step(index) => {
                    if let Some(at) = intend(journal, &run, plan, StepAt::forward(index), now)? {
                        return Ok(Next::Act(at));
                    }
                }
                Forward::Turn => journal.turn(run.begin_undo(now)?)?,
                Forward::End(result) => journal.finish(run.finish(result, now)?, result)?,
            },
            RunState::Undoing { .. } => match backward(&run, plan) {
                Backward::Step(index) => {
                    if let Some(at) = intend(journal, &run, plan, StepAt::undo(index), now)? {
                        return Ok(Next::Act(at));
                    }
                }
                Backward::End(result) => journal.finish(run.finish(result, now)?, result)?,
            },
        }
    }
}

/// The action, once its intent is in the journal; none if it turned out that it can't be taken.
fn intend(
    journal: &mut Journal,
    run: &Run,
    plan: &Plan,
    at: StepAt,
    now: Timestamp,
) -> Result<Option<StepAt>, ExecutorError> {
    let (state, action) =
        place(run, plan, at).ok_or_else(|| journal.broken("it has a step that its plan doesn't have"))?;
    match state {
        // This process recorded the intent and has not acted on it yet.
        StepState::Started { .. } if journal.is_live(at) => Ok(Some(at)),
        // Somebody recorded it and is gone: it may have acted (I7).
        StepState::Started { .. } if !targets::may_repeat(action) => {
            journal.finish_step(at, StepResult::Unknown, "", now)?;
            Ok(None)
        }
        StepState::Pending | StepState::Started { .. } => {
            journal.start_step(at, now)?;
            Ok(Some(at))
        }
        StepState::Done { .. } => Err(journal.broken("a step that is done comes next")),
    }
}

fn place<'a>(run: &'a Run, plan: &'a Plan, at: StepAt) -> Option<(&'a StepState, &'a Action)> {
    let index = usize::try_from(at.index).ok()?;
    let (step, planned) = (run.steps.get(index)?, plan.steps.get(index)?);
    if at.undo { Some((&step.undo, planned.undo.as_ref()?)) } else { Some((&step.state, &planned.action)) }
}

enum Forward {
    Step(u32),
    Turn,
    End(RunResult),
}

fn forward(run: &Run, plan: &Plan) -> Forward {
    for (index, step) in (0_u32..).zip(&run.steps) {
        match &step.state {
            StepState::Done { result: StepResult::Succeeded { .. }, .. } => {}
            StepState::Done { result: StepResult::Failed { .. }, .. } => {
                return match plan.on_failure {
                    OnFailure::Undo => Forward::Turn,
                    OnFailure::Stop => Forward::End(RunResult::Failed),
                };
            }
            StepState::Done { result: StepResult::Unknown, .. } => return Forward::End(RunResult::Unknown),
            StepState::Pending | StepState::Started { .. } => return Forward::Step(index),
        }
    }
    Forward::End(RunResult::Succeeded)
}

enum Backward {
    Step(u32),
    End(RunResult),
}

/// Last first; the step that failed is taken back too, since it may have acted before it failed.
fn backward(run: &Run, plan: &Plan) -> Backward {
    let mut partial = false;
    let steps: Vec<_> = (0_u32..).zip(run.steps.iter().zip(&plan.steps)).collect();
    for (index, (step, planned)) in steps.into_iter().rev() {
        if step.state == StepState::Pending {
            continue;
        }
        if planned.undo.is_none() {
            partial |= may_act(&planned.action);
            continue;
        }
        match &step.undo {
            StepState::Pending | StepState::Started { .. } => return Backward::Step(index),
            StepState::Done { result: StepResult::Succeeded { .. }, .. } => {}
            // What lies below rests on what could not be taken back: leave it, and say so.
            StepState::Done { result: StepResult::Unknown, .. } => return Backward::End(RunResult::Unknown),
            StepState::Done { result: StepResult::Failed { .. }, .. } => {
                return Backward::End(RunResult::Partial);
            }
        }
    }
    Backward::End(if partial { RunResult::Partial } else { RunResult::Undone })
}

/// Whether an action changes anything: looking doesn't.
const fn may_act(action: &Action) -> bool {
    !matches!(action, Action::Http(http) if matches!(http.method, Method::Get))
}
