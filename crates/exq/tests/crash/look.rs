//! What a killed server left in its database: read from a copy, so that looking changes nothing.

use std::{collections::BTreeMap, fs, ops::Range, path::Path, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use ledger::{Fact, Leaf, LogSigner};
use model::{Run, RunState, SystemClock};
use secrecy::SecretString;
use serde_json::Value;
use store::{Query, Store as _};
use store_sqlite::{Options, SqliteStore};

use crate::shape::{Place, Shape, under_way};

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
    pub(crate) async fn point(&self, shape: &Shape, revision: &str) -> Result<Point> {
        let outside = |name: &str| {
            Ok(Point {
                name: format!("{}: {name}", shape.project),
                rows: vec![],
                inside: false,
                at: None,
                back: false,
            })
        };
        let text = |value: &Value, at: &str| value.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let outcomes = self.records("outcome").await?;
        let Some(outcome) = outcomes.iter().find(|o| text(o, "/tip").as_deref() == Some(revision)) else {
            return outside("merged, not seen");
        };
        let id = text(outcome, "/id").context("an outcome without id")?;
        let runs = self.records("run").await?;
        let Some(run) = runs.into_iter().find(|run| text(run, "/outcome").as_ref() == Some(&id)) else {
            return outside("seen, not granted");
        };
        let run: Run = serde_json::from_value(run)?;
        let entries = self.entries().await?;
        let groups = self.groups().await?;
        let about = |leaf: &Leaf| {
            let fact = |name: &str| leaf.fact(name).and_then(Fact::as_text).unwrap_or_default();
            fact("run") == run.id.as_str() || fact("about").starts_with(&id)
        };
        let last = entries.iter().rposition(about).context("a run without an entry")? as u64;
        let group =
            groups.iter().find(|group| group.contains(&last)).context("an entry under no checkpoint")?;
        let newest = entries.iter().filter(|leaf| group.contains(&leaf.index()) && about(leaf));
        let rows: Vec<String> = newest.filter_map(|leaf| row(shape, leaf)).collect();
        Ok(Point {
            name: format!("{}: {}", shape.project, rows.join(" + ")),
            rows,
            inside: !matches!(run.state, RunState::Finished { .. }),
            at: under_way(&run),
            back: matches!(run.state, RunState::Undoing { .. }),
        })
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

    /// The entries that became durable at once: each group has one checkpoint, and what is not under it is not there.
    pub(crate) async fn groups(&self) -> Result<Vec<Range<u64>>> {
        let (mut groups, mut after): (Vec<Range<u64>>, _) = (Vec::new(), None);
        loop {
            let page = self.store.checkpoints(after, 100).await?;
            let Some(last) = page.last() else { return Ok(groups) };
            after = Some(last.size);
            for checkpoint in page {
                let from = groups.last().map_or(0, |group| group.end);
                groups.push(from..checkpoint.size);
            }
        }
    }

    pub(crate) async fn sound(&self) -> Result<()> {
        let checked = self.store.check().await?;
        ensure!(checked.is_sound(), "the store is not sound: {:?}", checked.findings);
        Ok(())
    }
}

/// A place in the journal.
pub(crate) struct Point {
    /// The rows of the newest commit about the run.
    pub(crate) name: String,
    /// The same, one by one.
    pub(crate) rows: Vec<String>,
    /// Between the first row of the journal and settled.
    pub(crate) inside: bool,
    /// What was under way.
    pub(crate) at: Option<Place>,
    /// What acted was being taken back.
    pub(crate) back: bool,
}

/// A row of the journal in words; none for what says the same as another row.
fn row(shape: &Shape, leaf: &Leaf) -> Option<String> {
    let number = |name: &str| leaf.fact(name).and_then(Fact::as_integer).unwrap_or_default();
    let what = || {
        let step = usize::try_from(number("step")).ok()?;
        Some(act(shape, step, number("undo") == 1))
    };
    Some(match leaf.kind() {
        "grant.spent" => "granted".to_owned(),
        "step.started" if number("attempt") > 1 => format!("intent of {}, again", what()?),
        "step.started" => format!("intent of {}", what()?),
        "step.finished" => format!("outcome of {}", what()?),
        "run.turned" => "turned".to_owned(),
        "run.finished" => "finished".to_owned(),
        "report.due" => "report due".to_owned(),
        "report.posted" => "report posted".to_owned(),
        _ => return None,
    })
}

/// An act in words.
pub(crate) fn act(shape: &Shape, step: usize, undo: bool) -> String {
    format!("{}{}", if undo { "undo of " } else { "" }, shape.acts[step].id)
}

/// Every row that a kill has to fall behind once: intent and outcome of each act, forward and back, the turn, the end, and
/// what has to be said.
pub(crate) fn rows(shape: &Shape) -> Vec<String> {
    let mut rows = vec!["granted".to_owned()];
    for (step, one) in shape.acts.iter().enumerate() {
        for undo in [false, true].into_iter().filter(|undo| !undo || one.undo.is_some()) {
            rows.extend(["intent of", "outcome of"].map(|what| format!("{what} {}", act(shape, step, undo))));
        }
    }
    rows.extend(["turned", "finished", "report due"].map(str::to_owned));
    rows
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
