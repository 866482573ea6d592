//! Hooks that are stored, over real HTTP on loopback: `cargo xtask bench hook`.
//!
//! `exq serve` runs as it is shipped, beside the small Gerrit, which answers what follows from each hint: that there is no
//! such change. Every hook names a change that none before named, and is answered 202 only when it is durable. The peer
//! appends a page to a file in the same folder and syncs it. *20 a second*: what a busy Gerrit sends; what follows from one
//! hint is over before the next comes. *One after another*: as fast as one connection can, beside all that follows from
//! the hints before. *32 at once*: as many connections. As the budget for a source would have it, a connection ends after
//! 500 hooks and the next one comes from another address of the loopback network.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it measures programs and time")]

mod support;

use std::{
    fs::File,
    io::Write as _,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use devgerrit::DevGerrit;
use story::{Bell, GerritAt, Pace, Town};
use support::{Rounds, Serve, quantile};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
/// Hooks of one connection, and so of one source.
const OF_ONE: usize = 500;
const AT_ONCE: usize = 32;
/// Between two hooks of a busy Gerrit.
const PACE: Duration = Duration::from_millis(50);
/// What the hints wait for is done before the next round.
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
    town.configure(Pace { poll_s: 30, sweep_s: 3600 })?;
    let serve = Serve::start(&exq, &town.config)?;
    let to = Arc::new(To {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, bell.port)),
        path: format!("/hooks/gerrit/main/{}", bell.secret),
        change: AtomicU64::new(1_000_000),
        source: AtomicU64::new(0),
    });
    let (mut now_and_then, mut p50, mut rate) = (Rounds::default(), Rounds::default(), Rounds::default());
    for round in 1..=ROUNDS {
        let floor = fsyncs(folder.path())?;
        let paced = hooks(&to, 1, PACE).await?;
        let alone = hooks(&to, 1, Duration::ZERO).await?;
        tokio::time::sleep(REST).await;
        let many = hooks(&to, AT_ONCE, Duration::ZERO).await?;
        tokio::time::sleep(REST).await;
        let (many_rate, floor_rate) =
            (many.len() as f64 / ROUND.as_secs_f64(), floor.len() as f64 / ROUND.as_secs_f64());
        eprintln!(
            "round {round}: fsync p50 {:.2} ms; now and then p50 {:.2} ms; alone p50 {:.2} ms p99 {:.2} ms; {AT_ONCE} at once {many_rate:.0}/s, p50 {:.2} ms",
            quantile(&floor, 0.5),
            quantile(&paced, 0.5),
            quantile(&alone, 0.5),
            quantile(&alone, 0.99),
            quantile(&many, 0.5),
        );
        now_and_then.push(paced, floor.clone());
        p50.push(alone, floor);
        rate.push(vec![many_rate], vec![floor_rate]);
    }
    now_and_then.print("hook, 20 a second", "bare fsync", "ms p50", 0.5);
    p50.print("hook, one after another", "bare fsync", "ms p50", 0.5);
    p50.print("hook, one after another, p99", "bare fsync", "ms p99", 0.99);
    rate.print("hook, 32 at once", "bare fsync, one at a time", "stored/s", 0.5);
    drop(serve);
    gerrit.stop().await;
    Ok(())
}

/// Where they go, and what was sent.
struct To {
    address: SocketAddr,
    path: String,
    change: AtomicU64,
    source: AtomicU64,
}

impl To {
    /// A connection from an address that hasn't sent anything yet.
    async fn connect(&self) -> anyhow::Result<TcpStream> {
        let [_, _, high, low] = u32::try_from(self.source.fetch_add(1, Ordering::Relaxed))?.to_be_bytes();
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 1, high, low), 0)))?;
        let stream = socket.connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn request(&self) -> Vec<u8> {
        let number = self.change.fetch_add(1, Ordering::Relaxed);
        let sha = format!("{number:040x}");
        let person = r#"{"name":"Bob Brown","email":"bob@example.com","username":"bob"}"#;
        let body = format!(
            r#"{{"submitter":{person},"newRev":"{sha}","patchSet":{{"number":1,"revision":"{sha}","parents":["{sha}"],"ref":"refs/changes/{:02}/{number}/1","uploader":{person},"createdOn":1795503533,"author":{person},"kind":"REWORK","sizeInsertions":1,"sizeDeletions":0}},"change":{{"project":"shop","branch":"main","id":"I{sha}","number":{number},"subject":"Say hello","owner":{person},"url":"http://gerrit.example/c/shop/+/{number}","commitMessage":"Say hello\n\nChange-Id: I{sha}\n","createdOn":1795503533,"status":"MERGED"}},"project":"shop","refName":"refs/heads/main","changeKey":{{"id":"I{sha}"}},"type":"change-merged","eventCreatedOn":1795503534}}"#,
            number % 100
        );
        format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
            self.path,
            self.address,
            body.len()
        )
        .into_bytes()
    }
}

/// Hooks for the time of a round, each so long after the one before: how long each took, in milliseconds.
async fn hooks(to: &Arc<To>, at_once: usize, pause: Duration) -> anyhow::Result<Vec<f64>> {
    let begin = Instant::now();
    let tasks: Vec<_> =
        (0..at_once).map(|_| tokio::spawn(one_after_another(Arc::clone(to), begin, pause))).collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await??);
    }
    Ok(took)
}

async fn one_after_another(to: Arc<To>, begin: Instant, pause: Duration) -> anyhow::Result<Vec<f64>> {
    let mut took = Vec::new();
    while begin.elapsed() < ROUND {
        let mut stream = to.connect().await?;
        for _ in 0..OF_ONE {
            if begin.elapsed() >= ROUND {
                break;
            }
            let request = to.request();
            let one = Instant::now();
            stream.write_all(&request).await?;
            accepted(&mut stream).await?;
            took.push(one.elapsed().as_secs_f64() * 1000.0);
            tokio::time::sleep(pause).await;
        }
    }
    Ok(took)
}

/// Reads one answer, which has to be 202 without a body.
async fn accepted(stream: &mut TcpStream) -> anyhow::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let read = stream.read_buf(&mut head).await?;
        ensure!(read > 0, "the connection was closed after {:?}", String::from_utf8_lossy(&head));
        ensure!(head.len() < 8192, "an answer without end");
    }
    let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
    ensure!(text.starts_with("http/1.1 202") && text.contains("content-length: 0"), "not stored: {text}");
    Ok(())
}

/// Appends a page and syncs it, for the time of a round: how long each took, in milliseconds.
fn fsyncs(folder: &Path) -> anyhow::Result<Vec<f64>> {
    let mut file = File::create(folder.join("floor")).context("the floor's file")?;
    let (begin, mut took) = (Instant::now(), Vec::new());
    while begin.elapsed() < ROUND {
        let one = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_all()?;
        took.push(one.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(took)
}
