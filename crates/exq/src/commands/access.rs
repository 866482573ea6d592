//! `exq access`

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use serde_json::Value;

use super::{Answer, Place, api, block, person, say, tree::rulebook};

/// Who may do what, and why.
#[derive(Debug, Subcommand)]
pub(super) enum AccessCommand {
    /// Says whether somebody may do something now, and why, or why not: oneself; on the server's host anybody.
    Why {
        /// The key by which the company names them; `me` is who signed in.
        person: String,
        /// What they would do.
        deed: Deed,
        /// OPERATION/ENVIRONMENT; left out: the operations project.
        on: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prints the table of who may do what, from a work tree of the operations project, offline. The same files give the same
    /// text: keep it, and a review sees what a change to them changes.
    Matrix {
        /// The work tree.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
}

/// What somebody would do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Deed {
    /// Ask for it.
    Ask,
    /// Review what it would run.
    Review,
    /// Consent to its plan.
    Approve,
    /// Run it.
    Run,
}

impl AccessCommand {
    pub(super) fn run(self, place: Place) -> Answer {
        match self {
            Self::Matrix { folder } => {
                let Some(rulebook) = rulebook(&folder)? else { return Ok(false) };
                say(rulebook.matrix().trim_end());
                Ok(true)
            }
            Self::Why { person, deed, on, json } => block(why(place, person, deed, on, json)),
        }
    }
}

async fn why(place: Place, who: String, deed: Deed, on: Option<String>, as_json: bool) -> Answer {
    let deed = deed.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let mut query = format!("access?deed={deed}");
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./@:".contains(&b));
    for text in on.iter().chain([&who]) {
        anyhow::ensure!(plain(text), "{text:?} is no name");
    }
    if let Some(on) = &on {
        query.push_str(&format!("&on={on}"));
    }
    let server = if who == "me" {
        person(&place)?
    } else {
        query.push_str(&format!("&person={who}"));
        api(&place)?
    };
    let view = server.json(&query).await?;
    if as_json {
        say(&view);
    } else {
        say(in_words(&view));
    }
    Ok(view.get("may") == Some(&Value::Bool(true)))
}

fn in_words(view: &Value) -> String {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
    let list = |key: &str| view.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let may = view.get("may") == Some(&Value::Bool(true));
    let on = view.get("on").and_then(Value::as_str).unwrap_or("the operations project");
    let mut lines = vec![format!(
        "{}: {} {}: {}",
        text(view, "person"),
        text(view, "deed"),
        on,
        if may { "yes" } else { "no" }
    )];
    lines.extend(list("because").iter().filter_map(Value::as_str).map(|why| format!("  * {why}")));
    for account in list("accounts") {
        let id = account.get("id").and_then(Value::as_u64).unwrap_or_default();
        lines.push(format!("  account {id} on {}", text(&account, "server")));
    }
    for identity in list("identities") {
        lines.push(format!("  identity {} of {}", text(&identity, "subject"), text(&identity, "issuer")));
    }
    for role in list("roles") {
        let has = if role.get("has") == Some(&Value::Bool(true)) { "has" } else { "hasn't" };
        lines.push(format!("  {has} the role {}: {}", text(&role, "role"), text(&role, "why")));
    }
    lines.join("\n")
}
