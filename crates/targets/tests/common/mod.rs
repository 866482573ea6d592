//! A granted plan with the steps that a test wants, and what an executor lends for them.
#![allow(dead_code)] // each test program uses its part
#![allow(clippy::unwrap_used, clippy::expect_used)]

pub(crate) mod server;

use std::{collections::BTreeMap, io, path::Path, time::Duration};

use grant::{Expectations, Grant, Purpose, SigningKey, StepAt, VerifiedGrant, verify};
use model::{
    Action, Answer, Canonical as _, Decision, DecisionId, Digest, Exec, GrantId, OnFailure, OutcomeId, Plan,
    PlannedStep, Program, Revision, RunId, SubmissionId, Timestamp, TriggeredBy,
};
use targets::{Acted, Context, Files, GerritDesk, Limits, Secrets, act};
use tempfile::TempDir;

/// Bytes by digest, and a lie if a test wants one.
#[derive(Default)]
pub(crate) struct Store {
    files: BTreeMap<Digest, Vec<u8>>,
}

impl Store {
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(_, text)| (Digest::of(text.as_bytes()), text.as_bytes().to_vec()));
        Self { files: files.collect() }
    }

    /// Other bytes under the digest of the first ones.
    pub(crate) fn lie(&mut self, about: &str, bytes: &str) {
        self.files.insert(Digest::of(about.as_bytes()), bytes.as_bytes().to_vec());
    }
}

impl Files for Store {
    fn read(&self, sha256: &Digest, _: usize) -> io::Result<Vec<u8>> {
        self.files.get(sha256).cloned().ok_or_else(|| io::Error::other("no such file"))
    }
}

/// All that one test needs.
pub(crate) struct World {
    pub(crate) grant: VerifiedGrant,
    pub(crate) store: Store,
    pub(crate) scratch: TempDir,
    pub(crate) secrets: Secrets,
    pub(crate) limits: Limits,
}

impl World {
    /// A plan with these actions, one a step, and these files. The name keeps tests apart: it is the run's.
    pub(crate) fn new(name: &str, actions: Vec<Action>, files: &[(&str, &str)]) -> Self {
        let limits = Limits { grace: Duration::from_millis(300), ..Limits::default() };
        Self {
            grant: granted(name, actions, files),
            store: Store::with(files),
            scratch: tempfile::tempdir().unwrap(),
            secrets: Secrets::default(),
            limits,
        }
    }

    /// One step: a script of the plan.
    pub(crate) fn script(name: &str, script: &str, args: &[&str], timeout_ms: u64) -> Self {
        let script = format!("#!/bin/sh\n{script}\n");
        let program = Program::Operations { path: "shop/run".into(), sha256: Digest::of(script.as_bytes()) };
        let files = [("shop/run", script.as_str()), ("shop/data.txt", "data\n"), ("other/lib.sh", "true\n")];
        Self::new(name, vec![exec(program, args, timeout_ms)], &files)
    }

    /// One step: a program of the host.
    pub(crate) fn host(name: &str, path: &str, args: &[&str]) -> Self {
        Self::new(name, vec![exec(Program::Host { path: path.into() }, args, 20_000)], &[])
    }

    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            files: &self.store,
            scratch: self.scratch.path(),
            secrets: &self.secrets,
            desk: None,
            limits: self.limits,
        }
    }

    pub(crate) async fn act(&self) -> Acted {
        self.attempt(1).await
    }

    pub(crate) async fn attempt(&self, attempt: u32) -> Acted {
        act(&self.grant, StepAt::forward(0), attempt, &self.context()).await
    }

    pub(crate) async fn act_with(&self, desk: &dyn GerritDesk) -> Acted {
        let context = Context { desk: Some(desk), ..self.context() };
        act(&self.grant, StepAt::forward(0), 1, &context).await
    }

    /// Nothing is left in the directory for private directories.
    pub(crate) fn is_clean(&self) -> bool {
        is_empty(self.scratch.path())
    }
}

pub(crate) fn is_empty(dir: &Path) -> bool {
    std::fs::read_dir(dir).unwrap().next().is_none()
}

pub(crate) fn exec(program: Program, args: &[&str], timeout_ms: u64) -> Action {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    Action::Exec(Exec { program, args, timeout_ms, idempotent: true })
}

pub(crate) fn granted(name: &str, actions: Vec<Action>, files: &[(&str, &str)]) -> VerifiedGrant {
    let gate = SigningKey::from_secret(Purpose::Gate, &[1; 32]).unwrap();
    let executor = SigningKey::from_secret(Purpose::Executor, &[2; 32]).unwrap();
    let now = Timestamp::from_millis(1_795_507_200_000);
    let steps = actions.into_iter().enumerate().map(|(n, action)| PlannedStep {
        id: format!("step-{n}").parse().unwrap(),
        target: None,
        action,
        undo: None,
    });
    let plan = Plan {
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
            changes: vec![41, 42],
        },
        inputs: [].into(),
        before: [].into(),
        files: files.iter().map(|(path, text)| ((*path).into(), Digest::of(text.as_bytes()))).collect(),
        steps: steps.collect(),
        on_failure: OnFailure::Undo,
    };
    let decision = Decision {
        schema: Decision::SCHEMA.into(),
        id: DecisionId::derive(&[b"d"]),
        plan: plan.digest().unwrap(),
        configuration: plan.configuration,
        question: Digest::of(b"question"),
        evidence: Digest::of(b"evidence"),
        answer: Answer::Allow,
        policies: vec![],
        reasons: vec![],
        facts_at: now,
        at: now,
    };
    // Each process of the test has keys of its own: what a killed test run left behind is not found by the next.
    let run = RunId::derive(&[name.as_bytes(), &std::process::id().to_be_bytes()]);
    let grant = Grant {
        schema: Grant::SCHEMA.into(),
        id: GrantId::derive(&[name.as_bytes()]),
        run,
        outcome: OutcomeId::derive(&[name.as_bytes()]),
        plan: plan.digest().unwrap(),
        decision: decision.digest().unwrap(),
        configuration: plan.configuration,
        executor: executor.id().clone(),
        host: "shop-1".into(),
        origin: "ledger.example/shop".into(),
        issued_at: now,
        not_after: now.plus_ms(600_000),
        evidence: decision.evidence,
        presence: None,
    };
    let grounds = grant::Grounds::default();
    let expect = Expectations {
        gate: gate.id(),
        executor: executor.id(),
        host: "shop-1",
        origin: "ledger.example/shop",
        now,
        plan: &plan,
        decision: &decision,
        consents: &[],
        grounds: &grounds,
    };
    verify(grant.sign(&gate).unwrap().as_bytes(), &expect).unwrap()
}
