//! Stands between Gerrit and us: notes when a hook comes, and passes it on as it is.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use super::{PATIENCE, now_us};

/// The relay. It listens on loopback as long as the runtime runs.
pub(crate) struct Relay {
    /// Where Gerrit is to post to.
    pub(crate) url: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    hooks: Mutex<Vec<Hook>>,
    bell: Notify,
}

#[derive(Clone)]
struct Hook {
    at_us: i64,
    project: String,
    change: u64,
}

impl Relay {
    /// Passes everything on to an address.
    pub(crate) async fn start(to: String) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let seen = Arc::new(Seen::default());
        let client = reqwest::Client::builder().no_proxy().build()?;
        let notes = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (client, to, notes) = (client.clone(), to.clone(), Arc::clone(&notes));
                tokio::spawn(async move { serve(stream, &client, &to, &notes).await });
            }
        });
        Ok(Self { url, seen })
    }

    /// When the first hook after a moment came that names this change, in microseconds since 1970.
    pub(crate) async fn first(&self, project: &str, change: u64, after_us: i64) -> anyhow::Result<i64> {
        let wait = async {
            loop {
                let rung = self.seen.bell.notified();
                let hooks = self.seen.hooks.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let ours = |h: &&Hook| h.at_us >= after_us && h.change == change && h.project == project;
                if let Some(hook) = hooks.iter().find(ours) {
                    return hook.at_us;
                }
                rung.await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.with_context(|| format!("no hook about change {change}"))
    }
}

async fn serve(stream: TcpStream, client: &reqwest::Client, to: &str, seen: &Seen) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse()?
                }
                _ if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        ensure!(length < 1 << 20, "a hook of {length} bytes");
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        note(seen, &body);
        let answer =
            client.post(to).header("content-type", "application/json; charset=utf-8").body(body).send().await;
        let status = answer.map_or(503, |answer| answer.status().as_u16());
        stream
            .write_all(format!("HTTP/1.1 {status} Passed on\r\nContent-Length: 0\r\n\r\n").as_bytes())
            .await?;
    }
}

fn note(seen: &Seen, body: &[u8]) {
    let at_us = now_us();
    let Ok(event) = serde_json::from_slice::<Value>(body) else { return };
    let text = |at: &str| event.pointer(at).and_then(Value::as_str);
    let of_meta = || notedb::change_of_meta_ref(text("/refUpdate/refName")?);
    let change = event.pointer("/change/number").and_then(Value::as_u64).or_else(of_meta);
    let project = text("/change/project").or_else(|| text("/refUpdate/project"));
    if let (Some(change), Some(project)) = (change, project) {
        let hook = Hook { at_us, project: project.to_owned(), change };
        seen.hooks.lock().unwrap_or_else(PoisonError::into_inner).push(hook);
        seen.bell.notify_waiters();
    }
}
