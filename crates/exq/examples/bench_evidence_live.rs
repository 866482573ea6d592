//! Evidence on one change of a running Gerrit: `cargo xtask bench evidence_live [-- CHANGES]`.
//!
//! *Ours* is what `GET /api/v1/evidence` does, asked of the engine itself in this process: REST and refs side by side, the
//! judgement, and the note of the meta revision that was seen. The *peer* is the slower of the two reads, each done alone by
//! a warm client of its own with the same account and a mirror of its own: whoever reads live can't be faster. Before each
//! time somebody writes on the change, so that there is something to fetch. A second peer does both reads at once: what they
//! take from each other, on one machine with Gerrit itself, is no work of ours. All are done in turn, in an order that goes
//! round, on a real Gerrit.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it measures time")]

mod support;

use std::{path::Path, sync::Arc, time::Instant};

use anyhow::{Context as _, ensure};
use engine::surface::Surface;
use exq::{config::Config, installation::Installation};
use gerrit::{
    ChangeId, Client, ClientConfig, DetailLevel,
    git::{GitHttp, Mirror, Want},
};
use model::{OsEntropy, SystemClock};
use realgerrit::{ADMIN, Options, RealGerrit, provision::password};
use secrecy::SecretString;
use serde_json::json;
use story::{Bell, Change, GerritAt, Pace, Town};
use support::{Rounds, quantile};

const ROUNDS: usize = 5;
const CHANGES: usize = 100;
const WARM: usize = 5;
const PROJECT: &str = "shop";
const PEER: &str = "the slower of its two reads";
const BOTH: &str = "both reads side by side";

fn main() -> anyhow::Result<()> {
    let changes = std::env::args().nth(1).map_or(Ok(CHANGES), |n| n.parse());
    let changes: usize = changes.context("usage: bench_evidence_live [CHANGES]")?;
    tokio::runtime::Runtime::new()?.block_on(measure(changes.div_ceil(ROUNDS)))
}

/// The same two reads, alone.
struct Alone {
    client: Client,
    git: GitHttp,
    mirror: Mirror,
    /// For both reads at once.
    beside: Mirror,
}

impl Alone {
    async fn open(gerrit: &RealGerrit, folder: &Path) -> anyhow::Result<Self> {
        let token = SecretString::from(password("exq-reader"));
        let client = Client::new(&ClientConfig::new(gerrit.url(), "exq-reader", token))?;
        let git = client.git();
        let mut mirror = Mirror::open_or_init(folder.join("alone.git"))?;
        mirror.sync(&git, PROJECT, &[Want::Prefix("refs/")]).await?;
        let mut beside = Mirror::open_or_init(folder.join("beside.git"))?;
        beside.sync(&git, PROJECT, &[Want::Prefix("refs/")]).await?;
        Ok(Self { client, git, mirror, beside })
    }

    async fn rest(&self, number: u64) -> anyhow::Result<f64> {
        let begin = Instant::now();
        self.client.change(&ChangeId::number(number), DetailLevel::Evidence, None).await?;
        Ok(ms(begin))
    }

    async fn both(&mut self, number: u64) -> anyhow::Result<f64> {
        let begin = Instant::now();
        let own = format!("refs/changes/{:02}/{number}/", number % 100);
        let wants = [Want::Prefix(&own), Want::Ref("refs/heads/main"), Want::Ref("refs/heads/master")];
        let id = ChangeId::number(number);
        let (rest, refs) = tokio::join!(
            self.client.change(&id, DetailLevel::Evidence, None),
            self.beside.sync(&self.git, PROJECT, &wants)
        );
        rest?;
        refs?;
        Ok(ms(begin))
    }

    async fn refs(&mut self, number: u64) -> anyhow::Result<f64> {
        let begin = Instant::now();
        let own = format!("refs/changes/{:02}/{number}/", number % 100);
        let wants = [Want::Prefix(&own), Want::Ref("refs/heads/main"), Want::Ref("refs/heads/master")];
        self.mirror.sync(&self.git, PROJECT, &wants).await?;
        Ok(ms(begin))
    }
}

async fn measure(each: usize) -> anyhow::Result<()> {
    let folder = support::folder()?;
    let bell = Bell::new()?;
    let gerrit = RealGerrit::start(Options { world: story::world(), ..Options::default() }).await?;
    let at = GerritAt { url: gerrit.url().to_owned(), admin: (ADMIN.0.to_owned(), ADMIN.1.to_owned()) };
    let town = Town::found(at, &folder.path().join("town"), &bell, &std::env::current_exe()?).await?;
    // Nobody tells it anything, and it looks for nothing: it does what it is asked.
    town.configure(Pace { poll_s: 36_000, sweep_s: 36_000 })?;
    let config = Config::read(&town.config)?;
    let running = Installation::start(&config, Arc::new(SystemClock), Arc::new(OsEntropy)).await?;
    let surface = Arc::clone(&running.surface);
    let (alice, bob) = (town.desk("alice"), town.desk("bob"));
    let change = alice.change(PROJECT, &[("page.txt", "measured\n")], "Be measured").await?;
    bob.vote(&change, 2).await?;
    bob.submit(&change).await?;
    let mut alone = Alone::open(&gerrit, folder.path()).await?;
    let (mut rounds, mut beside) = (Rounds::default(), Rounds::default());
    let mut turn = 0;
    for round in 0..=ROUNDS {
        let (mut ours, mut theirs, mut both) = (vec![], vec![], vec![]);
        let (mut rest_all, mut refs_all) = (vec![], vec![]);
        for _ in 0..if round == 0 { WARM } else { each } {
            let body = json!({"message": format!("Said {turn}"), "notify": "NONE"});
            let path = format!("changes/{PROJECT}~{}/revisions/current/review", change.number);
            alice.rest().call("POST", &path, Some(&body)).await?;
            let (mut rest, mut refs) = (0.0, 0.0);
            for step in 0..4 {
                match (turn + step) % 4 {
                    0 => ours.push(asked(&*surface, &change).await?),
                    1 => rest = alone.rest(change.number).await?,
                    2 => both.push(alone.both(change.number).await?),
                    _ => refs = alone.refs(change.number).await?,
                }
            }
            turn += 1;
            rest_all.push(rest);
            refs_all.push(refs);
            theirs.push(rest.max(refs));
        }
        eprintln!(
            "round {round}: ours p50 {:.1} ms; both side by side {:.1} ms; REST alone {:.1} ms, refs alone {:.1} ms",
            quantile(&ours, 0.5),
            quantile(&both, 0.5),
            quantile(&rest_all, 0.5),
            quantile(&refs_all, 0.5)
        );
        if round > 0 {
            rounds.push(ours.clone(), theirs);
            beside.push(ours, both);
        }
    }
    rounds.print("evidence, one change, live", PEER, "ms p50", 0.5);
    rounds.print("evidence, one change, live, p99", PEER, "ms p99", 0.99);
    beside.print("evidence, one change, live, beside both", BOTH, "ms p50", 0.5);
    running.stop().await?;
    town.close_shops();
    Ok(gerrit.stop()?)
}

async fn asked(surface: &dyn Surface, change: &Change) -> anyhow::Result<f64> {
    let (server, project) = ("main".parse()?, PROJECT.parse()?);
    let begin = Instant::now();
    let view = surface.evidence(&server, change.number, Some(project)).await?;
    let took = ms(begin);
    ensure!(view.evidence.reviewed, "{:?}", view.evidence.findings);
    Ok(took)
}

fn ms(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1000.0
}
