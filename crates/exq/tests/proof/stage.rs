//! Bundles of real runs: the company's Gerrit, Exequatur beside it, and what people do there, over the wire.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use devgerrit::DevGerrit;
use exq::{
    client::Api,
    config::Config,
    demo::{Play, until},
    installation::Installation,
};
use ledger::VerifierKey;
use model::{OsEntropy, SystemClock};
use serde_json::Value;
use story::{Bell, Change, GerritAt, Town};

/// What the tests work on.
pub(crate) struct Proofs {
    /// The ledger's key.
    pub(crate) key: VerifierKey,
    /// The first run, when the ledger was small.
    pub(crate) early: Vec<u8>,
    /// The first run, later: under a newer checkpoint. As are all below.
    pub(crate) first: Vec<u8>,
    /// A second one in the same lane.
    pub(crate) second: Vec<u8>,
    /// One in another lane.
    pub(crate) other: Vec<u8>,
    /// One after two accepted changes of the configuration.
    pub(crate) later: Vec<u8>,
    /// One whose last step failed: undone. After three.
    pub(crate) undone: Vec<u8>,
    /// One after three that were accepted and one that was refused.
    pub(crate) behind: Vec<u8>,
}

impl Proofs {
    /// All of them under one checkpoint: what who has them all can put together.
    pub(crate) fn all(&self) -> [(&'static str, &[u8]); 6] {
        [
            ("first", &self.first),
            ("second", &self.second),
            ("other", &self.other),
            ("later", &self.later),
            ("undone", &self.undone),
            ("behind", &self.behind),
        ]
    }

    /// Plays the story and takes the bundles.
    pub(crate) fn make() -> Result<Self> {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
            let folder = tempfile::Builder::new().prefix("exq-proof-").tempdir()?;
            let bell = Bell::new()?;
            let mut options = devgerrit::Options::new(folder.path().join("gerrit"), "secret");
            options.hook_urls = vec![bell.url("main")];
            let gerrit = DevGerrit::start(options).await?;
            let made = play(folder.path(), &gerrit, &bell).await;
            gerrit.stop().await;
            made
        })
    }
}

async fn play(folder: &Path, gerrit: &DevGerrit, bell: &Bell) -> Result<Proofs> {
    let at = GerritAt { url: gerrit.url().to_owned(), admin: ("admin".into(), "secret".into()) };
    story::provision(&at, &story::world()).await?;
    let town = Town::found(at, folder, bell, Path::new(env!("CARGO_BIN_EXE_exq"))).await?;
    let config = Config::read(&town.config)?;
    let running = Installation::start(&config, Arc::new(SystemClock), Arc::new(OsEntropy)).await?;
    let api = Api::new(format!("http://{}", running.address), running.cli_token.clone())?;
    let made = acts(&town, &api, &running.ledger_key).await;
    town.close_shops();
    running.stop().await?;
    made
}

async fn acts(town: &Town, api: &Api, key: &VerifierKey) -> Result<Proofs> {
    let play = Play { town, api };
    let first = play.rollout("one\n").await.context("first")?;
    let early = first.bundle.clone();
    let second = play.rollout("two\n").await.context("second")?;
    let other = ran(&play, "stock", "succeeded").await?;
    let roles = "release-managers: { title: Approve rollouts, people: [carol, dave, erin] }\n";
    configure(&play, &[("roles.yaml", roles)]).await?;
    let links = read_operations(town, "links.yaml").await?;
    configure(&play, &[("links.yaml", &format!("# who is who\n{links}"))]).await?;
    let later = play.rollout("three\n").await.context("later")?;
    let text = read_operations(town, "operations/shop-web.yaml").await?;
    let step = "  - id: announce\n    exec: { run: [./shop/announce], timeout: 10s }\n    \
                undo: { run: [./shop/announce, back], idempotent: true }\non_failure:";
    let text = text.replacen("on_failure:", step, 1);
    let program = "#!/bin/sh\necho announcing\n[ \"${1:-}\" = back ]\n";
    configure(&play, &[("operations/shop-web.yaml", &text), ("shop/announce", program)]).await?;
    let undone = ran(&play, "shop", "undone").await?;
    play.operations_by_their_author().await.context("refused")?;
    let behind = ran(&play, "cart", "succeeded").await?;
    let again = |run: String| async move { api.bytes(&format!("runs/{run}/bundle")).await };
    Ok(Proofs {
        key: key.clone(),
        early,
        first: again(first.run).await?,
        second: again(second.run).await?,
        other: again(other).await?,
        later: again(later.run).await?,
        undone: again(undone).await?,
        behind: again(behind).await?,
    })
}

/// A reviewed change that ran with that result; its run.
async fn ran(play: &Play<'_>, project: &str, result: &str) -> Result<String> {
    let change = play.reviewed(project, &format!("{result}\n")).await?;
    let view = play.settled(change.number).await?;
    let state = view.pointer("/outcomes/0/state").cloned().unwrap_or_default();
    ensure!(state.get("result").and_then(Value::as_str) == Some(result), "{project}: {state}");
    state.get("run").and_then(Value::as_str).map(str::to_owned).context("no run")
}

async fn read_operations(town: &Town, path: &str) -> Result<String> {
    town.desk("alice").refresh("operations").await?;
    Ok(std::fs::read_to_string(town.folder.join("desks/main/alice/operations").join(path))?)
}

/// alice changes the operations project, bob and carol approve, it is accepted.
async fn configure(play: &Play<'_>, files: &[(&str, &str)]) -> Result<Change> {
    let (alice, bob, carol) = (play.town.desk("alice"), play.town.desk("bob"), play.town.desk("carol"));
    let change = alice.change("operations", files, "Change the rules").await?;
    bob.vote(&change, 2).await?;
    carol.vote(&change, 2).await?;
    bob.submit(&change).await?;
    let head = async || -> Result<String> {
        alice.refresh("operations").await?;
        let log = std::fs::read_to_string(
            play.town.folder.join("desks/main/alice/operations/.git/refs/heads/work"),
        )?;
        Ok(log.trim().to_owned())
    };
    let tip = head().await?;
    until("the configuration is accepted", Duration::from_secs(60), || async {
        let view = play.api.json("configuration").await?;
        Ok(view
            .to_string()
            .contains(&tip)
            .then_some(())
            .filter(|()| view.get("refused").is_none_or(Value::is_null)))
    })
    .await?;
    Ok(change)
}
