//! What a killed server left in its database: read from a copy, so that looking changes nothing.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use ledger::{Fact, Leaf, LogSigner};
use model::{Run, RunState, StepState, SystemClock};
use secrecy::SecretString;
use serde_json::Value;
use store::{Query, Store as _};
use store_sqlite::{Options, SqliteStore};

/// A copy of the database, opened.
pub(crate) struct Look {
    pub(crate) store: SqliteStore,
    _copy: tempfile::TempDir,
}

impl Look {
    pub(crate) async fn at(data: &Path) -> Result<Self> {
        let copy = tempfile::tempdir()?;
        for name in ["exq.db", "exq.db-wal"] {
            if data.join(name).exists() {
                fs::copy(data.join(name), copy.path().join(name))?;
            }
        }
        let key = fs::read_to_string(data.join("keys/ledger.key"))?;
        let signer = LogSigner::parse(&SecretString::from(key.trim_end()))?;
        let options = Options::new(
            copy.path().join("exq.db"),
            signer,
            Arc::new(SystemClock),
            Arc::new(model::OsEntropy),
        );
        Ok(Self { store: SqliteStore::open(options).await?, _copy: copy })
    }

    /// All records of a kind, as JSON.
    pub(crate) async fn records(&self, kind: &'static str) -> Result<Vec<Value>> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.list(Query::of(kind).limit(100).after(after)).await?;
            for record in page.items.into_iter().filter_map(|standing| standing.record) {
                all.push(serde_json::from_slice(&record.body)?);
            }
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// Where the outcome of a revision stands: the point of the journal at which the server died.
    pub(crate) async fn point(&self, project: &str, revision: &str) -> Result<Point> {
        let outcomes = self.records("outcome").await?;
        let text = |value: &Value, at: &str| value.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let Some(outcome) = outcomes.iter().find(|o| text(o, "/tip").as_deref() == Some(revision)) else {
            return Ok(Point { name: "merged, not seen".to_owned(), inside: false });
        };
        let id = text(outcome, "/id").context("an outcome without id")?;
        let runs = self.records("run").await?;
        let run = runs.into_iter().find(|run| text(run, "/outcome").as_ref() == Some(&id));
        let Some(run) = run else {
            return Ok(Point { name: "seen, not granted".to_owned(), inside: false });
        };
        let run: Run = serde_json::from_value(run)?;
        let how = match &run.state {
            RunState::Finished { .. } => return Ok(Point { name: "settled".to_owned(), inside: false }),
            RunState::Granted => "granted",
            RunState::Running { .. } => "forward",
            RunState::Undoing { .. } => "back",
        };
        let mut at = "between two steps".to_owned();
        for (index, step) in run.steps.iter().enumerate() {
            for (undo, state) in [("", &step.state), ("undo of ", &step.undo)] {
                if let StepState::Started { attempt, .. } = state {
                    let attempt = if *attempt > 1 { "again" } else { "first attempt" };
                    at = format!("{undo}{index} {}, {attempt}", step.id);
                }
            }
        }
        Ok(Point { name: format!("{project}: {how}, in {at}"), inside: true })
    }

    /// Every entry of the ledger.
    pub(crate) async fn entries(&self) -> Result<Vec<Leaf>> {
        let size = self.store.checkpoint().await?.size;
        let mut all = Vec::new();
        while (all.len() as u64) < size {
            let page = self.store.entries(all.len() as u64..size).await?;
            ensure!(!page.is_empty(), "the ledger has no entry {}", all.len());
            for entry in page {
                all.push(Leaf::decode(&entry.leaf)?);
            }
        }
        Ok(all)
    }

    pub(crate) async fn sound(&self) -> Result<()> {
        let checked = self.store.check().await?;
        ensure!(checked.is_sound(), "the store is not sound: {:?}", checked.findings);
        Ok(())
    }
}

/// A place in the journal.
pub(crate) struct Point {
    pub(crate) name: String,
    /// Between the first row of the journal and settled.
    pub(crate) inside: bool,
}

/// How often each outcome was settled, by the ledger.
pub(crate) fn settled(entries: &[Leaf]) -> BTreeMap<String, usize> {
    let mut settled = BTreeMap::new();
    for entry in entries {
        let is = ["outcome.ran", "outcome.refused", "outcome.superseded", "outcome.observed"];
        if is.contains(&entry.kind())
            && let Some(outcome) = entry.fact("outcome").and_then(Fact::as_text)
        {
            *settled.entry(outcome.to_owned()).or_default() += 1;
        }
    }
    settled
}
