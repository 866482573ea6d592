//! `exq consent`: plans that wait for somebody's approval, and one of them made anew on the approver's own machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use gate::{Rulebook, object_id};
use gerrit::repo::Repo;
use model::{Canonical as _, Digest, OutcomeId, Plan, Request};
use notedb::walk::Reach;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Answer, Place, person, plan::steps, say};

/// Shows plans that wait for somebody's approval, and makes one anew: the code has to be the one that the page shows.
///
/// Yes or no is said in a browser, by somebody who is present; no program can.
#[derive(Debug, Args)]
pub(super) struct ConsentCommand {
    /// The outcome that waits; without it, all are listed.
    outcome: Option<OutcomeId>,
    /// Your own clone of the operations project: the plan is made anew from it, so that nothing of what the server says is
    /// believed but which submission it is about.
    #[arg(long, value_name = "CLONE", requires = "outcome")]
    operations: Option<PathBuf>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl ConsentCommand {
    pub(super) async fn run(self, place: Place) -> Answer {
        let api = person(&place)?;
        let Some(outcome) = &self.outcome else {
            let all = api.json("consents").await?;
            if self.json {
                say(&all);
            } else {
                list(&all);
            }
            return Ok(true);
        };
        let view = api.json(&format!("consents/{outcome}")).await?;
        let Some(folder) = &self.operations else {
            if self.json {
                say(&view);
            } else {
                let told = |at: &str| view.get(at).and_then(Value::as_str).unwrap_or("-");
                show(
                    &view,
                    told("code"),
                    told("hash"),
                    "as the server says it; --operations CLONE makes it anew from your own clone",
                );
            }
            return Ok(true);
        };
        let told: Plan = read(&view, "/plan")?;
        let hash: Digest = read(&view, "/hash")?;
        let asked: Option<Request> = read(&view, "/request")?;
        let made = again(folder, &told, asked.as_ref())?;
        let same = made.digest()? == hash && made == told;
        if self.json {
            let code = made.digest()?.short_code();
            say(json!({"schema": "exequatur.consent-check/1", "same": same, "code": code, "plan": made}));
            return Ok(same);
        }
        if !same {
            say(format_args!(
                "NOT the same: the server shows a plan with the code {}, and your clone gives {}\nhint: don't approve it; tell whoever runs the server",
                hash.short_code(),
                made.digest()?.short_code()
            ));
            return Ok(false);
        }
        // What is printed is what was made here, whatever else the server says.
        let made = made.digest()?;
        show(
            &view,
            &made.short_code(),
            &made.to_string(),
            "made anew from your own clone; the page has to show this code",
        );
        if view.get("waits").and_then(Value::as_bool) == Some(true) {
            let begun = api.post(&format!("consents/{outcome}"), &json!({"plan": hash})).await?;
            say(format_args!(
                "\nSay yes or no at {}",
                begun.get("url").and_then(Value::as_str).unwrap_or("-")
            ));
        }
        Ok(true)
    }
}

fn read<T: DeserializeOwned>(view: &Value, at: &str) -> anyhow::Result<T> {
    let value = view.pointer(at).cloned().unwrap_or_default();
    serde_json::from_value(value).with_context(|| {
        format!("{at} of the server's answer can't be used\nhint: has the outcome been judged yet? are both of the same version?")
    })
}

/// The plan, from the operations project as this clone has it. The commit has to be on one of its branches: what nobody merged
/// may lie in a clone, too.
fn again(folder: &Path, told: &Plan, asked: Option<&Request>) -> anyhow::Result<Plan> {
    let bare = folder.join(".git");
    let repo = Repo::open(if bare.is_dir() { &bare } else { folder })?;
    let commit = told.configuration;
    let mut tips: Vec<_> = repo.branches()?.into_iter().map(|(_, tip)| tip).collect();
    tips.extend(repo.refs_under("refs/remotes/")?.into_iter().map(|(_, tip)| tip));
    if !Reach::new(&repo, &tips)?.contains(&repo, &object_id(&commit))? {
        bail!(
            "{commit}, by which the plan is made, is on no branch of {}\nhint: git fetch; if it still isn't, don't approve it",
            folder.display()
        );
    }
    let rulebook = Rulebook::at(&repo, &commit)?;
    Ok(gate::plan(&rulebook, told, asked)?)
}

fn list(all: &Value) {
    let rows = all.get("rows").and_then(Value::as_array);
    let Some(rows) = rows.filter(|rows| !rows.is_empty()) else {
        return say("nothing waits for an approval");
    };
    for row in rows {
        let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or("-");
        say(format_args!(
            "{}  {}  {} in {}: {}",
            text("outcome"),
            text("code"),
            text("operation"),
            text("environment"),
            text("subject")
        ));
    }
}

fn show(view: &Value, code: &str, hash: &str, how: &str) {
    let text = |at: &str| view.pointer(at).and_then(Value::as_str).unwrap_or("-").to_owned();
    say(format_args!("{} in {}: {}\n", text("/operation"), text("/environment"), text("/title")));
    say(format_args!("  for       {}", text("/subject")));
    if let Some(why) = view.pointer("/request/justification").and_then(Value::as_str) {
        say(format_args!("  asked by  {}: {why}", text("/request/by/shown")));
    }
    say(format_args!("  revision  {}", text("/plan/triggered_by/revision")));
    for line in steps(view) {
        say(line);
    }
    say(format_args!("\ncode {code}   ({how})\nplan {hash}"));
    if let Some(why) = view.pointer("/you/why_not").and_then(Value::as_str) {
        say(format_args!("\nYour answer would not count: {why}"));
    }
}
