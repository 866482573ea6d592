//! `exq plan`

use clap::Args;
use serde_json::{Value, json};

use super::{Answer, Place, person, say};

/// Shows exactly what a request would do, and its hash.
#[derive(Debug, Args)]
pub(super) struct PlanCommand {
    #[command(flatten)]
    wish: Wish,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What somebody wishes to be done.
#[derive(Debug, Args)]
pub(super) struct Wish {
    /// The operation: one that no submission sets off.
    pub(super) operation: String,
    /// The environment; may be left out where there is one.
    #[arg(long, short, value_name = "ENVIRONMENT")]
    pub(super) environment: Option<String>,
    /// What the operation asks for, as NAME=VALUE; once for each.
    #[arg(long = "input", value_name = "NAME=VALUE", value_parser = pair)]
    pub(super) inputs: Vec<(String, String)>,
}

impl Wish {
    /// The body of a call; `more` are its other members.
    pub(super) fn body(&self, more: Value) -> anyhow::Result<Value> {
        let mut inputs = serde_json::Map::new();
        for (name, value) in &self.inputs {
            if inputs.insert(name.clone(), json!(value)).is_some() {
                anyhow::bail!("--input: {name} is given twice");
            }
        }
        let mut body = json!({"operation": self.operation, "inputs": inputs});
        if let Some(map) = body.as_object_mut() {
            map.extend(self.environment.iter().map(|name| ("environment".to_owned(), json!(name))));
            map.extend(more.as_object().cloned().unwrap_or_default());
        }
        Ok(body)
    }
}

/// `NAME=VALUE`
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl PlanCommand {
    pub(super) async fn run(self, place: Place) -> Answer {
        let view = person(&place)?.post("plan", &self.wish.body(json!({}))?).await?;
        if self.json {
            say(&view);
        } else {
            say(in_words(&view));
        }
        Ok(true)
    }
}

/// The plan as a person reads it: each value in quotes, so that it is seen where it ends.
fn in_words(view: &Value) -> String {
    let text = |at: &str| view.pointer(at).and_then(Value::as_str).unwrap_or("-").to_owned();
    let mut lines = vec![
        format!("{} in {}: {}", text("/plan/operation"), text("/plan/environment"), text("/title")),
        String::new(),
    ];
    lines.extend(steps(view));
    let people = view.get("people").and_then(Value::as_u64).unwrap_or_default();
    lines.push(format!("\n{people} independent people have to approve it; not who asks."));
    lines.push(format!("plan {}", text("/hash")));
    lines.join("\n")
}

/// Inputs, steps and files of a view's plan, a line each.
pub(super) fn steps(view: &Value) -> Vec<String> {
    let text = |at: &str| view.pointer(at).and_then(Value::as_str).unwrap_or("-").to_owned();
    let mut lines = Vec::new();
    for (name, value) in view.pointer("/plan/inputs").and_then(Value::as_object).into_iter().flatten() {
        lines.push(format!("  with {name} = {value}"));
    }
    for step in view.pointer("/plan/steps").and_then(Value::as_array).into_iter().flatten() {
        let target = step.pointer("/target/name").and_then(Value::as_str);
        let on = target.map(|name| format!(" on {name}")).unwrap_or_default();
        let id = step.get("id").and_then(Value::as_str).unwrap_or("-");
        lines.push(format!("  {id}{on}: {}", action(step.get("action").unwrap_or(&Value::Null))));
        if let Some(undo) = step.get("undo") {
            lines.push(format!("    taken back by {}", action(undo)));
        }
    }
    for (path, digest) in view.pointer("/plan/files").and_then(Value::as_object).into_iter().flatten() {
        lines.push(format!("  file {path} {}", digest.as_str().unwrap_or("-")));
    }
    lines.push(format!("  a failed step: {}", text("/plan/on_failure")));
    lines
}

fn action(action: &Value) -> String {
    let text = |at: &str| action.pointer(at).and_then(Value::as_str).unwrap_or("-").to_owned();
    if let Some(exec) = action.get("exec") {
        let program = exec.pointer("/program/operations/path").or_else(|| exec.pointer("/program/host/path"));
        let args = exec.get("args").and_then(Value::as_array).into_iter().flatten();
        let words = program.into_iter().chain(args).map(Value::to_string);
        return format!("runs {}", words.collect::<Vec<_>>().join(" "));
    }
    if action.get("http").is_some() {
        let body = action.pointer("/http/body").and_then(Value::as_str);
        let body = body.map(|body| format!(" with {body}")).unwrap_or_default();
        return format!("{} {}{body}", text("/http/method"), text("/http/url"));
    }
    match action.get("gerrit") {
        Some(on_gerrit) => format!("on Gerrit: {on_gerrit}"),
        None => action.to_string(),
    }
}
