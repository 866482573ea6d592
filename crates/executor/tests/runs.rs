//! Whole runs: real grants, real programs, a real store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // these are tests

mod common;

use std::sync::Arc;

use async_trait::async_trait;
use common::*;
use executor::{ExecutorError, Settle, SpentGrant};
use grant::{GrantError, Purpose, SigningKey, StepReport};
use model::{Answer, Canonical as _, Entropy, OnFailure, Run, RunResult, RunState, StepResult, StepState};
use store::{
    CommitError, Expect, Store as _, StoreExt as _, Transition,
    conformance::{Note, Thing},
};

#[tokio::test]
async fn a_run_does_its_steps_in_order_and_every_act_is_on_record() {
    let world = World::new().await;
    let scripts = [Script::new("one").does("echo all is well"), Script::new("two")];
    let granted = world.granted("run", plan(&scripts, OnFailure::Undo, &world.trace()));
    let spent = world.spend(&granted, &scripts).await;
    // The grant is spent and the first intent durable before anything was done.
    assert_eq!(world.did(), [""; 0]);
    assert_eq!(world.story().await, ["grant.spent", "step.started 0"]);
    let run = world.executor().drive(spent, &Settled).await.unwrap();
    assert_eq!(result(&run), RunResult::Succeeded);
    assert_eq!(world.did(), ["one", "two"]);
    assert_eq!(
        world.story().await,
        [
            "grant.spent",
            "step.started 0",
            "step.finished 0 succeeded",
            "step.started 1",
            "step.finished 1 succeeded",
            "run.finished succeeded",
            "thing.changed",
        ]
    );
    assert_eq!(world.run(&granted).await.0, run);
    let settled = world.store.get::<Thing>("outcome").await.unwrap().unwrap();
    assert_eq!(settled.value.text, "succeeded");
    let spent = world.store.get::<SpentGrant>(granted.grant.id.as_str()).await.unwrap().unwrap();
    assert_eq!((spent.version, &spent.value.run), (1, &granted.grant.run));
    world.check(&granted).await;
}

#[tokio::test]
async fn output_lies_sealed_beside_its_entry_and_not_in_it() {
    let world = World::new().await;
    let scripts = [Script::new("one").does("echo the quick brown fox; echo and an error >&2")];
    let granted = world.granted("run", plan(&scripts, OnFailure::Undo, &world.trace()));
    let spent = world.spend(&granted, &scripts).await;
    let run = world.executor().drive(spent, &Settled).await.unwrap();
    let StepState::Done { result: StepResult::Succeeded { signed }, .. } = &run.steps[0].state else {
        panic!("{run:?}")
    };
    for (leaf, entry) in world.entries().await {
        let shown = String::from_utf8_lossy(&entry.leaf).into_owned();
        assert!(!shown.contains("quick brown fox") && !shown.contains("an error"), "{shown}");
        if leaf.kind() == "step.finished" {
            let (_, text) = entry.sealed.iter().find(|s| s.name == "output").unwrap().text.clone().unwrap();
            assert_eq!(String::from_utf8_lossy(&text), "the quick brown fox\nand an error\n");
            assert_eq!(
                leaf.fact("report").and_then(ledger::Fact::as_text),
                Some(signed.to_string().as_str())
            );
        }
    }
    let report = world.store.object(*signed).await.unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&report).contains("quick brown fox"));
    let report = StepReport::verify_for(&report, &granted.grant, &granted.plan).unwrap();
    assert_eq!((report.output.bytes, report.output.truncated), (33, false));
    assert_eq!((report.exit, report.attempt), (Some(0), 1));
    let body = world.store.standing("run", run.id.as_str()).await.unwrap().record.unwrap().body;
    assert!(!String::from_utf8_lossy(&body).contains("quick brown fox"));
    world.check(&granted).await;
}

#[tokio::test]
async fn what_a_failed_step_did_is_taken_back_last_first() {
    let world = World::new().await;
    let scripts =
        [Script::new("one"), Script::new("two"), Script::new("three").does("exit 3"), Script::new("four")];
    let granted = world.granted("run", plan(&scripts, OnFailure::Undo, &world.trace()));
    let spent = world.spend(&granted, &scripts).await;
    let run = world.executor().drive(spent, &Settled).await.unwrap();
    assert_eq!(result(&run), RunResult::Undone);
    assert_eq!(world.did(), ["one", "two", "three", "undo three", "undo two", "undo one"]);
    let StepState::Done { result: StepResult::Failed { why, .. }, .. } = &run.steps[2].state else {
        panic!("{run:?}")
    };
    assert!(why.contains('3'), "{why}");
    assert_eq!(run.steps[3].state, StepState::Pending);
    assert_eq!(
        world.story().await[5..],
        [
            "step.started 2",
            "step.finished 2 failed",
            "run.turned",
            "step.started undo 2",
            "step.finished undo 2 succeeded",
            "step.started undo 1",
            "step.finished undo 1 succeeded",
            "step.started undo 0",
            "step.finished undo 0 succeeded",
            "run.finished undone",
            "thing.changed",
        ]
    );
    world.check(&granted).await;
}

#[tokio::test]
async fn what_can_not_be_taken_back_is_partial_and_stopping_is_failed() {
    let failing = Script::new("two").does("exit 1");
    let cases = [
        (OnFailure::Undo, Script::new("one").undo(None), RunResult::Partial, vec!["one", "two", "undo two"]),
        (
            OnFailure::Undo,
            Script::new("one").undo(Some("exit 1")),
            RunResult::Partial,
            vec!["one", "two", "undo two", "undo one"],
        ),
        (OnFailure::Stop, Script::new("one"), RunResult::Failed, vec!["one", "two"]),
    ];
    for (on_failure, first, expected, did) in cases {
        let world = World::new().await;
        let scripts = [first, failing.clone()];
        let granted = world.granted("run", plan(&scripts, on_failure, &world.trace()));
        let spent = world.spend(&granted, &scripts).await;
        let run = world.executor().drive(spent, &Settled).await.unwrap();
        assert_eq!((result(&run), world.did()), (expected, did.into_iter().map(str::to_owned).collect()));
        world.check(&granted).await;
    }
}

#[tokio::test]
async fn a_grant_is_spent_once_and_the_second_time_nothing_is_written() {
    let world = World::new().await;
    let scripts = [Script::new("one")];
    let granted = world.granted("run", plan(&scripts, OnFailure::Undo, &world.trace()));
    let executor = world.executor();
    let prepare = || executor.verify(&granted.signed, &granted.plan, &granted.decision, &[]).unwrap();
    let (first, second) = (prepare(), prepare());
    let spent = executor.spend(first, gate(&scripts)).await.unwrap();
    let size = world.store.checkpoint().await.unwrap().size;
    let mut gate_writes = gate(&scripts);
    gate_writes.push(Thing::new("base", "moved").put(Expect::Absent));
    let Err(error) = executor.spend(second, gate_writes).await else { panic!("it was spent twice") };
    assert!(spent_before(&error), "{error}");
    assert_eq!(world.store.checkpoint().await.unwrap().size, size);
    assert!(world.store.get::<Thing>("base").await.unwrap().is_none(), "the gate's part was written");
    executor.drive(spent, &Settled).await.unwrap();
    // Nor when the run is over.
    let Err(error) = executor.spend(prepare(), gate(&scripts)).await else { panic!("it was spent again") };
    assert!(spent_before(&error), "{error}");
    assert_eq!(world.did(), ["one"]);
    world.check(&granted).await;
}

fn spent_before(error: &ExecutorError) -> bool {
    matches!(error, ExecutorError::NotRecorded(CommitError::Precondition { kind: "spent-grant", .. }))
}

/// However many try at once, with grants that differ in everything but their id.
#[tokio::test]
async fn of_many_that_spend_at_once_one_acts() {
    let world = World::new().await;
    let scripts = [Script::new("one")];
    let granted = world.granted("run", plan(&scripts, OnFailure::Undo, &world.trace()));
    let executor = Arc::new(world.executor());
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..8_u8 {
        let grant = grant::Grant { run: model::RunId::derive(&[&[number]]), ..granted.grant.clone() };
        let signed = grant.sign(&world.gate).unwrap().into_bytes();
        let prepared = executor.verify(&signed, &granted.plan, &granted.decision, &[]).unwrap();
        let (executor, commit) = (Arc::clone(&executor), gate(&scripts));
        tries.spawn(async move { executor.spend(prepared, commit).await });
    }
    let mut spent: Vec<_> = tries.join_all().await.into_iter().filter_map(Result::ok).collect();
    assert_eq!(spent.len(), 1);
    world.executor().drive(spent.pop().unwrap(), &Settled).await.unwrap();
    assert_eq!(world.did(), ["one"]);
}

#[tokio::test]
async fn a_grant_that_is_not_for_this_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    let scripts = [Script::new("one")];
    let good = world.granted("run", plan(&scripts, OnFailure::Undo, &world.trace()));
    let other_plan = plan(&scripts, OnFailure::Stop, &world.trace());
    let signed = |grant: &grant::Grant| grant.sign(&world.gate).unwrap().into_bytes();
    let resigned = |change: fn(&mut grant::Grant)| {
        let mut grant = good.grant.clone();
        change(&mut grant);
        Granted { signed: signed(&grant), grant, ..good.clone() }
    };
    let other_gate = SigningKey::from_secret(Purpose::Gate, &[9; 32]).unwrap();
    let denied = {
        let mut decision = good.decision.clone();
        decision.answer = Answer::Deny;
        let grant = grant::Grant { decision: decision.digest().unwrap(), ..good.grant.clone() };
        Granted { signed: signed(&grant), decision, grant, ..good.clone() }
    };
    let cases = [
        ("another host", resigned(|g| g.host = "shop-2".into())),
        (
            "another executor",
            resigned(|g| {
                g.executor = "ed25519:0000000000000000000000000000000000000000000000000000000000000000"
                    .parse()
                    .unwrap()
            }),
        ),
        ("another ledger", resigned(|g| g.origin = "elsewhere".into())),
        ("another plan", Granted { plan: other_plan, ..good.clone() }),
        (
            "another gate",
            Granted { signed: good.grant.sign(&other_gate).unwrap().into_bytes(), ..good.clone() },
        ),
        ("a deny", denied),
        ("no grant", Granted { signed: b"{}".to_vec(), ..good.clone() }),
    ];
    for (what, bad) in cases {
        let answer = world.executor().verify(&bad.signed, &bad.plan, &bad.decision, &[]);
        assert!(matches!(answer, Err(ExecutorError::Grant(_))), "{what}");
    }
    world.setting.clock.step_ms(600_000);
    let answer = world.executor().verify(&good.signed, &good.plan, &good.decision, &[]);
    assert!(matches!(answer, Err(ExecutorError::Grant(GrantError::Expired { .. }))));
    assert_eq!(world.store.checkpoint().await.unwrap().size, 0);
    assert_eq!(world.did(), [""; 0]);
}

#[tokio::test]
async fn a_plan_of_no_step_is_no_run() {
    let world = World::new().await;
    let granted = world.granted("run", plan(&[], OnFailure::Undo, &world.trace()));
    let answer = world.executor().verify(&granted.signed, &granted.plan, &granted.decision, &[]);
    assert!(matches!(answer, Err(ExecutorError::Journal { .. })));
}

#[tokio::test]
async fn a_program_that_is_not_there_is_missed_before_the_grant_is_spent() {
    let world = World::new().await;
    let scripts = [Script::new("one"), Script::new("two")];
    let granted = world.granted("run", plan(&scripts, OnFailure::Undo, &world.trace()));
    let executor = world.executor();
    let prepare = || executor.verify(&granted.signed, &granted.plan, &granted.decision, &[]).unwrap();
    let Err(error) = executor.spend(prepare(), gate(&scripts[..1])).await else { panic!("it was spent") };
    assert!(matches!(&error, ExecutorError::Files(why) if why.contains("shop/two")), "{error}");
    assert_eq!(world.store.checkpoint().await.unwrap().size, 0, "something was written");
    // One that was kept before needn't be handed in again.
    let mut before = store::Commit::new();
    before.object(scripts[1].bytes());
    world.store.commit(before).await.unwrap();
    let spent = executor.spend(prepare(), gate(&scripts[..1])).await.unwrap();
    assert_eq!(result(&executor.drive(spent, &Settled).await.unwrap()), RunResult::Succeeded);
    assert_eq!(world.did(), ["one", "two"]);
    world.check(&granted).await;
}

/// The deadline is the grant's, also within a run.
#[tokio::test]
async fn nothing_acts_after_the_deadline_not_even_what_takes_back() {
    let world = World::new().await;
    let scripts = [Script::new("one"), Script::new("two")];
    let granted = world.granted("run", plan(&scripts, OnFailure::Undo, &world.trace()));
    let spent = world.spend(&granted, &scripts).await;
    let clock = world.setting.clock.clone();
    // Before the outcome of the first step is written, it is too late.
    world.store.says(move |number| {
        if number == 0 {
            clock.step_ms(600_000);
        }
        Fate::Made
    });
    let run = world.executor().drive(spent, &Settled).await.unwrap();
    assert_eq!((result(&run), world.did()), (RunResult::Partial, vec!["one".to_owned()]));
    let StepState::Done { result: StepResult::Failed { why, .. }, .. } = &run.steps[1].state else {
        panic!("{run:?}")
    };
    assert!(why.contains("deadline"), "{why}");
    world.check(&granted).await;
}

struct Second(std::sync::atomic::AtomicU32);

#[async_trait]
impl Settle for Second {
    /// What it expects first isn't so.
    async fn settle(&self, run: &Run) -> Result<Vec<Transition>, ExecutorError> {
        let tries = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let expect = if tries == 0 { Expect::Version(7) } else { Expect::Absent };
        Ok(vec![Thing::new("outcome", result(run).name()).put(expect)])
    }
}

#[tokio::test]
async fn who_settles_is_asked_again_when_something_else_was_faster() {
    let world = World::new().await;
    let scripts = [Script::new("one")];
    let granted = world.granted("run", plan(&scripts, OnFailure::Undo, &world.trace()));
    let spent = world.spend(&granted, &scripts).await;
    let settle = Second(0.into());
    let run = world.executor().drive(spent, &settle).await.unwrap();
    assert_eq!(result(&run), RunResult::Succeeded);
    assert_eq!(settle.0.into_inner(), 2);
    assert_eq!(world.store.get::<Thing>("outcome").await.unwrap().unwrap().value.text, "succeeded");
    assert_eq!(world.did(), ["one"]);
    world.check(&granted).await;
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_nothing_is_done_twice() {
    for fate in [Fate::AnswerLost, Fate::Uncertain] {
        let world = World::new().await;
        let scripts = [Script::new("one"), Script::new("two")];
        let granted = world.granted("run", plan(&scripts, OnFailure::Undo, &world.trace()));
        let spent = world.spend(&granted, &scripts).await;
        // Every first try of a commit.
        let mut odd = false;
        world.store.says(move |_| {
            odd = !odd;
            if odd { fate } else { Fate::Made }
        });
        let run = world.executor().drive(spent, &Settled).await.unwrap();
        assert_eq!(result(&run), RunResult::Succeeded);
        assert_eq!(world.did(), ["one", "two"]);
        assert_eq!(world.store.get::<Thing>("outcome").await.unwrap().unwrap().version, 1);
        world.check(&granted).await;
    }
}

/// Entropy that is gone after so many bytes.
struct Dry(std::sync::atomic::AtomicI64);

impl Entropy for Dry {
    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        let left = self.0.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
        bytes.fill(7);
        if left > 0 { Ok(()) } else { Err(std::io::Error::other("no entropy")) }
    }
}

#[tokio::test]
async fn what_could_not_be_told_is_not_done() {
    let world = World { entropy: Arc::new(Dry(0.into())), ..World::new().await };
    let scripts = [Script::new("one")];
    let granted = world.granted("run", plan(&scripts, OnFailure::Undo, &world.trace()));
    let spent = world.spend(&granted, &scripts).await;
    assert!(world.executor().drive(spent, &Settled).await.is_err());
    assert_eq!(world.did(), [""; 0]);
}

#[tokio::test]
async fn a_full_store_stops_the_next_act_until_the_last_one_is_on_record() {
    let world = World::limited(Some(2 * 1024 * 1024)).await;
    // So much output that its entry needs room.
    let scripts = [Script::new("one").does("head -c 100000 /dev/zero | tr '\\0' x"), Script::new("two")];
    let granted = world.granted("run", plan(&scripts, OnFailure::Undo, &world.trace()));
    let spent = world.spend(&granted, &scripts).await;
    // Bookkeeping that fills the store to the brim, and can be removed.
    let mut notes = Vec::new();
    for len in [50_000, 5_000, 500] {
        loop {
            let key = format!("{len}-{}", notes.len());
            let note = Note::new(&key, &"x".repeat(len));
            match world.store.commit(vec![note.put(Expect::Absent)].into()).await {
                Ok(_) => notes.push(key),
                Err(CommitError::Full { .. }) => break,
                Err(other) => panic!("{other}"),
            }
            assert!(notes.len() < 10_000, "it never gets full");
        }
    }
    // Of these failures it was told already.
    world.store.failed.notified().await;
    let before = world.store.checkpoint().await.unwrap().size;
    let executor = world.executor();
    let mut run = std::pin::pin!(executor.drive(spent, &Settled));
    for _ in 0..4 {
        tokio::select! {
            run = &mut run => panic!("it went on: {run:?}"),
            () = world.store.failed.notified() => {}
        }
        assert_eq!(world.did(), ["one"]);
    }
    assert_eq!(world.store.checkpoint().await.unwrap().size, before);
    let (durable, _) = world.run(&granted).await;
    assert!(matches!(durable.steps[0].state, StepState::Started { .. }), "{durable:?}");
    for chunk in notes.chunks(100) {
        let forget = |key: &String| Transition::forget::<Note>(Expect::Version(1), key).unwrap();
        let forget: Vec<_> = chunk.iter().map(forget).collect();
        world.store.commit(forget.into()).await.unwrap();
    }
    let run = run.await.unwrap();
    assert_eq!((result(&run), world.did()), (RunResult::Succeeded, vec!["one".into(), "two".into()]));
    world.check(&granted).await;
}

#[tokio::test]
async fn a_finished_run_is_not_begun_again() {
    let world = World::new().await;
    let scripts = [Script::new("one").again()];
    let granted = world.granted("run", plan(&scripts, OnFailure::Undo, &world.trace()));
    let spent = world.spend(&granted, &scripts).await;
    let run = world.executor().drive(spent, &Settled).await.unwrap();
    let size = world.store.checkpoint().await.unwrap().size;
    struct Nothing;
    #[async_trait]
    impl Settle for Nothing {
        async fn settle(&self, _: &Run) -> Result<Vec<Transition>, ExecutorError> {
            Ok(vec![])
        }
    }
    let spent = world.resume(&granted).await.unwrap();
    assert_eq!(world.executor().drive(spent, &Nothing).await.unwrap(), run);
    let (found, version) = world.run(&granted).await;
    assert!(matches!(found.state, RunState::Finished { .. }));
    assert!(world.executor().close(found, version, &granted.plan, &Nothing).await.is_err());
    assert_eq!((world.did(), world.store.checkpoint().await.unwrap().size), (vec!["one".into()], size));
}
