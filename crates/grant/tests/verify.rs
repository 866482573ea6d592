//! I1, I4: what is not exactly the grant that this gate gave to this executor for this plan is refused.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers of tests

mod common;

use common::{World, at};
use grant::{Expectations, Grant, GrantError, Purpose, SigningKey, StepAt, check_offline, verify};
use model::{
    Answer, Decision, Digest, GrantId, Need, OutcomeId, Plan, Reason, Revision, RunId, to_canonical,
};
use proptest::prelude::*;

fn refusal(bytes: &[u8], expect: &Expectations<'_>) -> GrantError {
    verify(bytes, expect).unwrap_err()
}

fn other_than(what: &str, error: &GrantError) -> bool {
    matches!(error, GrantError::Other { what: w, .. } if *w == what)
}

#[test]
fn the_grant_that_was_given_verifies_and_says_what_it_permits() {
    let world = World::new();
    let bytes = world.signed();
    let verified = verify(&bytes, &world.expect()).unwrap();
    assert_eq!(verified.grant(), &world.grant);
    assert_eq!(verified.plan(), &world.plan);
    assert_eq!(verified.signed_digest(), &Digest::of(&bytes));
    assert_eq!(verified.run(), &world.grant.run);
    assert_eq!(verified.action(StepAt::forward(0)), Some(&world.plan.steps[0].action));
    assert_eq!(verified.action(StepAt::undo(0)), world.plan.steps[0].undo.as_ref());
    assert_eq!(verified.action(StepAt::undo(1)), None);
    assert_eq!(verified.action(StepAt::forward(2)), None);
    assert_eq!(check_offline(&bytes, world.gate.id()).unwrap(), world.grant);
}

#[test]
fn the_same_grant_has_the_same_bytes() {
    assert_eq!(World::new().signed(), World::new().signed());
    assert_eq!(
        World::new().grant.sign(&World::new().gate).unwrap().digest(),
        Digest::of(&World::new().signed())
    );
}

#[test]
fn every_bit_of_the_envelope_matters() {
    let world = World::new();
    let good = world.signed();
    for place in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[place] ^= 1 << bit;
            assert!(verify(&bad, &world.expect()).is_err(), "byte {place}, bit {bit}");
            assert!(check_offline(&bad, world.gate.id()).is_err(), "byte {place}, bit {bit}");
        }
    }
}

#[test]
fn a_byte_less_or_more_is_refused() {
    let world = World::new();
    let good = world.signed();
    for end in 0..good.len() {
        assert!(verify(&good[..end], &world.expect()).is_err(), "cut at {end}");
        assert!(verify(&good[end + 1..], &world.expect()).is_err(), "begun at {end}");
    }
    for more in [b"\n".as_slice(), b" ", b"\0", b"{}"] {
        assert!(verify(&[&good, more].concat(), &world.expect()).is_err());
        assert!(verify(&[more, &good].concat(), &world.expect()).is_err());
    }
}

/// Changes one field without the gate's key: the payload is rewritten, the signature stays.
#[test]
fn every_field_changed_without_the_gates_key_is_refused() {
    let world = World::new();
    let envelope: serde_json::Value = serde_json::from_slice(&world.signed()).unwrap();
    let fields = serde_json::to_value(&world.grant).unwrap();
    let names: Vec<String> = fields.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 13);
    for (name, bad) in changed_grants(&world.grant) {
        let payload = payload_of(&envelope);
        let mut statement: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        statement["predicate"]["value"] = serde_json::to_value(&bad).unwrap();
        statement["subject"][0]["digest"]["exequatur.plan/1"] = bad.plan.to_string().into();
        let forged = with_payload(&envelope, &to_canonical(&statement).unwrap());
        assert!(
            matches!(refusal(&forged, &world.expect()), GrantError::Signature { purpose: Purpose::Gate }),
            "{name}"
        );
    }
    let mutated: Vec<&str> = changed_grants(&world.grant).into_iter().map(|(name, _)| name).collect();
    assert!(names.iter().all(|name| mutated.contains(&name.as_str())), "{names:?} against {mutated:?}");
}

/// Even the gate can't talk an executor into something else than what lies before it.
#[test]
fn fields_that_the_executor_knows_are_checked_even_if_the_gate_signed_them() {
    let world = World::new();
    for (name, bad) in changed_grants(&world.grant) {
        let known = !["id", "run", "outcome", "issued_at", "not_after"].contains(&name);
        let result = bad.sign(&world.gate).and_then(|signed| verify(signed.as_bytes(), &world.expect()));
        assert_eq!(result.is_err(), known, "{name}");
    }
}

fn changed_grants(grant: &Grant) -> Vec<(&'static str, Grant)> {
    let grant = || grant.clone();
    vec![
        ("schema", Grant { schema: "exequatur.grant/2".into(), ..grant() }),
        ("id", Grant { id: GrantId::derive(&[b"other"]), ..grant() }),
        ("run", Grant { run: RunId::derive(&[b"other"]), ..grant() }),
        ("outcome", Grant { outcome: OutcomeId::derive(&[b"other"]), ..grant() }),
        ("plan", Grant { plan: Digest::of(b"other"), ..grant() }),
        ("decision", Grant { decision: Digest::of(b"other"), ..grant() }),
        ("configuration", Grant { configuration: Revision::from_bytes([9; 20]), ..grant() }),
        ("executor", Grant { executor: other_key().id().clone(), ..grant() }),
        ("host", Grant { host: "shop-2".into(), ..grant() }),
        ("origin", Grant { origin: "ledger.example/demo".into(), ..grant() }),
        ("issued_at", Grant { issued_at: at(2_001), ..grant() }),
        ("not_after", Grant { not_after: at(900_000), ..grant() }),
        ("evidence", Grant { evidence: Digest::of(b"other"), ..grant() }),
    ]
}

fn other_key() -> SigningKey {
    SigningKey::from_secret(Purpose::Executor, &[8; 32]).unwrap()
}

fn payload_of(envelope: &serde_json::Value) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap()
}

fn with_payload(envelope: &serde_json::Value, payload: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let mut envelope = envelope.clone();
    envelope["payload"] = base64::engine::general_purpose::STANDARD.encode(payload).into();
    to_canonical(&envelope).unwrap()
}

#[test]
fn an_expired_grant_is_refused_from_its_deadline_on() {
    let mut world = World::new();
    let bytes = world.signed();
    world.now = world.grant.not_after.plus_ms(-1);
    let verified = verify(&bytes, &world.expect()).unwrap();
    assert!(matches!(verified.check_deadline(world.grant.not_after), Err(GrantError::Expired { .. })));
    world.now = world.grant.not_after;
    assert!(matches!(refusal(&bytes, &world.expect()), GrantError::Expired { .. }));
}

#[test]
fn a_grant_from_the_future_is_refused_but_for_a_minute_of_clock_skew() {
    let mut world = World::new();
    let bytes = world.signed();
    world.now = world.grant.issued_at.plus_ms(-grant::MAX_SKEW_MS);
    assert!(verify(&bytes, &world.expect()).is_ok());
    world.now = world.now.plus_ms(-1);
    assert!(matches!(refusal(&bytes, &world.expect()), GrantError::NotYet { .. }));
}

#[test]
fn a_grant_for_another_host_is_refused() {
    let world = World::new();
    let expect = Expectations { host: "shop-2", ..world.expect() };
    assert!(other_than("host", &refusal(&world.signed(), &expect)));
}

#[test]
fn a_grant_for_another_executor_is_refused() {
    let world = World::new();
    let other = other_key();
    let expect = Expectations { executor: other.id(), ..world.expect() };
    assert!(other_than("executor", &refusal(&world.signed(), &expect)));
}

#[test]
fn a_grant_recorded_in_another_ledger_is_refused() {
    let world = World::new();
    let expect = Expectations { origin: "ledger.example/demo", ..world.expect() };
    assert!(other_than("origin", &refusal(&world.signed(), &expect)));
}

#[test]
fn a_grant_by_another_gate_is_refused() {
    let world = World::new();
    let other = SigningKey::from_secret(Purpose::Gate, &[9; 32]).unwrap();
    let by_other = world.grant.sign(&other).unwrap();
    assert!(matches!(refusal(by_other.as_bytes(), &world.expect()), GrantError::OtherKey { .. }));
}

#[test]
fn any_other_plan_is_refused() {
    let world = World::new();
    let plan = || world.plan.clone();
    let mut other_step = plan();
    other_step.steps.swap(0, 1);
    let mut fewer = plan();
    fewer.steps.pop();
    for (name, other) in [
        ("schema", Plan { schema: "exequatur.plan/2".into(), ..plan() }),
        ("environment", Plan { environment: "stage".parse().unwrap(), ..plan() }),
        ("inputs", Plan { inputs: [("a".into(), "b".into())].into(), ..plan() }),
        ("files", Plan { files: [("shop/switch".into(), Digest::of(b"other"))].into(), ..plan() }),
        ("order", other_step),
        ("fewer", fewer),
    ] {
        let expect = Expectations { plan: &other, ..world.expect() };
        let error = refusal(&world.signed(), &expect);
        assert!(other_than("plan", &error) || name == "schema", "{name}: {error}");
    }
}

#[test]
fn any_other_decision_is_refused() {
    let world = World::new();
    let other = Decision { facts_at: at(1), ..world.decision.clone() };
    let expect = Expectations { decision: &other, ..world.expect() };
    assert!(other_than("decision", &refusal(&world.signed(), &expect)));
}

#[test]
fn a_deny_grants_nothing_even_if_the_gate_signs_it() {
    let world = World::new();
    let deny = Decision { answer: Answer::Deny, ..world.decision.clone() };
    let world = world.decided(deny);
    assert!(matches!(refusal(&world.signed(), &world.expect()), GrantError::Denied { .. }));
}

#[test]
fn an_allow_that_contradicts_itself_or_is_about_another_plan_is_refused() {
    let reason = Reason {
        code: "no-independent-approval".into(),
        text: "nobody approved".into(),
        cure: None,
        policy: None,
        need: Need::Waits,
    };
    let world = World::new();
    let decision = Decision { reasons: vec![reason], ..world.decision.clone() };
    let world = world.decided(decision);
    assert!(matches!(
        refusal(&world.signed(), &world.expect()),
        GrantError::Unsound { what: "decision", .. }
    ));

    let world = World::new();
    let decision = Decision { plan: Digest::of(b"other"), ..world.decision.clone() };
    let world = world.decided(decision);
    assert!(other_than("the decision's plan", &refusal(&world.signed(), &world.expect())));

    let world = World::new();
    let decision = Decision { schema: "exequatur.decision/2".into(), ..world.decision.clone() };
    let world = world.decided(decision);
    assert!(matches!(
        refusal(&world.signed(), &world.expect()),
        GrantError::Unsound { what: "decision", .. }
    ));

    let world = World::new();
    let decision = Decision { at: at(2_001), ..world.decision.clone() };
    let world = world.decided(decision);
    assert!(matches!(refusal(&world.signed(), &world.expect()), GrantError::Unsound { what: "grant", .. }));
}

#[test]
fn a_grant_that_contradicts_itself_is_not_even_signed() {
    let World { grant, gate, .. } = World::new();
    let grant = || grant.clone();
    for (name, bad) in [
        ("ends as it begins", Grant { not_after: grant().issued_at, ..grant() }),
        ("too long", Grant { not_after: grant().issued_at.plus_ms(grant::MAX_LIFETIME_MS + 1), ..grant() }),
        ("no host", Grant { host: String::new(), ..grant() }),
        ("blank in host", Grant { host: "a b".into(), ..grant() }),
        ("line in origin", Grant { origin: "a\nb".into(), ..grant() }),
        ("long origin", Grant { origin: "a".repeat(256), ..grant() }),
        ("schema", Grant { schema: "exequatur.step/1".into(), ..grant() }),
    ] {
        assert!(matches!(bad.sign(&gate), Err(GrantError::Unsound { what: "grant", .. })), "{name}");
    }
}

#[test]
fn an_executors_key_does_not_sign_a_grant() {
    let world = World::new();
    let executor_of_same_secret = SigningKey::from_secret(Purpose::Executor, &[1; 32]).unwrap();
    assert_eq!(executor_of_same_secret.id(), world.gate.id());
    assert!(matches!(
        world.grant.sign(&executor_of_same_secret),
        Err(GrantError::WrongPurpose { is: Purpose::Executor, needs: Purpose::Gate })
    ));
}

#[test]
fn attempts_share_an_idempotency_key_and_actions_and_runs_do_not() {
    let mut world = World::new();
    let first = verify(&world.signed(), &world.expect()).unwrap();
    world.grant.id = GrantId::derive(&[b"again"]);
    let again = verify(&world.signed(), &world.expect()).unwrap();
    world.grant.run = RunId::derive(&[b"other"]);
    let other = verify(&world.signed(), &world.expect()).unwrap();
    let key = first.idempotency_key(StepAt::forward(0));
    assert_eq!(key, again.idempotency_key(StepAt::forward(0)));
    assert_ne!(key, first.idempotency_key(StepAt::undo(0)));
    assert_ne!(key, first.idempotency_key(StepAt::forward(1)));
    assert_ne!(key, other.idempotency_key(StepAt::forward(0)));
}

proptest! {
    #[test]
    fn no_bytes_are_a_grant_by_chance(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let world = World::new();
        prop_assert!(verify(&bytes, &world.expect()).is_err());
    }

    #[test]
    fn a_payload_that_is_changed_anywhere_is_refused(place in 0_usize..10_000, byte in any::<u8>()) {
        let world = World::new();
        let envelope: serde_json::Value = serde_json::from_slice(&world.signed()).unwrap();
        let mut payload = payload_of(&envelope);
        let place = place % payload.len();
        prop_assume!(payload[place] != byte);
        payload[place] = byte;
        let forged = with_payload(&envelope, &payload);
        let refused = matches!(verify(&forged, &world.expect()), Err(GrantError::Signature { .. }));
        prop_assert!(refused);
    }
}
