//! Signed envelopes. Whoever has no key makes none: of all edits of a real one, none opens.

use std::sync::OnceLock;

use ::grant::{Did, Grant, OutputSummary, Purpose, SigningKey, StepReport, check_offline};
use ::model::{Digest, GrantId, OutcomeId, Revision, RunId, Timestamp};

use crate::edits::edited;

/// A grant and a report that are right, and who signed them.
struct Real {
    gate: SigningKey,
    executor: SigningKey,
    grant: Vec<u8>,
    report: Vec<u8>,
}

fn real() -> Option<&'static Real> {
    static REAL: OnceLock<Option<Real>> = OnceLock::new();
    REAL.get_or_init(make).as_ref()
}

fn make() -> Option<Real> {
    let gate = SigningKey::from_secret(Purpose::Gate, &[1; 32]).ok()?;
    let executor = SigningKey::from_secret(Purpose::Executor, &[2; 32]).ok()?;
    let (plan, run, id) = (Digest::of(b"plan"), RunId::derive(&[b"r"]), GrantId::derive(&[b"g"]));
    let grant = Grant {
        schema: Grant::SCHEMA.into(),
        id: id.clone(),
        run: run.clone(),
        outcome: OutcomeId::derive(&[b"o"]),
        plan,
        decision: Digest::of(b"decision"),
        configuration: Revision::from_bytes([0; 20]),
        executor: executor.id().clone(),
        host: "shop-1".into(),
        origin: "ledger.example/shop".into(),
        issued_at: Timestamp::from_millis(0),
        not_after: Timestamp::from_millis(1),
        evidence: Digest::of(b"evidence"),
        presence: None,
    };
    let report = StepReport {
        schema: StepReport::SCHEMA.into(),
        run,
        plan,
        grant: id,
        step: 0,
        id: "switch".parse().ok()?,
        target: None,
        undo: false,
        attempt: 1,
        started_at: Timestamp::from_millis(0),
        finished_at: Timestamp::from_millis(1),
        did: Did::Failed,
        why: Some("it exited with 1".into()),
        exit: Some(1),
        output: OutputSummary { bytes: 3, truncated: false, commitment: Digest::of(b"no\n") },
    };
    let (grant, report) = (grant.sign(&gate).ok()?.into_bytes(), report.sign(&executor).ok()?.into_bytes());
    Some(Real { gate, executor, grant, report })
}

pub(super) fn run(data: &[u8]) {
    let Some(real) = real() else { return };
    for (bytes, original) in [
        (data.to_vec(), &real.grant),
        (edited(&real.grant, data), &real.grant),
        (edited(&real.report, data), &real.report),
    ] {
        let opened = check_offline(&bytes, real.gate.id()).is_ok()
            || StepReport::verify(&bytes, real.executor.id()).is_ok();
        let same = bytes == *original || bytes == real.report;
        assert_eq!(opened, same, "only what was signed opens");
    }
}
