//! An executor on a real store, with real grants and programs that write down what they did.
#![allow(dead_code, unreachable_pub)] // each test program uses its part
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // these are tests

pub mod odd;
pub mod plans;

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use executor::{Executor, ExecutorConfig, ExecutorError, Settle, Spent};
use grant::{Grant, Purpose, SigningKey, StepReport};
use ledger::{Fact, Leaf};
use model::{
    Answer, Canonical as _, ChangeKey, Decision, DecisionId, Digest, Entropy, GrantId, OutcomeId, Plan, Run,
    RunId, RunResult, RunState, StepResult, StepState,
};
use store::{
    Commit, Expect, Store, StoreExt as _, StoredEntry, Transition,
    conformance::{Setting, Thing},
};
use store_sqlite::{Options, SqliteStore};
use targets::{DeskError, GerritDesk};
use tempfile::TempDir;

pub use odd::{Fate, OddStore};
pub use plans::{Script, plan};

pub const HOST: &str = "shop-1";
pub const ORIGIN: &str = "conformance.test/log";

/// All that a run needs, in a folder of its own.
pub struct World {
    pub dir: TempDir,
    pub setting: Setting,
    pub store: Arc<OddStore>,
    pub gate: SigningKey,
    pub entropy: Arc<dyn Entropy>,
}

/// A plan that was allowed, with its grant.
#[derive(Clone)]
pub struct Granted {
    pub plan: Plan,
    pub decision: Decision,
    pub grant: Grant,
    pub signed: Vec<u8>,
}

struct NoDesk;

#[async_trait]
impl GerritDesk for NoDesk {
    async fn message(&self, _: &ChangeKey, _: &str, _: &str) -> Result<(), DeskError> {
        Err(DeskError::Refused("no Gerrit here".into()))
    }

    async fn hashtags(&self, _: &ChangeKey, _: &[String], _: &[String]) -> Result<(), DeskError> {
        Err(DeskError::Refused("no Gerrit here".into()))
    }

    async fn revert(&self, _: &ChangeKey, _: &str, _: &str) -> Result<(), DeskError> {
        Err(DeskError::Refused("no Gerrit here".into()))
    }
}

impl World {
    pub async fn new() -> Self {
        Self::limited(None).await
    }

    pub async fn limited(max_bytes: Option<u64>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let setting = Setting::new();
        let (clock, entropy) = (setting.clock.clone(), setting.entropy.clone());
        let options = Options::new(dir.path().join("exq.db"), setting.signer(), clock, entropy);
        let store = SqliteStore::open(Options { max_bytes, ..options }).await.unwrap();
        std::fs::create_dir(dir.path().join("scratch")).unwrap();
        let gate = SigningKey::from_secret(Purpose::Gate, &[1; 32]).unwrap();
        let entropy = setting.entropy.clone();
        Self { dir, store: Arc::new(OddStore::new(store)), setting, gate, entropy }
    }

    pub fn key(&self) -> SigningKey {
        SigningKey::from_secret(Purpose::Executor, &[2; 32]).unwrap()
    }

    /// One life of the executor.
    pub fn executor(&self) -> Executor {
        let config = ExecutorConfig {
            grounds: grant::Grounds::default(),
            key: self.key(),
            gate: self.gate.id().clone(),
            host: HOST.into(),
            origin: ORIGIN.into(),
            scratch: self.dir.path().join("scratch"),
        };
        let (store, clock) = (self.store.clone(), self.setting.clock.clone());
        Executor::new(config, store, clock, self.entropy.clone(), Arc::new(NoDesk))
    }

    /// Where programs write down what they did.
    pub fn trace(&self) -> PathBuf {
        self.dir.path().join("trace")
    }

    /// What programs did, in order.
    pub fn did(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.trace()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// An allow for a plan, and its grant for ten minutes.
    pub fn granted(&self, name: &str, plan: Plan) -> Granted {
        use model::Clock as _;
        let now = self.setting.clock.now();
        let decision = Decision {
            schema: Decision::SCHEMA.into(),
            id: DecisionId::derive(&[name.as_bytes()]),
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
        // Keys of processes are the run's, so that what another test left is not found.
        let run = RunId::derive(&[
            name.as_bytes(),
            &std::process::id().to_be_bytes(),
            self.dir.path().as_os_str().as_encoded_bytes(),
        ]);
        let grant = Grant {
            schema: Grant::SCHEMA.into(),
            id: GrantId::derive(&[name.as_bytes()]),
            run,
            outcome: OutcomeId::derive(&[name.as_bytes()]),
            plan: plan.digest().unwrap(),
            decision: decision.digest().unwrap(),
            configuration: plan.configuration,
            executor: self.key().id().clone(),
            host: HOST.into(),
            origin: ORIGIN.into(),
            issued_at: now,
            not_after: now.plus_ms(600_000),
            evidence: decision.evidence,
            presence: None,
        };
        let signed = grant.sign(&self.gate).unwrap().into_bytes();
        Granted { plan, decision, grant, signed }
    }

    /// Spends a grant; with it the plan's programs are kept, and what the gate would write.
    pub async fn spend(&self, granted: &Granted, scripts: &[Script]) -> Spent {
        let executor = self.executor();
        let prepared = executor.verify(&granted.signed, &granted.plan, &granted.decision, &[]).unwrap();
        executor.spend(prepared, gate(scripts)).await.unwrap()
    }

    pub async fn run(&self, granted: &Granted) -> (Run, u64) {
        let found = self.store.get::<Run>(granted.grant.run.as_str()).await.unwrap().unwrap();
        (found.value, found.version)
    }

    /// Takes up a run as a new process would.
    pub async fn resume(&self, granted: &Granted) -> Result<Spent, ExecutorError> {
        let (run, version) = self.run(granted).await;
        self.executor().resume(run, version, &granted.signed, &granted.plan, &granted.decision, &[]).await
    }

    pub async fn entries(&self) -> Vec<(Leaf, StoredEntry)> {
        let entries = self.store.entries(0..1000).await.unwrap();
        entries.into_iter().map(|entry| (Leaf::decode(&entry.leaf).unwrap(), entry)).collect()
    }

    /// The run's entries in words: `step.started 0`, `step.finished undo 1 failed`.
    pub async fn story(&self) -> Vec<String> {
        let entries = self.entries().await;
        entries.iter().map(|(leaf, _)| in_words(leaf)).collect()
    }

    /// The ledger is what the store holds, and every outcome that it tells is signed by the executor, for this grant. What a
    /// step wrote is committed to in report and entry alike; without a report there is none.
    pub async fn check(&self, granted: &Granted) {
        let checked = self.store.check().await.unwrap();
        assert!(checked.is_sound(), "{:?}", checked.findings);
        let (run, _) = self.run(granted).await;
        let entries = self.entries().await;
        for (index, step) in (0_i64..).zip(&run.steps) {
            for (undo, state) in [(false, &step.state), (true, &step.undo)] {
                let StepState::Done { result, .. } = state else { continue };
                let about = |leaf: &Leaf| {
                    let is = |name, value| leaf.fact(name) == Some(&Fact::from(value));
                    leaf.kind() == "step.finished"
                        && is("step", index)
                        && is("undo", i64::from(undo))
                        && leaf.fact("run").and_then(Fact::as_text) == Some(run.id.as_str())
                };
                let (leaf, _) = entries.iter().find(|(leaf, _)| about(leaf)).expect("its entry");
                let (signed, did) = match result {
                    StepResult::Succeeded { signed } => (signed, grant::Did::Succeeded),
                    StepResult::Failed { signed, .. } => (signed, grant::Did::Failed),
                    StepResult::Unknown { signed: Some(signed) } => (signed, grant::Did::Unknown),
                    StepResult::Unknown { signed: None } => {
                        assert!(leaf.sealed().is_empty() && leaf.fact("report").is_none());
                        continue;
                    }
                };
                assert_eq!(leaf.fact("report").and_then(Fact::as_text), Some(signed.to_string().as_str()));
                let bytes = self.store.object(*signed).await.unwrap().expect("the report is kept");
                let report = StepReport::verify_for(&bytes, &granted.grant, &granted.plan).unwrap();
                assert_eq!((report.did, report.undo, &report.id), (did, undo, &step.id));
                assert_eq!(leaf.sealed()["output"].as_bytes(), report.output.commitment.as_bytes());
            }
        }
    }
}

fn in_words(leaf: &Leaf) -> String {
    let text = |name| leaf.fact(name).and_then(Fact::as_text).map(str::to_owned);
    let number = |name| leaf.fact(name).map(|fact| format!("{fact:?}"));
    let digits = |text: String| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let mut words = vec![leaf.kind().to_owned()];
    if number("undo").map(digits).as_deref() == Some("1") {
        words.push("undo".into());
    }
    words.extend(number("step").map(digits));
    words.extend(text("did"));
    words.extend(
        number("attempt").map(digits).filter(|attempt| attempt != "1").map(|a| format!("attempt {a}")),
    );
    words.extend(text("result"));
    words.join(" ")
}

/// What the gate writes in the commit that spends: here only the programs.
pub fn gate(scripts: &[Script]) -> Commit {
    let mut commit = Commit::new();
    for script in scripts {
        commit.object(script.bytes());
    }
    commit
}

pub fn result(run: &Run) -> RunResult {
    let RunState::Finished { result, .. } = run.state else { panic!("it isn't over: {:?}", run.state) };
    result
}

/// Writes down, in the commit in which the run ends, how it ended.
pub struct Settled;

#[async_trait]
impl Settle for Settled {
    async fn settle(&self, run: &Run) -> Result<Vec<Transition>, ExecutorError> {
        Ok(vec![Thing::new("outcome", result(run).name()).put(Expect::Absent)])
    }
}
