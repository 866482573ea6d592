//! One plan, its allow, and the grant that it turns into.
#![allow(dead_code)] // each test program uses its part

use grant::{Expectations, Grant, Purpose, SigningKey};
use model::{
    Action, Answer, Canonical as _, Decision, DecisionId, Digest, Exec, GrantId, OnFailure, OutcomeId, Plan,
    PlannedStep, Program, Revision, RunId, SubmissionId, Timestamp, TriggeredBy,
};

pub(crate) const HOST: &str = "shop-1";
pub(crate) const ORIGIN: &str = "ledger.example/shop";

/// Everything that an executor has at hand.
pub(crate) struct World {
    pub(crate) gate: SigningKey,
    pub(crate) executor: SigningKey,
    pub(crate) plan: Plan,
    pub(crate) decision: Decision,
    pub(crate) grant: Grant,
    pub(crate) now: Timestamp,
}

impl World {
    pub(crate) fn new() -> Self {
        let gate = SigningKey::from_secret(Purpose::Gate, &[1; 32]).unwrap();
        let executor = SigningKey::from_secret(Purpose::Executor, &[2; 32]).unwrap();
        let (plan, decision) = (plan(), decision());
        let decided = Decision { plan: plan.digest().unwrap(), ..decision };
        let grant = Grant {
            schema: Grant::SCHEMA.into(),
            id: GrantId::derive(&[b"grant"]),
            run: RunId::derive(&[b"run"]),
            outcome: OutcomeId::derive(&[b"outcome"]),
            plan: plan.digest().unwrap(),
            decision: decided.digest().unwrap(),
            configuration: decided.configuration,
            executor: executor.id().clone(),
            host: HOST.into(),
            origin: ORIGIN.into(),
            issued_at: at(2_000),
            not_after: at(2_000 + 600_000),
            evidence: decided.evidence,
            presence: None,
        };
        Self { gate, executor, plan, decision: decided, grant, now: at(3_000) }
    }

    /// A grant for this decision, which may be another than the fixture's.
    pub(crate) fn decided(mut self, decision: Decision) -> Self {
        self.grant.decision = decision.digest().unwrap();
        self.decision = decision;
        self
    }

    pub(crate) fn expect(&self) -> Expectations<'_> {
        Expectations {
            gate: self.gate.id(),
            executor: self.executor.id(),
            host: HOST,
            origin: ORIGIN,
            now: self.now,
            plan: &self.plan,
            decision: &self.decision,
            consents: &[],
            grounds: &NOBODY_IS_ASKED,
        }
    }

    pub(crate) fn signed(&self) -> Vec<u8> {
        self.grant.sign(&self.gate).unwrap().into_bytes()
    }
}

/// No provider, no passkeys.
pub(crate) static NOBODY_IS_ASKED: grant::Grounds = grant::Grounds { provider: None, passkeys: None };

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_507_200_000 + millis)
}

pub(crate) fn plan() -> Plan {
    let program = Program::Operations { path: "shop/switch".into(), sha256: Digest::of(b"#!/bin/sh\n") };
    let exec = Action::Exec(Exec { program, args: vec!["x".into()], timeout_ms: 1000, idempotent: true });
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
        inputs: [].into(),
        before: [].into(),
        files: [("shop/switch".into(), Digest::of(b"#!/bin/sh\n"))].into(),
        steps: vec![
            PlannedStep {
                id: "switch".parse().unwrap(),
                target: None,
                action: exec.clone(),
                undo: Some(exec.clone()),
            },
            PlannedStep { id: "check".parse().unwrap(), target: None, action: exec, undo: None },
        ],
        on_failure: OnFailure::Undo,
    }
}

fn decision() -> Decision {
    Decision {
        schema: Decision::SCHEMA.into(),
        id: DecisionId::derive(&[b"d"]),
        plan: Digest::of(b"set by the caller"),
        configuration: Revision::from_bytes([4; 20]),
        question: Digest::of(b"question"),
        evidence: Digest::of(b"evidence"),
        answer: Answer::Allow,
        policies: vec!["allow-reviewed".into()],
        reasons: vec![],
        facts_at: at(0),
        at: at(1_000),
    }
}
