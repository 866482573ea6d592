//! An empty server: how soon it is ready, and what it holds: `cargo xtask bench start`.
//!
//! `exq serve` as it is shipped, beside the small Gerrit, over a configuration of five operations. *First*: nothing is
//! there but `exq.yaml`: keys and database are made, the operations project is fetched and accepted. *Again*: on what the
//! one before left. Ready is when it says that it listens: the engine runs, and hooks are taken. Memory is what is resident
//! a few seconds later, after its first poll and sweep.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it measures programs and time")]

mod support;

use std::time::Duration;

use devgerrit::DevGerrit;
use story::{Bell, GerritAt, Town};
use support::{Serve, print_alone};

const ROUNDS: usize = 5;
/// After the first poll and sweep.
const REST: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let exq = support::shipped()?;
    let folder = support::folder()?;
    let bell = Bell::new()?;
    let gerrit =
        DevGerrit::start(devgerrit::Options::new(folder.path().join("gerrit"), "secret".to_owned())).await?;
    let at = GerritAt { url: gerrit.url().to_owned(), admin: ("admin".to_owned(), "secret".to_owned()) };
    story::provision(&at, &story::world()).await?;
    let town = Town::found(at, &folder.path().join("town"), &bell, &std::env::current_exe()?).await?;
    let data = town.folder.join("data");
    let (mut first, mut again, mut resident) = (vec![], vec![], vec![]);
    for round in 1..=ROUNDS {
        if data.is_dir() {
            std::fs::remove_dir_all(&data)?;
        }
        let serve = Serve::start(&exq, &town.config)?;
        first.push(ms(serve.ready));
        drop(serve);
        let serve = Serve::start(&exq, &town.config)?;
        again.push(ms(serve.ready));
        tokio::time::sleep(REST).await;
        let mib = serve.memory_kib("VmRSS")? / 1024.0;
        eprintln!(
            "round {round}: first {:.0} ms, again {:.0} ms, {mib:.1} MiB (peak {:.1} MiB; anonymous {:.1} MiB)",
            first.last().copied().unwrap_or_default(),
            again.last().copied().unwrap_or_default(),
            serve.memory_kib("VmHWM")? / 1024.0,
            serve.memory_kib("RssAnon")? / 1024.0,
        );
        resident.push(mib);
    }
    print_alone("start, first", "ms", &first);
    print_alone("start, again", "ms", &again);
    print_alone("start, resident memory", "MiB", &resident);
    gerrit.stop().await;
    Ok(())
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}
