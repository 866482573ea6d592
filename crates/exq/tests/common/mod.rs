//! A company on a Gerrit of either kind, with Exequatur beside it, for tests.
#![allow(dead_code, reason = "each test target uses a part of it")]

pub(crate) mod asking;
pub(crate) mod browser;
pub(crate) mod chromium;
pub(crate) mod delivery;
pub(crate) mod evidence;
pub(crate) mod gerrit;
pub(crate) mod linking;
pub(crate) mod office;
pub(crate) mod readable;
pub(crate) mod two;

use std::{
    path::PathBuf,
    process::{Output, Stdio},
    sync::Arc,
    time::Duration,
};

use self::gerrit::Gerrit;
use anyhow::{Context as _, Result, ensure};
use exq::{client::Api, config::Config, demo::Play, demo::until, installation::Installation};
use model::{OsEntropy, SystemClock};
use serde_json::{Value, json};
use story::{Bell, Change, Pace, Town};
use tempfile::TempDir;

/// How long anything may take to be seen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// The company and its servers.
pub(crate) struct Stage {
    /// The company.
    pub(crate) town: Town,
    /// Its Gerrit.
    pub(crate) gerrit: Gerrit,
    /// Its second Gerrit.
    pub(crate) east: Option<Gerrit>,
    /// Where Exequatur listens.
    pub(crate) bell: Bell,
    /// The way to ask it.
    pub(crate) api: Api,
    running: Option<Installation>,
    http: reqwest::Client,
    _folder: TempDir,
}

impl Stage {
    /// On a fresh small Gerrit that rings.
    pub(crate) async fn dev() -> Result<Self> {
        let bell = Bell::new()?;
        let folder = TempDir::new()?;
        let gerrit = small(&folder, "main", vec![bell.url("main")]).await?;
        Self::on(gerrit, None, bell, folder, Pace::default()).await
    }

    /// On a fresh small Gerrit with this on it, that rings.
    pub(crate) async fn dev_in(world: realgerrit::provision::World) -> Result<Self> {
        let bell = Bell::new()?;
        let folder = TempDir::new()?;
        let at = folder.path().join("gerrit").join("main");
        let gerrit = Gerrit::dev(at, vec![bell.url("main")], &world).await?;
        Self::on(gerrit, None, bell, folder, Pace::default()).await
    }

    /// On a fresh small Gerrit that tells nobody anything.
    pub(crate) async fn silent_dev(pace: Pace) -> Result<Self> {
        let folder = TempDir::new()?;
        let gerrit = small(&folder, "main", Vec::new()).await?;
        Self::on(gerrit, None, Bell::new()?, folder, pace).await
    }

    /// On two fresh small Gerrits that ring.
    pub(crate) async fn two_dev() -> Result<Self> {
        let bell = Bell::new()?;
        let folder = TempDir::new()?;
        let gerrit = small(&folder, "main", vec![bell.url("main")]).await?;
        let east = small(&folder, "east", vec![bell.url("east")]).await?;
        Self::on(gerrit, Some(east), bell, folder, Pace::default()).await
    }

    /// On a fresh real Gerrit.
    pub(crate) async fn real(options: realgerrit::Options) -> Result<Self> {
        let bell = Bell::new()?;
        let gerrit = real(&bell, "main", story::world(), options).await?;
        Self::on(gerrit, None, bell, TempDir::new()?, Pace::default()).await
    }

    /// On two fresh real Gerrits that ring.
    pub(crate) async fn two_real() -> Result<Self> {
        let bell = Bell::new()?;
        let ringing = realgerrit::Options { hook_url: Some(String::new()), ..realgerrit::Options::default() };
        let (gerrit, east) = tokio::try_join!(
            real(&bell, "main", story::world(), ringing.clone()),
            real(&bell, "east", story::east_world(), ringing)
        )?;
        Self::on(gerrit, Some(east), bell, TempDir::new()?, Pace::default()).await
    }

    async fn on(
        gerrit: Gerrit,
        east: Option<Gerrit>,
        bell: Bell,
        folder: TempDir,
        pace: Pace,
    ) -> Result<Self> {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_exq"));
        let second = east.as_ref().map(Gerrit::at);
        let town = Town::found_on(gerrit.at(), second, folder.path(), &bell, &program).await?;
        town.configure(pace)?;
        let http =
            reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
        let running = start(&town).await?;
        let api = Api::new(format!("http://{}", running.address), running.cli_token.clone())?;
        Ok(Self { town, gerrit, east, bell, api, running: Some(running), http, _folder: folder })
    }

    /// Exequatur stops.
    pub(crate) async fn down(&mut self) -> Result<()> {
        match self.running.take() {
            Some(running) => running.stop().await,
            None => Ok(()),
        }
    }

    /// Exequatur starts again, on what it left.
    pub(crate) async fn up(&mut self, pace: Pace) -> Result<()> {
        self.down().await?;
        self.town.configure(pace)?;
        self.running = Some(start(&self.town).await?);
        Ok(())
    }

    /// Everything stops, in order.
    pub(crate) async fn close(mut self) -> Result<()> {
        self.down().await
    }

    /// The installation that runs.
    pub(crate) fn running(&self) -> Result<&Installation> {
        self.running.as_ref().context("Exequatur doesn't run")
    }

    /// The acts of the story.
    pub(crate) fn play(&self) -> Play<'_> {
        Play { town: &self.town, api: &self.api }
    }

    /// Posts a body to the hook; says the status.
    pub(crate) async fn post(&self, url: &str, body: Vec<u8>) -> Result<u16> {
        Ok(self.http.post(url).body(body).send().await?.status().as_u16())
    }

    /// Rings as Gerrit does when a change merged.
    pub(crate) async fn ring(&self, project: &str, number: u64) -> Result<u16> {
        self.ring_as("main", project, number).await
    }

    /// The same, said to be from one of the servers.
    pub(crate) async fn ring_as(&self, server: &str, project: &str, number: u64) -> Result<u16> {
        let event = json!({
            "type": "change-merged",
            "project": project,
            "refName": "refs/heads/main",
            "change": {"project": project, "branch": "main", "number": number, "status": "MERGED"},
        });
        self.post(&self.bell.url(server), event.to_string().into_bytes()).await
    }

    /// What became of a change once it is settled: the first outcome's state.
    pub(crate) async fn state(&self, change: &Change) -> Result<Value> {
        let view = self.play().settled(change.number).await?;
        view.pointer("/outcomes/0/state").cloned().context("no outcome")
    }

    /// The run of a change that succeeded.
    pub(crate) async fn ran(&self, change: &Change) -> Result<String> {
        let state = self.state(change).await?;
        ensure!(word(&state, "is") == "ran", "change {}: {state}", change.number);
        ensure!(word(&state, "result") == "succeeded", "change {}: {state}", change.number);
        Ok(word(&state, "run").to_owned())
    }

    /// The run by which a change was superseded.
    pub(crate) async fn superseded_by(&self, change: &Change) -> Result<String> {
        let state = self.state(change).await?;
        ensure!(word(&state, "is") == "superseded", "change {}: {state}", change.number);
        Ok(word(&state, "by").to_owned())
    }

    /// Every run there is, as `(id, operation, revision)`, newest first.
    pub(crate) async fn runs(&self) -> Result<Vec<(String, String, String)>> {
        let list = self.api.json("runs?limit=200").await?;
        let rows = list.get("rows").and_then(Value::as_array);
        let rows = rows.with_context(|| format!("no rows in {list}"))?;
        let of = |row: &Value, key: &str| word(row, key).to_owned();
        Ok(rows.iter().map(|row| (of(row, "id"), of(row, "operation"), of(row, "revision"))).collect())
    }

    /// The runs of one operation.
    pub(crate) async fn runs_of(&self, operation: &str) -> Result<Vec<String>> {
        let runs = self.runs().await?;
        Ok(runs.into_iter().filter(|(_, name, _)| name == operation).map(|(id, ..)| id).collect())
    }

    /// Waits until no hint waits to be looked at.
    pub(crate) async fn no_hint_waits(&self) -> Result<()> {
        let surface = Arc::clone(&self.running()?.surface);
        until("every hint is looked at", PATIENCE, || async {
            let waiting = surface.metrics().await.iter().any(|(name, labels, count)| {
                *name == "exq_records" && labels.iter().any(|(_, v)| v == "hint") && *count > 0
            });
            Ok((!waiting).then_some(()))
        })
        .await
    }

    /// Waits until an alarm says this.
    pub(crate) async fn alarm(&self, text: &str) -> Result<String> {
        let surface = Arc::clone(&self.running()?.surface);
        until(&format!("an alarm says {text:?}"), PATIENCE, || async {
            Ok(surface.health().await.alarms.into_iter().find(|alarm| alarm.contains(text)))
        })
        .await
    }

    /// Runs `exq` as people do.
    pub(crate) async fn exq(&self, arguments: &[&str]) -> Result<Output> {
        #[allow(clippy::disallowed_methods, reason = "the program under test")]
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_exq"));
        command
            .arg("--config")
            .arg(&self.town.config)
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Ok(tokio::time::timeout(PATIENCE, command.output()).await??)
    }

    /// A page as a browser with a session sees it.
    pub(crate) async fn page(&self, path: &str) -> Result<String> {
        let running = self.running()?;
        let base = format!("http://{}", running.address);
        let made = self
            .http
            .post(format!("{base}/api/v1/open-tokens"))
            .bearer_auth(secrecy::ExposeSecret::expose_secret(&running.cli_token))
            .send()
            .await?;
        let made: Value = made.error_for_status()?.json().await?;
        let token = word(&made, "token");
        let opened = self
            .http
            .post(format!("{base}/open"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("token={token}"))
            .send()
            .await?;
        let cookie = opened.headers().get("set-cookie").context("no session")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let page = self.http.get(format!("{base}{path}")).header("cookie", cookie).send().await?;
        Ok(page.error_for_status()?.text().await?)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.town.close_shops();
    }
}

/// A small Gerrit of this name; the second one numbers its people in another order.
async fn small(folder: &TempDir, name: &str, hook_urls: Vec<String>) -> Result<Gerrit> {
    let world = if name == "main" { story::world() } else { story::east_world() };
    Gerrit::dev(folder.path().join("gerrit").join(name), hook_urls, &world).await
}

async fn real(
    bell: &Bell,
    name: &str,
    world: realgerrit::provision::World,
    options: realgerrit::Options,
) -> Result<Gerrit> {
    let hook_url = options.hook_url.map(|_| bell.url(name));
    Gerrit::real(realgerrit::Options { world, hook_url, ..options }).await
}

async fn start(town: &Town) -> Result<Installation> {
    let config = Config::read(&town.config)?;
    Installation::start(&config, Arc::new(SystemClock), Arc::new(OsEntropy)).await
}

/// A member of a JSON object that is text; else nothing.
pub(crate) fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
