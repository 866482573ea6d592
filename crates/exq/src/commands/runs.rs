//! `exq runs`

use clap::{Args, Subcommand, ValueEnum};
use model::RunId;
use serde_json::Value;

use super::{Answer, Place, api, say};

/// Lists runs, or shows one.
#[derive(Debug, Args)]
pub(super) struct Runs {
    #[command(subcommand)]
    what: Option<What>,
    /// As JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The newest runs.
    List {
        /// Only those that stand so.
        #[arg(long)]
        state: Option<State>,
        /// How many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
        limit: u16,
    },
    /// One run, with what happened.
    Show {
        /// The run.
        run: RunId,
    },
}

/// How a run stands.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    /// Granted, not begun.
    Granted,
    /// Steps are being done.
    Running,
    /// What was done is being taken back.
    Undoing,
    /// Over, however it ended.
    Finished,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Running => "running",
            Self::Undoing => "undoing",
            Self::Finished => "finished",
        }
    }
}

impl Runs {
    pub(super) async fn run(self, place: Place) -> Answer {
        let api = api(&place)?;
        match self.what.unwrap_or(What::List { state: None, limit: 20 }) {
            What::List { state, limit } => {
                let state = state.map(|state| format!("&state={}", state.word())).unwrap_or_default();
                let page = api.json(&format!("runs?limit={limit}{state}")).await?;
                if self.json {
                    say(page);
                    return Ok(true);
                }
                let rows = page.get("rows").and_then(Value::as_array).cloned().unwrap_or_default();
                if rows.is_empty() {
                    say("no run is here; what was refused, and why, says `exq why CHANGE`");
                }
                for row in &rows {
                    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
                    let revision: String = text("revision").chars().take(12).collect();
                    say(format_args!(
                        "{}  {}  {:10} {} → {}  {revision}",
                        text("id"),
                        text("granted_at"),
                        text("state"),
                        text("operation"),
                        text("environment")
                    ));
                }
            }
            What::Show { run } => {
                let view = api.json(&format!("runs/{run}")).await?;
                if self.json {
                    say(view);
                    return Ok(true);
                }
                say(format_args!("{run}"));
                for event in view.get("timeline").and_then(Value::as_array).into_iter().flatten() {
                    let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or("-");
                    say(format_args!("  {}  {}", text("at"), text("text")));
                }
            }
        }
        Ok(true)
    }
}
