//! `exq login`, `exq logout`, `exq whoami`: a person at a command line.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use model::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Answer, Place, say};
use crate::{client::Api, credentials::Credentials};

/// Signs in with the company's account, on a machine without a browser too.
#[derive(Debug, Args)]
pub(super) struct Login {}

/// Ends the session of this command line.
#[derive(Debug, Args)]
pub(super) struct Logout {}

/// Says who is signed in.
#[derive(Debug, Args)]
pub(super) struct Whoami {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Login {
    pub(super) async fn run(self, place: Place) -> Answer {
        let server = place.server()?;
        let mut credentials = Credentials::of_user()?;
        let nobody = Api::anonymous(server.clone())?;
        let started = nobody.post("sign-in/device", &json!({})).await?;
        let text = |key: &str| started.get(key).and_then(Value::as_str);
        let number = |key: &str, or: u64| started.get(key).and_then(Value::as_u64).unwrap_or(or);
        let (id, code) = text("id").zip(text("user_code")).context("the server's answer has no code")?;
        let page = text("verification_uri_complete").or_else(|| text("verification_uri"));
        let page = page.context("the server's answer has no address")?;
        say(format_args!("open {page}\nand check that it shows the code {code}"));
        let until = Instant::now() + Duration::from_secs(number("expires_in_s", 600));
        let mut interval = number("interval_s", 5).clamp(1, 60);
        let polled = loop {
            tokio::time::sleep(Duration::from_secs(interval)).await;
            if Instant::now() > until {
                bail!("nobody confirmed the code in time\nhint: run `exq login` again");
            }
            let polled = nobody.post("sign-in/device/poll", &json!({ "id": id })).await?;
            if polled.get("state").and_then(Value::as_str) == Some("signed-in") {
                break polled;
            }
            interval = polled.get("interval_s").and_then(Value::as_u64).unwrap_or(interval).clamp(1, 60);
        };
        let told = |key: &str| polled.get(key).and_then(Value::as_str);
        let (token, until) = told("token").zip(told("until")).context("the server gave no session")?;
        let (token, until): (SecretString, Timestamp) = (token.into(), until.parse()?);
        credentials.keep(&server, &token, until)?;
        show(&Api::new(server, token)?.json("whoami").await?);
        say(format_args!("the session ends {until} at the latest"));
        Ok(true)
    }
}

impl Logout {
    pub(super) async fn run(self, place: Place) -> Answer {
        let server = place.server()?;
        let mut credentials = Credentials::of_user()?;
        let Some(token) = credentials.token(&server) else {
            say("nobody was signed in");
            return Ok(true);
        };
        // Forgotten here also if the server can't be reached; there it ends by itself then.
        let ended = Api::new(server.clone(), token)?.post("sign-out", &json!({})).await;
        credentials.forget(&server)?;
        match ended {
            Ok(_) => say("signed out"),
            Err(why) => say(format_args!("forgotten here; the server says: {why}")),
        }
        Ok(true)
    }
}

impl Whoami {
    pub(super) async fn run(self, place: Place) -> Answer {
        let server = place.server()?;
        let Some(token) = Credentials::of_user()?.token(&server) else {
            say(format_args!("nobody is signed in at {server}\nhint: `exq login`"));
            return Ok(false);
        };
        let me = Api::new(server, token)?.json("whoami").await?;
        if self.json {
            say(&me);
        } else {
            show(&me);
        }
        Ok(true)
    }
}

fn show(me: &Value) {
    let text = |key: &str| me.get(key).and_then(Value::as_str).unwrap_or("-");
    let list = |key: &str| {
        let all = me.get(key).and_then(Value::as_array)?;
        Some(all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
    };
    say(format_args!("{}: {} of {}", text("name"), text("subject"), text("issuer")));
    match me.get("person").and_then(Value::as_str) {
        Some(person) => say(format_args!("person: {person}")),
        None => say("person: unknown; approvals by this account count for nobody"),
    }
    match list("groups") {
        Some(groups) if groups.is_empty() => say("groups: none"),
        Some(groups) => say(format_args!("groups: {groups}")),
        None => say("groups: the identity provider doesn't say"),
    }
    if me.get("may_read") == Some(&Value::Bool(false)) {
        say(format_args!("may not read here; that needs one of: {}", list("readers").unwrap_or_default()));
    }
}
