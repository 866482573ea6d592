//! A world that remembers what was made durable and what was done, and that dies when it is told to.

use std::cell::{Cell, RefCell};

use grant::StepAt;
use model::{
    Digest, GrantId, OutcomeId, Plan, Run, RunId, RunState, Step, StepResult, StepState, Timestamp,
    from_canonical,
};
use store::Act;

use super::plans::{Answer, Scenario};
use crate::{
    ExecutorError,
    advance::advance,
    journal::Journal,
    machine::{Hands, to_the_end},
};

/// What happened, in order.
#[derive(Clone, Debug)]
pub(super) enum Moment {
    /// A commit: every state that the run went through in it; the last one is there now.
    Durable(Vec<Run>),
    /// An action was done.
    Acted { at: StepAt, attempt: u32, answer: Answer },
    /// The process died.
    Died,
}

/// What happened in all the lives of a run.
#[derive(Clone, Debug)]
pub(super) struct Played {
    pub(super) log: Vec<Moment>,
    /// How many moments there were at which it could have died.
    pub(super) moments: usize,
}

struct World<'a> {
    scenario: &'a Scenario,
    plan: Plan,
    /// The run as it is durable, with its version.
    durable: RefCell<Option<(Run, u64)>>,
    log: RefCell<Vec<Moment>>,
    moment: Cell<usize>,
    dies_at: &'a [usize],
}

impl World<'_> {
    /// A moment at which the process can die.
    fn moment(&self) -> Result<(), ExecutorError> {
        let moment = self.moment.replace(self.moment.get() + 1);
        if self.dies_at.contains(&moment) {
            self.log.borrow_mut().push(Moment::Died);
            return Err(ExecutorError::Files("the process died".to_owned()));
        }
        Ok(())
    }

    fn commit(&self, journal: &mut Journal) {
        let mut runs = Vec::new();
        for transition in journal.take_pending().transitions() {
            let Act::Record(expect, record, _) = transition.act() else { panic!("{transition:?}") };
            let mut durable = self.durable.borrow_mut();
            let version = durable.as_ref().map(|(_, version)| *version);
            assert!(expect.holds(version), "{expect:?}, and it is at {version:?}");
            let run: Run = from_canonical(&record.body).unwrap();
            runs.push(run.clone());
            *durable = Some((run, version.unwrap_or_default() + 1));
        }
        if !runs.is_empty() {
            self.log.borrow_mut().push(Moment::Durable(runs));
        }
    }
}

impl Hands for World<'_> {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(i64::try_from(self.moment.get()).unwrap())
    }

    async fn record(&self, journal: &mut Journal, over: bool) -> Result<(), ExecutorError> {
        self.moment()?;
        self.commit(journal);
        assert_eq!(over, matches!(journal.run().state, RunState::Finished { .. }));
        self.moment()
    }

    async fn act(&self, journal: &mut Journal, at: StepAt) -> Result<(), ExecutorError> {
        self.moment()?;
        let index = usize::try_from(at.index).unwrap();
        let step = &journal.run().steps[index];
        let StepState::Started { attempt, .. } = (if at.undo { &step.undo } else { &step.state }) else {
            panic!("no intent for {at:?}")
        };
        let attempt = *attempt;
        let step = &self.scenario.steps[index];
        let answers = if at.undo { step.undo_answers } else { step.answers };
        let answer = answers[(usize::try_from(attempt).unwrap() + 1) % 2];
        self.log.borrow_mut().push(Moment::Acted { at, attempt, answer });
        self.moment()?;
        let signed = Digest::of(b"report");
        let result = match answer {
            Answer::Succeeds => StepResult::Succeeded { signed },
            Answer::Fails => StepResult::Failed { signed, why: "it failed".into() },
            Answer::Unknown => StepResult::Unknown { signed: Some(signed) },
        };
        journal.finish_step(at, result, None, self.now())
    }
}

/// Polls a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

/// A run whose grant isn't spent.
pub(crate) fn granted(plan: &Plan) -> Run {
    let step = |planned: &model::PlannedStep| Step {
        id: planned.id.clone(),
        state: StepState::Pending,
        undo: StepState::Pending,
    };
    Run {
        id: RunId::derive(&[b"r"]),
        outcome: OutcomeId::derive(&[b"o"]),
        plan: Digest::of(b"p"),
        grant: GrantId::derive(&[b"g"]),
        granted_at: Timestamp::from_millis(0),
        state: RunState::Granted,
        steps: plan.steps.iter().map(step).collect(),
    }
}

/// Plays a scenario from the spending of its grant to the end. At each of these moments the process dies, what isn't
/// durable is gone, and the run is taken up again.
pub(super) fn play(scenario: &Scenario, dies_at: &[usize]) -> Played {
    let world = World {
        scenario,
        plan: scenario.plan(),
        durable: RefCell::new(None),
        log: RefCell::new(Vec::new()),
        moment: Cell::new(0),
        dies_at,
    };
    // As `Executor::verify` and `Executor::spend` do it: the first intent is in the commit that spends.
    let mut journal = Journal::new(granted(&world.plan).spend(world.now()).unwrap());
    advance(&mut journal, &world.plan, world.now()).unwrap();
    world.commit(&mut journal);
    let mut deaths = 0;
    while let Err(error) = now(to_the_end(&mut journal, &world.plan, &world)) {
        deaths += 1;
        assert!(deaths <= dies_at.len(), "it stopped though nobody died: {error}");
        let (run, version) = world.durable.borrow().clone().unwrap();
        journal = Journal::found(run, version);
    }
    Played { log: world.log.into_inner(), moments: world.moment.get() }
}
