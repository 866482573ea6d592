//! How long the warm reads of one merged change take against a real Gerrit: `cargo run -p gerrit --example latency`.
//!
//! Each round approves a change anew, then reads it as evidence does: REST beside a fetch of its meta ref.

use std::time::{Duration, Instant};

use conformance::{Stage, World};
use gerrit::git::{Mirror, Want};
use gerrit::{ChangeId, DetailLevel, Review};
use realgerrit::{ADMIN, Options, RealGerrit};

struct Real(RealGerrit);

impl World for Real {
    fn url(&self) -> &str {
        self.0.url()
    }

    fn admin(&self) -> (&str, &str) {
        ADMIN
    }

    fn repository(&self, project: &str) -> std::path::PathBuf {
        self.0.repository(project)
    }
}

const ROUNDS: usize = 100;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let started = Instant::now();
    let world = Real(RealGerrit::start(Options::default()).await?);
    println!("up after {} ms", started.elapsed().as_millis());
    let stage = Stage::new(&world, "latency").await;
    let change = stage.change("a").await;
    let (reader, writer) = (stage.client("exq-reader"), stage.client("exq-writer"));
    let (git, id, meta) = (reader.git(), ChangeId::from(&change), change.meta_ref());
    let dir = tempfile::tempdir()?;
    let mut mirror = Mirror::open_or_init(dir.path())?;
    mirror.sync(&git, &stage.project, &[Want::Prefix("refs/")]).await?;
    let (mut rest, mut refs, mut pack, mut fetch, mut both) = (vec![], vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        let tag = |n: usize| [format!("t{round}-{n}")];
        let [one, two] = [tag(1), tag(2)];
        writer.hashtags(&id, &[&one[0]], &[]).await?;
        let at = Instant::now();
        let read = reader.change(&id, DetailLevel::Evidence, None).await?.value;
        rest.push(at.elapsed());
        let at = Instant::now();
        git.ls_refs(&stage.project, &[&meta]).await?;
        refs.push(at.elapsed());
        let tip = read.meta_rev_id.ok_or("no meta revision")?.parse()?;
        let had: Vec<_> = mirror.refs().get(&meta).copied().into_iter().collect();
        let at = Instant::now();
        git.fetch(&stage.project, &[tip], &had).await?;
        pack.push(at.elapsed());
        let at = Instant::now();
        mirror.sync(&git, &stage.project, &[Want::RefAt(&meta, tip)]).await?;
        fetch.push(at.elapsed());
        writer.hashtags(&id, &[&two[0]], &[]).await?;
        let at = Instant::now();
        let wants = [Want::Ref(&meta), Want::Ref("refs/heads/main")];
        let (read, synced) = tokio::join!(
            reader.change(&id, DetailLevel::Evidence, None),
            mirror.sync(&git, &stage.project, &wants)
        );
        both.push(at.elapsed());
        read?;
        synced?;
    }
    writer.review(&id, "current", &Review::message("done")).await?;
    print("REST, whole change", rest);
    print("ls-refs, one ref", refs);
    print("fetch, told", pack);
    print("fetch and unpack, told", fetch);
    print("REST beside ls-refs, fetch, unpack", both);
    Ok(())
}

fn print(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default().as_micros();
    println!("{what:36} min {:>6} µs  p50 {:>6} µs  p90 {:>6} µs", at(0), at(50), at(90));
}
