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
            journal.finish_step(at, StepResult::Unknown { signed: None }, None, now)?;
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
            StepState::Done { result: StepResult::Unknown { .. }, .. } => {
                return Forward::End(RunResult::Unknown);
            }
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
            StepState::Done { result: StepResult::Unknown { .. }, .. } => {
                return Backward::End(RunResult::Unknown);
            }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::{
        Digest, Exec, GrantId, Http, HttpExpect, OutcomeId, PlannedStep, Program, Revision, RunId, Step,
        SubmissionId, TriggeredBy,
    };

    use super::*;

    /// What stands in the table: a program that may be repeated, one that may not, a look; then, after `/`, its undo.
    fn plan(steps: &str, on_failure: OnFailure) -> Plan {
        let action = |kind: char| {
            let exec = |idempotent| {
                let program = Program::Host { path: "/bin/true".into() };
                Action::Exec(Exec { program, args: vec![], timeout_ms: 1, idempotent })
            };
            match kind {
                'a' => Some(exec(true)),
                'o' => Some(exec(false)),
                'g' => Some(Action::Http(Http {
                    method: Method::Get,
                    url: "https://shop.example/".into(),
                    body: None,
                    expect: HttpExpect { status: 200, json: BTreeMap::new() },
                    within_ms: 1,
                })),
                '-' => None,
                other => panic!("{other:?} is no action"),
            }
        };
        let steps = steps.split(' ').enumerate().map(|(n, step)| {
            let (does, undo) = step.split_once('/').unwrap();
            PlannedStep {
                id: format!("step-{n}").parse().unwrap(),
                target: None,
                action: action(does.chars().next().unwrap()).unwrap(),
                undo: action(undo.chars().next().unwrap()),
            }
        });
        Plan {
            schema: Plan::SCHEMA.into(),
            operation: "shop-web".parse().unwrap(),
            environment: "prod".parse().unwrap(),
            configuration: Revision::from_bytes([4; 20]),
            triggered_by: TriggeredBy {
                submission: SubmissionId::derive(&[b"s"]),
                server: "main".parse().unwrap(),
                project: "shop".parse().unwrap(),
                branch: "refs/heads/main".parse().unwrap(),
                revision: Revision::from_bytes([5; 20]),
                base: Revision::from_bytes([6; 20]),
                changes: vec![42],
            },
            inputs: BTreeMap::new(),
            before: BTreeMap::new(),
            files: BTreeMap::new(),
            steps: steps.collect(),
            on_failure,
        }
    }

    /// `.` pending, `s` an intent without an outcome, `+` succeeded, `-` failed, `?` unknown; after `/` the undo.
    fn run(plan: &Plan, state: RunState, steps: &str) -> Run {
        let at = Timestamp::from_millis(0);
        let signed = Digest::of(b"r");
        let stands = |state: char| {
            let done = |result| StepState::Done { result, at };
            match state {
                '.' => StepState::Pending,
                's' => StepState::Started { at, attempt: 1 },
                '+' => done(StepResult::Succeeded { signed }),
                '-' => done(StepResult::Failed { signed, why: "x".into() }),
                '?' => done(StepResult::Unknown { signed: None }),
                other => panic!("{other:?} is no state"),
            }
        };
        let steps = plan.steps.iter().zip(steps.split(' ')).map(|(planned, step)| {
            let (state, undo) = step.split_once('/').unwrap();
            Step {
                id: planned.id.clone(),
                state: stands(state.chars().next().unwrap()),
                undo: stands(undo.chars().next().unwrap()),
            }
        });
        Run {
            id: RunId::derive(&[b"r"]),
            outcome: OutcomeId::derive(&[b"o"]),
            plan: Digest::of(b"p"),
            grant: GrantId::derive(&[b"g"]),
            granted_at: at,
            state,
            steps: steps.collect(),
        }
    }

    /// What is written, and what comes next.
    fn says(plan: &Plan, run: Run) -> String {
        let before = run.clone();
        let mut journal = Journal::found(run, 7);
        let next = match advance(&mut journal, plan, Timestamp::from_millis(1)) {
            Ok(next) => next,
            Err(why) => return format!("refused: {}", why.to_string().rsplit_once(": ").unwrap().1),
        };
        let after = journal.run().clone();
        let mut words = Vec::new();
        for (index, (was, is)) in before.steps.iter().zip(&after.steps).enumerate() {
            for (undo, was, is) in [("", &was.state, &is.state), ("undo ", &was.undo, &is.undo)] {
                match is {
                    _ if was == is => {}
                    StepState::Started { attempt, .. } => {
                        words.push(format!("intend {undo}{index} ({attempt})"))
                    }
                    StepState::Done { result: StepResult::Unknown { .. }, .. } => {
                        words.push(format!("{undo}{index} unknown"))
                    }
                    other => words.push(format!("{undo}{index} {}", other.name())),
                }
            }
        }
        // Through how many states it went; nothing is written twice.
        let pending = journal.take_pending();
        let states: Vec<_> = pending
            .transitions()
            .iter()
            .filter_map(|transition| match transition.act() {
                store::Act::Record(_, record, _) => Some(record.state),
                _ => None,
            })
            .collect();
        assert_eq!(u64::try_from(states.len()).unwrap(), journal.version() - 7);
        if before.state.name() == "running" && states.contains(&"undoing") {
            words.insert(0, "turn".to_owned());
        }
        match (next, &after.state) {
            (Next::Act(at), _) => {
                words.push(format!("act {}{}", if at.undo { "undo " } else { "" }, at.index))
            }
            (Next::Over, RunState::Finished { result, .. }) => words.push(format!("over: {}", result.name())),
            (Next::Over, other) => words.push(format!("over, and {}", other.name())),
        }
        words.join(", ")
    }

    #[test]
    fn what_comes_next_in_every_state() {
        let undo = OnFailure::Undo;
        let stop = OnFailure::Stop;
        // plan, on failure, forward or back, how its steps stand, what comes next
        let table = [
            // Forward.
            ("o/- o/-", undo, 'R', "./. ./.", "intend 0 (1), act 0"),
            ("o/- o/-", undo, 'R', "+/. ./.", "intend 1 (1), act 1"),
            ("o/- o/-", undo, 'R', "+/. +/.", "over: succeeded"),
            // An intent of a former life.
            ("a/- o/-", undo, 'R', "s/. ./.", "intend 0 (2), act 0"),
            ("o/- o/-", undo, 'R', "s/. ./.", "0 unknown, over: unknown"),
            ("o/o o/-", undo, 'R', "+/. s/.", "1 unknown, over: unknown"),
            ("g/- o/-", undo, 'R', "s/. ./.", "intend 0 (2), act 0"),
            // A step failed.
            ("o/- o/-", stop, 'R', "-/. ./.", "over: failed"),
            ("o/o o/-", stop, 'R', "+/. -/.", "over: failed"),
            ("o/o o/-", undo, 'R', "-/. ./.", "turn, intend undo 0 (1), act undo 0"),
            ("o/o o/o", undo, 'R', "+/. -/.", "turn, intend undo 1 (1), act undo 1"),
            ("o/o o/-", undo, 'R', "+/. -/.", "turn, intend undo 0 (1), act undo 0"),
            ("o/- o/-", undo, 'R', "-/. ./.", "turn, over: partial"),
            ("g/- o/-", undo, 'R', "-/. ./.", "turn, over: undone"),
            ("o/- g/-", undo, 'R', "+/. -/.", "turn, over: partial"),
            ("g/- g/-", undo, 'R', "+/. -/.", "turn, over: undone"),
            // Nobody knows: a person has to look, nothing is taken back.
            ("o/o o/o", undo, 'R', "+/. ?/.", "over: unknown"),
            ("o/o o/o", stop, 'R', "?/. ./.", "over: unknown"),
            // Back, last first.
            ("o/o o/o", undo, 'U', "+/. -/+", "intend undo 0 (1), act undo 0"),
            ("o/o o/o", undo, 'U', "+/+ -/+", "over: undone"),
            ("o/o o/o", undo, 'U', "-/. ./.", "intend undo 0 (1), act undo 0"),
            ("o/- o/o", undo, 'U', "+/. -/+", "over: partial"),
            ("g/- o/o", undo, 'U', "+/. -/+", "over: undone"),
            ("o/o o/o", undo, 'U', "+/. -/-", "over: partial"),
            ("o/o o/o", undo, 'U', "+/. -/?", "over: unknown"),
            ("o/a o/a", undo, 'U', "+/. -/s", "intend undo 1 (2), act undo 1"),
            ("o/o o/o", undo, 'U', "+/. -/s", "undo 1 unknown, over: unknown"),
            ("o/o o/o", undo, 'U', "+/s -/+", "undo 0 unknown, over: unknown"),
            // Before and after.
            ("o/- o/-", undo, 'G', "./. ./.", "refused: it isn't spent"),
            ("o/- o/-", undo, 'F', "+/. +/.", "over: succeeded"),
        ];
        for (steps, on_failure, way, states, expected) in table {
            let since = Timestamp::from_millis(0);
            let state = match way {
                'R' => RunState::Running { since },
                'U' => RunState::Undoing { since },
                'G' => RunState::Granted,
                _ => RunState::Finished { result: RunResult::Succeeded, at: since },
            };
            let plan = plan(steps, on_failure);
            let said = says(&plan, run(&plan, state, states));
            assert_eq!(said, expected, "{steps} on failure {on_failure:?}, {way} {states}");
        }
    }

    #[test]
    fn an_intent_of_this_life_is_acted_on_once_and_not_written_again() {
        let plan = plan("o/-", OnFailure::Undo);
        let now = Timestamp::from_millis(1);
        let mut journal = Journal::found(run(&plan, RunState::Running { since: now }, "./."), 1);
        assert_eq!(advance(&mut journal, &plan, now).unwrap(), Next::Act(StepAt::forward(0)));
        assert_eq!(journal.take_pending().transitions().len(), 1);
        assert_eq!(advance(&mut journal, &plan, now).unwrap(), Next::Act(StepAt::forward(0)));
        assert!(journal.take_pending().is_empty());
    }

    #[test]
    fn an_outcome_and_the_intent_after_it_are_one_commit() {
        let plan = plan("o/- o/-", OnFailure::Undo);
        let now = Timestamp::from_millis(1);
        let mut journal = Journal::found(run(&plan, RunState::Running { since: now }, "./. ./."), 1);
        advance(&mut journal, &plan, now).unwrap();
        drop(journal.take_pending());
        let succeeded = StepResult::Succeeded { signed: Digest::of(b"r") };
        journal.finish_step(StepAt::forward(0), succeeded, None, now).unwrap();
        assert_eq!(advance(&mut journal, &plan, now).unwrap(), Next::Act(StepAt::forward(1)));
        assert_eq!(journal.take_pending().transitions().len(), 2);
    }
}
