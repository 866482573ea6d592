//! The order of steps: what may come next in a run, by its plan alone. The executor follows the same rules
//! (`executor::advance`); here they are written a second time, on purpose, so that a mistake there is found.

use grant::{Did, StepAt};
use model::{Action, Method, OnFailure, Plan, PlannedStep};

use crate::ProofError;

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    Act(StepAt),
    Turn,
    End(&'static str),
}

/// A step as far as the entries have told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Told {
    forward: Option<Did>,
    undo: Option<Did>,
}

/// A run, entry by entry.
pub(crate) struct Steps<'a> {
    plan: &'a Plan,
    told: Vec<Told>,
    turned: bool,
    /// The action whose intent is recorded, and which attempt it is.
    open: Option<(StepAt, i64)>,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        Self { plan, told: vec![Told::default(); plan.steps.len()], turned: false, open: None }
    }

    fn steps(&self) -> impl DoubleEndedIterator<Item = (u32, Told, &'a PlannedStep)> + ExactSizeIterator {
        let at: Vec<(u32, Told, &PlannedStep)> = (0_u32..)
            .zip(&self.told)
            .zip(&self.plan.steps)
            .map(|((i, told), step)| (i, *told, step))
            .collect();
        at.into_iter()
    }

    fn next(&self) -> Next {
        if self.turned { self.backward() } else { self.forward() }
    }

    fn forward(&self) -> Next {
        for (index, told, _) in self.steps() {
            return match told.forward {
                Some(Did::Succeeded) => continue,
                Some(Did::Failed) if self.plan.on_failure == OnFailure::Undo => Next::Turn,
                Some(Did::Failed) => Next::End("failed"),
                Some(Did::Unknown) => Next::End("unknown"),
                None => Next::Act(StepAt::forward(index)),
            };
        }
        Next::End("succeeded")
    }

    fn backward(&self) -> Next {
        let mut partial = false;
        for (index, told, step) in self.steps().rev() {
            if told.forward.is_none() {
                continue;
            }
            if step.undo.is_none() {
                partial |= may_act(&step.action);
                continue;
            }
            match told.undo {
                Some(Did::Succeeded) => {}
                Some(Did::Failed) => return Next::End("partial"),
                Some(Did::Unknown) => return Next::End("unknown"),
                None => return Next::Act(StepAt::undo(index)),
            }
        }
        Next::End(if partial { "partial" } else { "undone" })
    }

    /// An intent. A second one for the same action says that the first attempt died with its process: only what may be
    /// repeated is (I7).
    pub(crate) fn start(&mut self, at: StepAt, attempt: i64) -> Result<(), ProofError> {
        let expected = match self.open {
            None => (self.next(), 1),
            Some((open, before)) if self.action(open).is_some_and(may_repeat) => {
                (Next::Act(open), before.saturating_add(1))
            }
            Some(_) => return Err(wrong("a step that must not be repeated began again")),
        };
        if expected != (Next::Act(at), attempt) {
            return Err(wrong(&format!("step {} (attempt {attempt}) is not what comes next", at.index)));
        }
        self.open = Some((at, attempt));
        Ok(())
    }

    /// An outcome; gives the attempt that it ends.
    pub(crate) fn finish(&mut self, at: StepAt, did: Did) -> Result<i64, ProofError> {
        let (_, attempt) = self
            .open
            .take()
            .filter(|(open, _)| *open == at)
            .ok_or_else(|| wrong(&format!("step {} has an outcome and no intent", at.index)))?;
        let told = usize::try_from(at.index).ok().and_then(|index| self.told.get_mut(index));
        let told = told.ok_or_else(|| ProofError::missing(format!("step {} of the plan", at.index)))?;
        *(if at.undo { &mut told.undo } else { &mut told.forward }) = Some(did);
        Ok(attempt)
    }

    /// The run turns back.
    pub(crate) fn turn(&mut self) -> Result<(), ProofError> {
        if self.open.is_some() || self.turned || self.next() != Next::Turn {
            return Err(wrong("the run turned back, and no step had failed"));
        }
        self.turned = true;
        Ok(())
    }

    /// How the run has to have ended.
    pub(crate) fn end(&self) -> Result<&'static str, ProofError> {
        match (self.open, self.next()) {
            (None, Next::End(result)) => Ok(result),
            (Some((at, _)), _) => Err(wrong(&format!("step {} has no outcome", at.index))),
            (None, _) => Err(wrong("it ended before its end")),
        }
    }

    fn action(&self, at: StepAt) -> Option<&'a Action> {
        let step = self.plan.steps.get(usize::try_from(at.index).ok()?)?;
        if at.undo { step.undo.as_ref() } else { Some(&step.action) }
    }
}

fn wrong(why: &str) -> ProofError {
    ProofError::Ledger(format!("the run's steps: {why}"))
}

/// Whether an action changes anything: looking doesn't.
const fn may_act(action: &Action) -> bool {
    !matches!(action, Action::Http(http) if matches!(http.method, Method::Get))
}

/// Whether an action may be taken again when it is not known whether it acted: an idempotent program, an idempotent method
/// (RFC 9110, section 9.2.2), and what is looked for on Gerrit before it is done.
const fn may_repeat(action: &Action) -> bool {
    match action {
        Action::Exec(exec) => exec.idempotent,
        Action::Http(http) => !matches!(http.method, Method::Post),
        Action::Gerrit(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::{Digest, Exec, Program, Revision, Submission, TriggeredBy};

    use super::*;

    fn exec(idempotent: bool) -> Action {
        Action::Exec(Exec {
            program: Program::Host { path: "/bin/true".to_owned() },
            args: vec![],
            timeout_ms: 1000,
            idempotent,
        })
    }

    fn plan(on_failure: OnFailure, steps: &[(bool, bool)]) -> Plan {
        let revision = Revision::from_bytes([7; 20]);
        let (server, project, branch) =
            ("main".parse().unwrap(), "shop".parse().unwrap(), "refs/heads/main".parse().unwrap());
        Plan {
            schema: Plan::SCHEMA.to_owned(),
            operation: "shop-web".parse().unwrap(),
            environment: "prod".parse().unwrap(),
            configuration: revision,
            triggered_by: TriggeredBy {
                submission: Submission::id_of(&server, &project, &branch, &revision),
                server,
                project,
                branch,
                revision,
                base: revision,
                changes: vec![1],
            },
            inputs: BTreeMap::new(),
            before: BTreeMap::new(),
            files: BTreeMap::from([("x".to_owned(), Digest::of(b""))]),
            steps: steps
                .iter()
                .map(|(idempotent, undo)| PlannedStep {
                    id: "one".parse().unwrap(),
                    target: None,
                    action: exec(*idempotent),
                    undo: undo.then(|| exec(true)),
                })
                .collect(),
            on_failure,
        }
    }

    #[test]
    fn a_run_goes_forward_to_its_end_and_not_further() {
        let plan = plan(OnFailure::Undo, &[(true, true), (false, true)]);
        let mut steps = Steps::new(&plan);
        assert!(steps.start(StepAt::forward(1), 1).is_err(), "the second first");
        assert!(steps.finish(StepAt::forward(0), Did::Succeeded).is_err(), "no intent");
        steps.start(StepAt::forward(0), 1).unwrap();
        assert!(steps.end().is_err());
        steps.finish(StepAt::forward(0), Did::Succeeded).unwrap();
        assert!(steps.end().is_err() && steps.turn().is_err());
        steps.start(StepAt::forward(1), 1).unwrap();
        steps.finish(StepAt::forward(1), Did::Succeeded).unwrap();
        assert_eq!(steps.end(), Ok("succeeded"));
        assert!(steps.start(StepAt::forward(1), 2).is_err());
    }

    #[test]
    fn an_attempt_that_died_is_repeated_only_where_that_is_harmless() {
        let plan = plan(OnFailure::Undo, &[(true, true), (false, true)]);
        let mut steps = Steps::new(&plan);
        steps.start(StepAt::forward(0), 1).unwrap();
        assert!(steps.start(StepAt::forward(0), 1).is_err(), "the same attempt again");
        steps.start(StepAt::forward(0), 2).unwrap();
        assert_eq!(steps.finish(StepAt::forward(0), Did::Succeeded), Ok(2));
        steps.start(StepAt::forward(1), 1).unwrap();
        assert!(steps.start(StepAt::forward(1), 2).is_err(), "not idempotent");
        steps.finish(StepAt::forward(1), Did::Unknown).unwrap();
        assert_eq!(steps.end(), Ok("unknown"));
    }

    #[test]
    fn a_failed_step_is_taken_back_last_first() {
        let plan = plan(OnFailure::Undo, &[(true, true), (true, true)]);
        let mut steps = Steps::new(&plan);
        for (index, did) in [(0, Did::Succeeded), (1, Did::Failed)] {
            steps.start(StepAt::forward(index), 1).unwrap();
            steps.finish(StepAt::forward(index), did).unwrap();
        }
        assert!(steps.end().is_err() && steps.start(StepAt::undo(1), 1).is_err(), "it has not turned");
        steps.turn().unwrap();
        assert!(steps.start(StepAt::undo(0), 1).is_err(), "first first");
        for index in [1, 0] {
            steps.start(StepAt::undo(index), 1).unwrap();
            steps.finish(StepAt::undo(index), Did::Succeeded).unwrap();
        }
        assert_eq!(steps.end(), Ok("undone"));
    }

    #[test]
    fn what_cannot_be_taken_back_is_partial_and_what_stops_is_failed() {
        let undo = plan(OnFailure::Undo, &[(true, false)]);
        let mut steps = Steps::new(&undo);
        steps.start(StepAt::forward(0), 1).unwrap();
        steps.finish(StepAt::forward(0), Did::Failed).unwrap();
        steps.turn().unwrap();
        assert_eq!(steps.end(), Ok("partial"));
        let stop = plan(OnFailure::Stop, &[(true, true)]);
        let mut steps = Steps::new(&stop);
        steps.start(StepAt::forward(0), 1).unwrap();
        steps.finish(StepAt::forward(0), Did::Failed).unwrap();
        assert!(steps.turn().is_err());
        assert_eq!(steps.end(), Ok("failed"));
    }
}
