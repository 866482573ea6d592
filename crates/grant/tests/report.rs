//! What an executor signed about a step is what it signed, and about that step.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers of tests

mod common;

use common::{World, at};
use grant::{Did, GrantError, OutputSummary, Purpose, SigningKey, StepReport, check_offline};
use model::{Digest, GrantId, RunId, StepResult};

fn report(world: &World) -> StepReport {
    StepReport {
        schema: StepReport::SCHEMA.into(),
        run: world.grant.run.clone(),
        plan: world.grant.plan,
        grant: world.grant.id.clone(),
        step: 0,
        id: "switch".parse().unwrap(),
        target: None,
        undo: false,
        attempt: 1,
        started_at: at(3_000),
        finished_at: at(4_000),
        did: Did::Succeeded,
        why: None,
        exit: Some(0),
        output: OutputSummary { bytes: 3, truncated: false, commitment: Digest::of(b"salted") },
    }
}

#[test]
fn a_signed_report_reads_back_and_gives_the_runs_result() {
    let world = World::new();
    let report = report(&world);
    let signed = report.sign(&world.executor).unwrap();
    assert_eq!(StepReport::verify(signed.as_bytes(), world.executor.id()).unwrap(), report);
    assert_eq!(StepReport::verify_for(signed.as_bytes(), &world.grant, &world.plan).unwrap(), report);
    assert_eq!(signed.result(&report), StepResult::Succeeded { signed: Digest::of(signed.as_bytes()) });
}

#[test]
fn every_bit_of_a_report_matters() {
    let world = World::new();
    let good = report(&world).sign(&world.executor).unwrap().into_bytes();
    for place in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[place] ^= 1 << bit;
            assert!(StepReport::verify(&bad, world.executor.id()).is_err(), "byte {place}, bit {bit}");
        }
    }
}

#[test]
fn a_report_about_something_else_is_refused() {
    let world = World::new();
    let report = || report(&world);
    for (name, bad) in [
        ("run", StepReport { run: RunId::derive(&[b"other"]), ..report() }),
        ("grant", StepReport { grant: GrantId::derive(&[b"other"]), ..report() }),
        ("plan", StepReport { plan: Digest::of(b"other"), ..report() }),
        ("step", StepReport { step: 1, ..report() }),
        ("no such step", StepReport { step: 2, ..report() }),
        ("id", StepReport { id: "other".parse().unwrap(), ..report() }),
        ("target", StepReport { target: Some("shop-1".parse().unwrap()), ..report() }),
        ("no undo", StepReport { step: 1, id: "check".parse().unwrap(), undo: true, ..report() }),
    ] {
        let signed = bad.sign(&world.executor).unwrap();
        let error = StepReport::verify_for(signed.as_bytes(), &world.grant, &world.plan).unwrap_err();
        assert!(matches!(error, GrantError::Other { .. }), "{name}: {error}");
    }
}

#[test]
fn a_report_by_another_executor_is_refused() {
    let world = World::new();
    let other = SigningKey::from_secret(Purpose::Executor, &[9; 32]).unwrap();
    let signed = report(&world).sign(&other).unwrap();
    let error = StepReport::verify_for(signed.as_bytes(), &world.grant, &world.plan).unwrap_err();
    assert!(matches!(error, GrantError::OtherKey { .. }));
}

#[test]
fn a_gates_key_does_not_sign_a_report() {
    let world = World::new();
    let error = report(&world).sign(&world.gate).unwrap_err();
    assert!(matches!(error, GrantError::WrongPurpose { is: Purpose::Gate, needs: Purpose::Executor }));
}

#[test]
fn a_report_is_no_grant_and_a_grant_is_no_report_even_under_one_key() {
    let world = World::new();
    let both = SigningKey::from_secret(Purpose::Executor, &[1; 32]).unwrap();
    let signed = report(&world).sign(&both).unwrap();
    assert!(matches!(check_offline(signed.as_bytes(), world.gate.id()), Err(GrantError::Statement(_))));
    assert!(matches!(StepReport::verify(&world.signed(), both.id()), Err(GrantError::Statement(_))));
}

#[test]
fn a_report_that_contradicts_itself_is_not_signed() {
    let world = World::new();
    let report = || report(&world);
    for (name, bad) in [
        ("attempt 0", StepReport { attempt: 0, ..report() }),
        ("time", StepReport { finished_at: at(2_999), ..report() }),
        ("a reason for a success", StepReport { why: Some("x".into()), ..report() }),
        ("no reason for a failure", StepReport { did: Did::Failed, ..report() }),
        ("no reason for not knowing", StepReport { did: Did::Unknown, ..report() }),
        ("two lines", StepReport { did: Did::Failed, why: Some("a\nb".into()), ..report() }),
        ("empty", StepReport { did: Did::Failed, why: Some(String::new()), ..report() }),
        ("long", StepReport { did: Did::Failed, why: Some("x".repeat(501)), ..report() }),
        ("schema", StepReport { schema: "exequatur.grant/1".into(), ..report() }),
    ] {
        assert!(matches!(bad.sign(&world.executor), Err(GrantError::Unsound { .. })), "{name}");
    }
}
