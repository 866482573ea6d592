//! `exq request`

use std::time::Duration;

use clap::{Args, Subcommand};
use model::RequestId;
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::{
    Answer, Place, api, person,
    plan::{Wish, pair},
    say,
};

/// How long it is waited for the change in Gerrit.
const PATIENCE_MS: u64 = 20_000;
/// Between two looks.
const PAUSE_MS: u64 = 250;

/// Asks for an operation: the wish becomes a change in Gerrit, is reviewed there, and then runs.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct RequestCommand {
    #[command(subcommand)]
    other: Option<Other>,
    /// The operation: one that no submission sets off.
    #[arg(required = true)]
    operation: Option<String>,
    /// The environment; may be left out where there is one.
    #[arg(long, short, value_name = "ENVIRONMENT")]
    environment: Option<String>,
    /// What the operation asks for, as NAME=VALUE; once for each.
    #[arg(long = "input", value_name = "NAME=VALUE", value_parser = pair)]
    inputs: Vec<(String, String)>,
    /// Why, in words for the people who review it.
    #[arg(long, short, value_name = "TEXT", required = true)]
    justification: Option<String>,
    /// The hash that `exq plan` showed: nothing is asked if it would be another now.
    #[arg(long, value_name = "HASH")]
    plan: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Other {
    /// Shows how a request stands.
    Show(One),
    /// Lists the newest requests.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Takes a request back; its change is abandoned.
    Withdraw(One),
}

#[derive(Debug, Args)]
struct One {
    /// The request: `req-…`.
    id: RequestId,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl RequestCommand {
    pub(super) async fn run(self, place: Place) -> Answer {
        match self.other {
            Some(Other::Show(one)) => show_one(&place, &one.id, one.json).await,
            Some(Other::List { json }) => list(&reader(&place)?.json("requests").await?, json),
            Some(Other::Withdraw(one)) => {
                let path = format!("requests/{}/withdraw", one.id);
                let view = person(&place)?.post(&path, &json!({})).await?;
                show(&view, one.json);
                Ok(view.get("state").and_then(Value::as_str) == Some("withdrawn"))
            }
            None => self.make(&place).await,
        }
    }
}

/// Shows how one stands.
pub(super) async fn show_one(place: &Place, id: &RequestId, json: bool) -> Answer {
    shown(&reader(place)?.json(&format!("requests/{id}")).await?, json)
}

/// Whoever may read: who signed in, else the host's own token.
fn reader(place: &Place) -> anyhow::Result<crate::client::Api> {
    person(place).or_else(|_| api(place))
}

impl RequestCommand {
    async fn make(self, place: &Place) -> Answer {
        let (Some(operation), Some(justification)) = (self.operation, self.justification) else {
            anyhow::bail!("which operation, and why?\nhint: exq request OPERATION --justification TEXT");
        };
        let wish = Wish { operation, environment: self.environment, inputs: self.inputs };
        let api = person(place)?;
        let mut more = json!({"justification": justification});
        if let (Some(map), Some(plan)) = (more.as_object_mut(), &self.plan) {
            map.insert("plan".to_owned(), json!(plan));
        }
        let mut view = api.post("requests", &wish.body(more)?).await?;
        let id = view.pointer("/request/id").and_then(Value::as_str).unwrap_or_default().to_owned();
        // It is stored, and will become a change whether or not anybody waits for it here.
        for _ in 0..PATIENCE_MS / PAUSE_MS {
            if view.get("state").and_then(Value::as_str) != Some("made") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(PAUSE_MS)).await;
            view = api.json(&format!("requests/{id}")).await?;
        }
        shown(&view, self.json)
    }
}

fn show(view: &Value, as_json: bool) {
    if as_json {
        say(view);
    } else {
        say(in_words(view));
    }
}

/// Yes, while it can still come to something, or did.
fn shown(view: &Value, as_json: bool) -> Answer {
    show(view, as_json);
    let word = |at: &str| view.pointer(at).and_then(Value::as_str).unwrap_or_default();
    Ok(match word("/state") {
        "made" | "open" | "submitting" => true,
        "merged" => match word("/outcome/is") {
            "ran" => word("/outcome/result") == "succeeded",
            outcome => matches!(outcome, "" | "open" | "waiting" | "running"),
        },
        _ => false,
    })
}

fn list(page: &Value, as_json: bool) -> Answer {
    if as_json {
        say(page);
        return Ok(true);
    }
    let rows = page.get("rows").and_then(Value::as_array).cloned().unwrap_or_default();
    for row in &rows {
        let word = |at: &str| row.pointer(at).and_then(Value::as_str).unwrap_or("-").to_owned();
        let change = row.get("change").and_then(Value::as_u64).map_or("-".to_owned(), |n| n.to_string());
        say(format!(
            "{}  {:10}  change {change}  {} in {}  {}",
            word("/request/id"),
            stands(row),
            word("/request/operation"),
            word("/request/environment"),
            asked_by(row)
        ));
    }
    if rows.is_empty() {
        say("no requests");
    }
    Ok(true)
}

fn stands(view: &Value) -> String {
    let word = |at: &str| view.pointer(at).and_then(Value::as_str);
    match (word("/state"), word("/outcome/is"), word("/outcome/result")) {
        (Some("merged"), Some("ran"), Some(result)) => format!("ran: {result}"),
        (Some("merged"), Some(outcome), _) => outcome.to_owned(),
        (state, ..) => state.unwrap_or("-").to_owned(),
    }
}

fn asked_by(view: &Value) -> String {
    let by = view.pointer("/request/by").map(model::Requester::deserialize);
    by.and_then(Result::ok).map_or("-".to_owned(), |by| by.to_string())
}

/// One as a person reads it.
fn in_words(view: &Value) -> String {
    let text = |at: &str| view.pointer(at).and_then(Value::as_str).unwrap_or("-").to_owned();
    let mut lines = vec![
        format!(
            "{}  {} in {}",
            text("/request/id"),
            text("/request/operation"),
            text("/request/environment")
        ),
        format!("  {}", stands(view)),
        format!("  asked by {}", asked_by(view)),
    ];
    lines.extend(text("/request/justification").lines().map(|line| format!("  > {line}")));
    lines.push(format!("  plan {}", text("/request/plan")));
    match view.get("change_url").and_then(Value::as_str) {
        Some(url) => lines.push(format!("  change {url}")),
        None => lines.push("  no change yet: it is made as soon as Gerrit takes it".to_owned()),
    }
    if let Some(trouble) = view.get("trouble").and_then(Value::as_str) {
        lines.push(format!("  tried again: {trouble}"));
    }
    for at in ["/waits_for", "/reasons", "/outcome/reasons"] {
        for reason in view.pointer(at).and_then(Value::as_array).into_iter().flatten() {
            let word = |key: &str| reason.get(key).and_then(Value::as_str);
            lines.push(format!("    * {}", word("text").unwrap_or("-")));
            lines.extend(word("cure").map(|cure| format!("      what helps: {cure}")));
        }
    }
    if let Some(run) = view.pointer("/outcome/run").and_then(Value::as_str) {
        lines.push(format!("  {run}; the file that proves it: exq bundle {run}"));
    }
    lines.join("\n")
}
