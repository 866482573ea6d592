//! `exq why`

use anyhow::bail;
use clap::Args;
use model::ServerName;
use serde_json::Value;

use super::{Answer, Place, api, say};

/// Says what became of a change, a submission or a run, and why.
#[derive(Debug, Args)]
pub(super) struct Why {
    /// A change's number, a submission (`sub-…`), a run (`run-…`) or a request (`req-…`).
    about: String,
    /// The server of the change, as `exq.yaml` names it; may be left out where only one is watched.
    #[arg(long)]
    server: Option<ServerName>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Why {
    pub(super) async fn run(self, place: Place) -> Answer {
        if let Ok(id) = self.about.parse::<model::RequestId>() {
            return super::request::show_one(&place, &id, self.json).await;
        }
        let query = if self.about.starts_with("sub-") {
            format!("submission={}", self.about)
        } else if self.about.starts_with("run-") {
            format!("run={}", self.about)
        } else if self.about.parse::<u64>().is_ok() {
            let server = self.server.map(|name| format!("&server={name}")).unwrap_or_default();
            format!("change={}{server}", self.about)
        } else {
            bail!("{:?} is no change number, submission, run or request", self.about);
        };
        if !query.bytes().all(|b| b.is_ascii_alphanumeric() || b"-=&".contains(&b)) {
            bail!("{:?} is no change number, submission, run or request", self.about);
        }
        let view = api(&place)?.json(&format!("why?{query}")).await?;
        if self.json {
            say(&view);
        } else {
            say(in_words(&view));
        }
        let outcomes = view.get("outcomes").and_then(Value::as_array).cloned().unwrap_or_default();
        let in_force = view.get("in_force").and_then(Value::as_bool);
        Ok(in_force.unwrap_or(!outcomes.is_empty())
            && outcomes.iter().all(|o| o.pointer("/state/is").and_then(Value::as_str) == Some("ran")))
    }
}

/// The view as a person reads it.
pub(crate) fn in_words(view: &Value) -> String {
    let text = |value: &Value, at: &str| value.pointer(at).and_then(Value::as_str).unwrap_or("-").to_owned();
    let mut lines = vec![format!(
        "{}  {}  {}",
        text(view, "/submission/id"),
        text(view, "/submission/project"),
        text(view, "/subject")
    )];
    let outcomes = view.get("outcomes").and_then(Value::as_array).cloned().unwrap_or_default();
    let refused = view.get("refused").and_then(Value::as_array).cloned().unwrap_or_default();
    for reason in &refused {
        lines.push(format!("  * {}", text(reason, "/text")));
        lines
            .extend(reason.get("cure").and_then(Value::as_str).map(|cure| format!("    what helps: {cure}")));
    }
    match view.get("in_force").and_then(Value::as_bool) {
        Some(true) => lines.push("  it is part of the accepted configuration".to_owned()),
        Some(false) if refused.is_empty() => {
            lines.push("  it is no part of the accepted configuration: a newer commit was judged since, or it is being judged".to_owned());
        }
        Some(false) => lines.push("  it is not in force; the last accepted configuration stays".to_owned()),
        None if outcomes.is_empty() && refused.is_empty() => {
            lines.push("  no operation that was accepted before it was merged matches it".to_owned());
        }
        None => {}
    }
    for outcome in &outcomes {
        let result = outcome
            .pointer("/state/result")
            .and_then(Value::as_str)
            .map(|r| format!(": {r}"))
            .unwrap_or_default();
        lines.push(format!(
            "  {} → {}: {}{result}",
            text(outcome, "/operation"),
            text(outcome, "/environment"),
            text(outcome, "/state/is")
        ));
        for reason in outcome.pointer("/state/reasons").and_then(Value::as_array).into_iter().flatten() {
            let policy =
                reason.get("policy").and_then(Value::as_str).map(|p| format!(" [{p}]")).unwrap_or_default();
            lines.push(format!("    * {}{policy}", text(reason, "/text")));
            if let Some(cure) = reason.get("cure").and_then(Value::as_str) {
                lines.push(format!("      what helps: {cure}"));
            }
        }
        if let Some(run) = outcome.pointer("/state/run").and_then(Value::as_str) {
            lines.push(format!("    {run}; the file that proves it: exq bundle {run}"));
        }
        for approver in outcome.get("approvers").and_then(Value::as_array).into_iter().flatten() {
            lines.push(format!("    reviewed by {}", approver.as_str().unwrap_or("-")));
        }
    }
    lines.join("\n")
}
