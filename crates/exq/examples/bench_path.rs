//! From a merge on a real Gerrit to the first step of its run: `cargo xtask bench path [-- MERGES]`.
//!
//! `exq serve` runs as it is shipped. Alice pushes, bob approves and submits. The clock starts when the first hook that
//! names the merged change comes from Gerrit: a relay notes that, and passes hooks on as they are. (Gerrit answers the
//! submit itself some ten milliseconds later; from there we would look faster than we are.) *Ours* ends when the first
//! step begins: decision, grant, its spending and the step's intent are durable, under a signed checkpoint (`step begins`
//! in the log). *Its first effect* ends when the step's program, a shell script, has made its first folder.
//!
//! The *floor* is what nobody who re-reads can do without: on a project that no operation watches, the same change is
//! merged in the same way, and from the same hook on our own warm client reads it over REST and, beside that, fetches its
//! meta ref and branch; then one entry is committed to a store of its own. One floor, one of ours, in turn, in five rounds.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it measures programs and time")]

mod support;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use gerrit::{
    ChangeId, Client, ClientConfig, DetailLevel,
    git::{GitHttp, Mirror, Want},
};
use ledger::{Draft, LogSigner, Origin};
use model::{OsEntropy, SystemClock};
use realgerrit::{
    ADMIN, Options, RealGerrit,
    provision::{Project, Requirement, World, password},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use store::{Expect, Kept, Store as _, Transition};
use store_sqlite::SqliteStore;
use story::{Bell, Change, Desk, GerritAt, Pace, Town};
use support::{PATIENCE, Rounds, Serve, now_us, quantile, relay::Relay};

const ROUNDS: usize = 5;
const MERGES: usize = 100;
/// Before anything counts.
const WARM: usize = 3;
/// The project that nobody watches.
const FLOOR: &str = "floor";
const PEER: &str = "floor: REST+git side by side + one fsync";

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    if arguments.first().is_some_and(|first| first == "demo-shop") {
        return runtime.block_on(serve_shop(&arguments));
    }
    let merges = arguments.first().map_or(Ok(MERGES), |n| n.parse()).context("usage: bench_path [MERGES]")?;
    runtime.block_on(measure(merges.div_ceil(ROUNDS)))
}

/// What the rollout's program starts, as `exq demo-shop` of the demo.
async fn serve_shop(arguments: &[String]) -> anyhow::Result<()> {
    let after = |flag: &str| arguments.iter().position(|a| a == flag).and_then(|at| arguments.get(at + 1));
    let root = after("--root").context("no --root")?;
    story::shop::serve(Path::new(root), after("--port").context("no --port")?.parse()?).await
}

/// One of ours.
struct Ours {
    begun_ms: f64,
    effect_ms: f64,
    /// From the answer to the submit until the first step begins.
    answered_ms: f64,
}

async fn measure(merges: usize) -> anyhow::Result<()> {
    let exq = support::shipped()?;
    let folder = support::folder()?;
    let bell = Bell::new()?;
    let relay = Relay::start(bell.url("main")).await?;
    let options = Options { hook_url: Some(relay.url.clone()), world: world(), ..Options::default() };
    let gerrit = RealGerrit::start(options).await?;
    let at = GerritAt { url: gerrit.url().to_owned(), admin: (ADMIN.0.to_owned(), ADMIN.1.to_owned()) };
    let town = Town::found(at, &folder.path().join("town"), &bell, &std::env::current_exe()?).await?;
    // As an installation comes: nothing is found by polling here.
    town.configure(Pace { poll_s: 30, sweep_s: 3600 })?;
    let releases = town.shop("shop").join("releases");
    std::fs::create_dir_all(&releases)?;
    let effects = Effects::watch(&releases)?;
    let serve = Serve::start(&exq, &town.config)?;
    let mut floor = Floor::open(&gerrit, folder.path()).await?;
    let company = Company { alice: town.desk("alice"), bob: town.desk("bob") };
    for _ in 0..WARM {
        floor.once(&company, &relay).await?;
        ours(&serve, &effects, &company, &relay).await?;
    }
    let (mut begun, mut effect) = (Rounds::default(), Rounds::default());
    for round in 1..=ROUNDS {
        let (mut theirs, mut first, mut second, mut answered) = (vec![], vec![], vec![], vec![]);
        for _ in 0..merges {
            theirs.push(floor.once(&company, &relay).await?);
            let ours = ours(&serve, &effects, &company, &relay).await?;
            first.push(ours.begun_ms);
            second.push(ours.effect_ms);
            answered.push(ours.answered_ms);
        }
        eprintln!(
            "round {round}: floor p50 {:.1} ms, first step begins p50 {:.1} ms ({:.1} ms after the submit is answered), its first effect p50 {:.1} ms",
            quantile(&theirs, 0.5),
            quantile(&first, 0.5),
            quantile(&answered, 0.5),
            quantile(&second, 0.5)
        );
        begun.push(first, theirs.clone());
        effect.push(second, theirs);
    }
    begun.print("path", PEER, "ms p50", 0.5);
    begun.print("path, p99", PEER, "ms p99", 0.99);
    effect.print("path, to the program's first effect", PEER, "ms p50", 0.5);
    effect.print("path, to the program's first effect, p99", PEER, "ms p99", 0.99);
    eprintln!("exq holds {:.1} MiB", serve.memory_kib("VmRSS")? / 1024.0);
    drop(serve);
    town.close_shops();
    Ok(gerrit.stop()?)
}

/// The company's Gerrit, with one more project that is like the shop.
fn world() -> World {
    let mut world = story::world();
    world.projects.push(Project { name: FLOOR.into(), submit_type: "MERGE_IF_NECESSARY".into() });
    world.requirements.push(Requirement {
        project: FLOOR.into(),
        name: "Four-Eyes".into(),
        submittability: "label:Code-Review=MAX,user=non_contributor".into(),
        override_when: Some("hashtag:\"break-glass\"".into()),
    });
    world
}

struct Company {
    alice: Desk,
    bob: Desk,
}

impl Company {
    /// A reviewed change that only has to be submitted.
    async fn reviewed(&self, project: &str) -> anyhow::Result<Change> {
        let text = format!("{}\n", now_us());
        let change = self.alice.change(project, &[("page.txt", &text)], "Say the time").await?;
        self.bob.vote(&change, 2).await?;
        Ok(change)
    }
}

async fn ours(serve: &Serve, effects: &Effects, company: &Company, relay: &Relay) -> anyhow::Result<Ours> {
    let change = company.reviewed("shop").await?;
    settle().await;
    serve.said();
    let pressed_us = now_us();
    company.bob.submit(&change).await?;
    let answered_us = now_us();
    let merged_us = relay.first("shop", change.number, pressed_us).await?;
    // Blocking this thread of the runtime is no matter: nothing else of ours has to do anything.
    let trace = std::env::var_os("EXQ_BENCH_TRACE").is_some();
    let begun = serve.wait_noting("step begins", |line| {
        if trace {
            eprintln!("{:8.1} ms  {}", ms(line.at_us - merged_us), line.all);
        }
    })?;
    let over = serve.wait("run is over")?;
    ensure!(
        over.all.pointer("/fields/state").and_then(serde_json::Value::as_str) == Some("finished"),
        "a rollout did not end well: {}",
        over.all
    );
    let effect_us = effects.next(pressed_us).await?;
    // What is said on the change is said before the next one is measured.
    let begin = Instant::now();
    while !company.alice.messages(&change).await?.iter().any(|text| text.contains("Rolled out")) {
        ensure!(begin.elapsed() < PATIENCE, "change {} was not said to be rolled out", change.number);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(Ours {
        begun_ms: ms(begun.at_us - merged_us),
        effect_ms: ms(effect_us - merged_us),
        answered_ms: ms(begun.at_us - answered_us),
    })
}

/// What others started by themselves comes to rest.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

fn ms(us: i64) -> f64 {
    us as f64 / 1000.0
}

/// When something was made in a folder.
struct Effects(Arc<Mutex<Vec<i64>>>);

impl Effects {
    fn watch(folder: &Path) -> anyhow::Result<Self> {
        use rustix::fs::inotify;
        let watcher = inotify::init(inotify::CreateFlags::CLOEXEC)?;
        inotify::add_watch(&watcher, folder, inotify::WatchFlags::CREATE)?;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let writes = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
            let mut reader = inotify::Reader::new(&watcher, &mut buffer);
            while reader.next().is_ok() {
                writes.lock().unwrap_or_else(PoisonError::into_inner).push(now_us());
            }
        });
        Ok(Self(seen))
    }

    /// The first one after a moment.
    async fn next(&self, after_us: i64) -> anyhow::Result<i64> {
        let begin = Instant::now();
        loop {
            let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(at) = seen.into_iter().find(|at| *at > after_us) {
                return Ok(at);
            }
            ensure!(begin.elapsed() < PATIENCE, "the rollout's program did nothing");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// What can't be done without: our own client, mirror and store, and nothing else.
struct Floor {
    client: Client,
    git: GitHttp,
    mirror: Mirror,
    store: SqliteStore,
    done: u64,
    main: &'static str,
}

impl Floor {
    async fn open(gerrit: &RealGerrit, folder: &Path) -> anyhow::Result<Self> {
        let token = SecretString::from(password("exq-reader"));
        let client = Client::new(&ClientConfig::new(gerrit.url(), "exq-reader", token))?;
        let git = client.git();
        let mut mirror = Mirror::open_or_init(folder.join("floor.git"))?;
        mirror.sync(&git, FLOOR, &[Want::Prefix("refs/")]).await?;
        let signer = LogSigner::from_seed(Origin::new("bench.test/floor")?, &[1; 32]);
        let file: PathBuf = folder.join("floor.db");
        let options = store_sqlite::Options::new(file, signer, Arc::new(SystemClock), Arc::new(OsEntropy));
        let store = SqliteStore::open(options).await?;
        Ok(Self { client, git, mirror, store, done: 0, main: "refs/heads/main" })
    }

    async fn once(&mut self, company: &Company, relay: &Relay) -> anyhow::Result<f64> {
        let change = company.reviewed(FLOOR).await?;
        settle().await;
        let (submitted, took) =
            tokio::join!(company.bob.submit(&change), self.read_and_write(&change, relay, now_us()));
        submitted?;
        took
    }

    async fn read_and_write(
        &mut self,
        change: &Change,
        relay: &Relay,
        pressed_us: i64,
    ) -> anyhow::Result<f64> {
        let begin_us = relay.first(FLOOR, change.number, pressed_us).await?;
        let id = ChangeId::new(FLOOR, change.number);
        let meta = format!("refs/changes/{:02}/{}/meta", change.number % 100, change.number);
        let wants = [Want::Ref(&meta), Want::Ref(self.main)];
        let (read, synced) = tokio::join!(
            self.client.change(&id, DetailLevel::Evidence, None),
            self.mirror.sync(&self.git, FLOOR, &wants)
        );
        ensure!(read?.value.status == gerrit::info::ChangeStatus::Merged, "the change is not merged");
        ensure!(synced?.len() == 2, "a ref is missing");
        self.done += 1;
        let entry = Draft::new("step.started").fact("change", i64::try_from(change.number)?);
        let record = Done {
            id: self.done.to_string(),
            facts: HashMap::from([("change", change.number)].map(|(k, v)| (k.to_owned(), v))),
        };
        self.store.commit(vec![Transition::recorded(Expect::Absent, &record, entry)?].into()).await?;
        Ok(ms(now_us() - begin_us))
    }
}

#[derive(Serialize, Deserialize)]
struct Done {
    id: String,
    facts: HashMap<String, u64>,
}

impl Kept for Done {
    const KIND: &'static str = "done";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.id.clone()
    }

    fn state(&self) -> &'static str {
        "done"
    }

    fn sort(&self) -> i64 {
        0
    }
}
