//! What a crash leaves, and how it is taken up (I7).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // these are tests

mod common;

use common::*;
use executor::ExecutorError;
use grant::{GrantError, StepAt};
use model::{OnFailure, RunResult, RunState, StepResult, StepState};
use store::{CommitError, Expect, StoreExt as _, Transition, conformance::Thing};

/// A run whose process dies after so many commits, when it has acted and can't record it.
async fn crashed(world: &World, scripts: &[Script], after: usize) -> Granted {
    let granted = world.granted("run", plan(scripts, OnFailure::Undo, &world.trace()));
    let spent = world.spend(&granted, scripts).await;
    world.store.says(move |number| if number < after { Fate::Made } else { Fate::Refused });
    let executor = world.executor();
    tokio::select! {
        run = executor.drive(spent, &Settled) => panic!("it went on: {run:?}"),
        () = world.store.failed.notified() => {}
    }
    world.store.says(|_| Fate::Made);
    granted
}

#[tokio::test]
async fn a_step_that_may_be_repeated_is_repeated_and_the_run_goes_on() {
    let world = World::new().await;
    let scripts = [Script::new("one").again(), Script::new("two")];
    let granted = crashed(&world, &scripts, 0).await;
    assert_eq!(world.did(), ["one"]);
    let spent = world.resume(&granted).await.unwrap();
    let run = world.executor().drive(spent, &Settled).await.unwrap();
    assert_eq!(result(&run), RunResult::Succeeded);
    assert_eq!(world.did(), ["one", "one", "two"]);
    assert_eq!(
        world.story().await,
        [
            "grant.spent",
            "step.started 0",
            "step.started 0 attempt 2",
            "step.finished 0 succeeded",
            "step.started 1",
            "step.finished 1 succeeded",
            "run.finished succeeded",
            "thing.changed",
        ]
    );
    world.check(&granted).await;
}

#[tokio::test]
async fn a_step_that_may_not_be_repeated_leaves_the_run_unknown_and_nothing_more_acts() {
    let world = World::new().await;
    let scripts = [Script::new("one"), Script::new("two"), Script::new("three")];
    let granted = crashed(&world, &scripts, 1).await;
    assert_eq!(world.did(), ["one", "two"]);
    let spent = world.resume(&granted).await.unwrap();
    let run = world.executor().drive(spent, &Settled).await.unwrap();
    assert_eq!(result(&run), RunResult::Unknown);
    assert!(matches!(run.steps[1].state, StepState::Done { result: StepResult::Unknown { .. }, .. }));
    assert_eq!((&run.steps[2].state, &run.steps[0].undo), (&StepState::Pending, &StepState::Pending));
    assert_eq!(world.did(), ["one", "two"]);
    assert_eq!(world.store.get::<Thing>("outcome").await.unwrap().unwrap().value.text, "unknown");
    world.check(&granted).await;
}

#[tokio::test]
async fn an_undo_that_may_not_be_repeated_leaves_the_run_unknown() {
    let world = World::new().await;
    let scripts = [Script::new("one"), Script::new("two").does("exit 1")];
    // The outcome of one, that of two with the turn; then the outcome of the undo of two is lost.
    let granted = crashed(&world, &scripts, 2).await;
    assert_eq!(world.did(), ["one", "two", "undo two"]);
    let spent = world.resume(&granted).await.unwrap();
    let run = world.executor().drive(spent, &Settled).await.unwrap();
    assert_eq!(result(&run), RunResult::Unknown);
    assert_eq!(world.did(), ["one", "two", "undo two"]);
    world.check(&granted).await;
}

#[tokio::test]
async fn a_crash_before_the_first_act_is_one_too_for_what_may_not_be_repeated() {
    let world = World::new().await;
    for (name, script, expected) in [
        ("may", Script::new("may").again(), RunResult::Succeeded),
        ("may-not", Script::new("may-not"), RunResult::Unknown),
    ] {
        let scripts = [script];
        let granted = world.granted(name, plan(&scripts, OnFailure::Undo, &world.trace()));
        drop(world.spend(&granted, &scripts).await);
        let spent = world.resume(&granted).await.unwrap();
        let settle = Once(name);
        let run = world.executor().drive(spent, &settle).await.unwrap();
        assert_eq!(result(&run), expected, "{name}");
        world.check(&granted).await;
    }
    assert_eq!(world.did(), ["may"]);
}

struct Once(&'static str);

#[async_trait::async_trait]
impl executor::Settle for Once {
    async fn settle(&self, run: &model::Run) -> Result<Vec<Transition>, ExecutorError> {
        Ok(vec![Thing::new(self.0, result(run).name()).put(Expect::Absent)])
    }
}

#[tokio::test]
async fn a_program_that_outlived_a_crash_has_ended_before_its_run_is_over() {
    let world = World::new().await;
    let granted = crashed(&world, &[Script::new("one")], 0).await;
    let (run, _) = world.run(&granted).await;
    let key = grant::idempotency_key(&run.id, StepAt::forward(0)).to_string();
    let started = |program: &str, args: &[&str]| {
        #[allow(clippy::disallowed_methods, reason = "stands for what a former process of ours began")]
        std::process::Command::new(program).args(args).env("EXQ_KEY", &key).spawn().unwrap()
    };
    let mut left = started("sleep", &["1"]);
    let mut service = started("setsid", &["sleep", "1000"]);
    let spent = world.resume(&granted).await.unwrap();
    let run = world.executor().drive(spent, &Settled).await.unwrap();
    assert_eq!(result(&run), RunResult::Unknown);
    assert!(left.try_wait().unwrap().is_some(), "it still acts, and the run is over");
    assert!(service.try_wait().unwrap().is_none(), "a service that the step started was ended");
    service.kill().unwrap();
    service.wait().unwrap();
}

#[tokio::test]
async fn a_run_whose_grant_has_expired_is_closed_and_nothing_more_acts() {
    let world = World::new().await;
    let scripts = [Script::new("one").again(), Script::new("two")];
    let granted = crashed(&world, &scripts, 0).await;
    world.setting.clock.step_ms(600_000);
    let Err(error) = world.resume(&granted).await else { panic!("it was taken up") };
    assert!(matches!(error, ExecutorError::Grant(GrantError::Expired { .. })), "{error}");
    let (run, version) = world.run(&granted).await;
    let run = world.executor().close(run, version, &granted.plan, &Settled).await.unwrap();
    assert_eq!(result(&run), RunResult::Unknown);
    assert!(matches!(run.steps[0].state, StepState::Done { result: StepResult::Unknown { .. }, .. }));
    assert_eq!(world.did(), ["one"]);
    assert_eq!(
        world.story().await,
        ["grant.spent", "step.started 0", "step.finished 0 unknown", "run.finished unknown", "thing.changed"]
    );
    world.check(&granted).await;
}

#[tokio::test]
async fn a_run_that_is_not_the_grants_or_was_never_spent_is_not_taken_up() {
    let world = World::new().await;
    let scripts = [Script::new("one").again()];
    let granted = crashed(&world, &scripts, 0).await;
    let (run, version) = world.run(&granted).await;
    let executor = world.executor();
    let resume = |run: model::Run, granted: &Granted| {
        let (executor, granted) = (&executor, granted.clone());
        async move {
            let answer =
                executor.resume(run, version, &granted.signed, &granted.plan, &granted.decision, &[]).await;
            answer.err().expect("it was taken up")
        }
    };
    let twists: [fn(&mut model::Run); 5] = [
        |run| run.id = model::RunId::derive(&[b"other"]),
        |run| run.grant = model::GrantId::derive(&[b"other"]),
        |run| run.plan = model::Digest::of(b"other"),
        |run| run.outcome = model::OutcomeId::derive(&[b"other"]),
        |run| drop(run.steps.pop()),
    ];
    for twist in twists {
        let mut other = run.clone();
        twist(&mut other);
        let error = resume(other, &granted).await;
        assert!(matches!(error, ExecutorError::Journal { .. }), "{error}");
    }
    // A good grant and a run that fits it, but nobody spent it.
    let other = world.granted("other", granted.plan.clone());
    let fitting = model::Run {
        id: other.grant.run.clone(),
        grant: other.grant.id.clone(),
        outcome: other.grant.outcome.clone(),
        ..run
    };
    let error = resume(fitting, &other).await;
    assert!(matches!(error, ExecutorError::NotSpent), "{error}");
    assert_eq!(world.did(), ["one"]);
}

/// A process that slept longer than anybody waited wakes up beside the one that took the run up.
#[tokio::test]
async fn of_two_that_took_the_same_run_up_one_acts() {
    let world = World::new().await;
    let scripts = [Script::new("one").again(), Script::new("two").again()];
    let granted = crashed(&world, &scripts, 0).await;
    let sleeper = world.resume(&granted).await.unwrap();
    let awake = world.resume(&granted).await.unwrap();
    let run = world.executor().drive(awake, &Settled).await.unwrap();
    assert_eq!(result(&run), RunResult::Succeeded);
    let did = world.did();
    let error = world.executor().drive(sleeper, &Settled).await.unwrap_err();
    let ExecutorError::NotRecorded(CommitError::Precondition { kind: "run", .. }) = error else {
        panic!("{error}")
    };
    assert_eq!(world.did(), did, "the sleeper acted");
    let (found, _) = world.run(&granted).await;
    assert!(matches!(found.state, RunState::Finished { result: RunResult::Succeeded, .. }));
    world.check(&granted).await;
}
