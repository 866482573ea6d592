//! `exq link`

use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Answer, Place, api, person, say};

/// Between two looks at the change.
const PAUSE: Duration = Duration::from_secs(2);
/// For how long the text is good.
const PATIENCE: Duration = Duration::from_secs(600);

/// Links your account on Gerrit to you: you post a text there, as that account.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct LinkCommand {
    #[command(subcommand)]
    other: Option<Other>,
    /// The Gerrit server, as exq.yaml names it.
    #[arg(long, value_name = "NAME", required = true)]
    server: Option<String>,
    /// The number of your account there: Settings, Profile, ID.
    #[arg(long, value_name = "NUMBER", required = true)]
    account: Option<u64>,
    /// The number of any change that you may comment on, where you post the text.
    #[arg(long, value_name = "NUMBER", required = true)]
    change: Option<u64>,
    /// As JSON, one line for the text and one for the link.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Other {
    /// Lists the accounts that were linked so.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Takes a link back: votes of the account stop counting at once.
    Revoke {
        /// The Gerrit server.
        #[arg(long, value_name = "NAME")]
        server: String,
        /// The number of the account there.
        #[arg(long, value_name = "NUMBER")]
        account: u64,
    },
}

impl LinkCommand {
    pub(super) async fn run(self, place: Place) -> Answer {
        match self.other {
            Some(Other::List { json }) => list(&place, json).await,
            Some(Other::Revoke { server, account }) => revoke(&place, &server, account).await,
            None => self.link(&place).await,
        }
    }

    async fn link(self, place: &Place) -> Answer {
        let (Some(server), Some(account), Some(change)) = (self.server, self.account, self.change) else {
            anyhow::bail!("which account?\nhint: exq link --server NAME --account NUMBER --change NUMBER");
        };
        let api = person(place)?;
        let asked = api.post("links", &json!({"server": server, "account": account})).await?;
        let text = |key: &str| asked.get(key).and_then(Value::as_str).unwrap_or_default();
        if self.json {
            say(&asked);
        } else {
            say(format_args!(
                "post this on change {change} as a message, as account {account} of Gerrit, in one line as it is:\n\n\
                 {text}\n\n\
                 with Gerrit's API: curl -u NAME -H 'Content-Type: application/json' -d '{body}' \\\n  \
                 GERRIT/a/changes/{change}/revisions/current/review\n\
                 (what is written with Reply on the web page is a comment, and isn't found)\n\n\
                 waiting for it until {until}; this program may be stopped",
                text = text("text"),
                body = json!({"message": text("text")}),
                until = text("until")
            ));
        }
        let path = format!("links/{}/prove", text("id"));
        let until = Instant::now() + PATIENCE;
        loop {
            match api.post(&path, &json!({"change": change})).await {
                Ok(link) => {
                    if self.json {
                        say(&link);
                    } else {
                        say(format_args!("linked: {}", in_words(&link)));
                    }
                    return Ok(true);
                }
                Err(why) if why.to_string().starts_with("Not yet") && Instant::now() < until => {}
                Err(why) => return Err(why),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn list(place: &Place, as_json: bool) -> Answer {
    let page = person(place).or_else(|_| api(place))?.json("links").await?;
    if as_json {
        say(&page);
        return Ok(true);
    }
    let rows = page.get("rows").and_then(Value::as_array).cloned().unwrap_or_default();
    for row in &rows {
        say(in_words(row));
    }
    if rows.is_empty() {
        say("no account was linked by its holder; links.yaml in the operations project says the others");
    }
    Ok(true)
}

async fn revoke(place: &Place, server: &str, account: u64) -> Answer {
    let path = format!("links/{server}/{account}/revoke");
    // One's own as oneself; anybody's with the host's own token.
    let link = match person(place) {
        Ok(own) => own.post(&path, &json!({})).await,
        Err(_) => api(place)?.post(&path, &json!({})).await,
    };
    say(in_words(&link?));
    Ok(true)
}

/// One as a person reads it.
fn in_words(link: &Value) -> String {
    let text = |at: &str| link.pointer(at).and_then(Value::as_str).unwrap_or("-");
    let number = |at: &str| link.pointer(at).and_then(Value::as_u64).unwrap_or_default();
    let stands = match link.pointer("/revoked_at").and_then(Value::as_str) {
        Some(at) => format!("revoked {at}"),
        None => format!("since {}", text("/made_at")),
    };
    format!(
        "account {} ({}) on {} is {}, subject {} of {}; said on change {}; {stands}",
        number("/account"),
        text("/account_name"),
        text("/server"),
        text("/person"),
        text("/identity/subject"),
        text("/identity/issuer"),
        number("/change"),
    )
}
