//! A Gerrit that crashes, and the events that it posts. Needs a JDK 21 or later and Maven.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::time::Duration;

use conformance::{Stage, World};
use gerrit::git::Want;
use gerrit::hint::{Hint, HintKind};
use gerrit::info::ChangeStatus;
use gerrit::{ChangeId, ChangeQuery, DetailLevel};
use realgerrit::{ADMIN, Options, RealGerrit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

struct Real<'a>(&'a RealGerrit);

impl World for Real<'_> {
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

/// Takes events as a webhook receiver does, and hands on their bodies.
async fn receiver() -> (String, mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (send, receive) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let send = send.clone();
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                while stream.read_buf(&mut bytes).await.is_ok_and(|read| read > 0) {
                    while let Some((body, rest)) = whole_request(&bytes) {
                        let _ = send.send(body);
                        bytes = rest;
                        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
                    }
                }
            });
        }
    });
    (url, receive)
}

fn whole_request(bytes: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())?;
    let body = bytes.get(end..end + length)?;
    Some((body.to_vec(), bytes[end + length..].to_vec()))
}

#[tokio::test]
async fn a_crash_loses_events_and_index_but_the_refs_tell_all() {
    let (hook, mut events) = receiver().await;
    let options = Options { hook_url: Some(hook), commit_at_once: false, ..Options::default() };
    let mut server =
        RealGerrit::start(options).await.unwrap_or_else(|error| panic!("no real Gerrit: {error}"));
    let stage = Stage::new(&Real(&server), "crash").await;
    let merged = stage.merge(&stage.change("a").await).await;

    // the merge is announced, with the project, the change and the branch's new head
    let hint = loop {
        let event = tokio::time::timeout(Duration::from_secs(30), events.recv()).await.unwrap().unwrap();
        match Hint::parse(&event) {
            Ok(hint) if hint.kind == HintKind::ChangeMerged => break hint,
            _ => {}
        }
    };
    assert_eq!((hint.project.as_str(), hint.number), ("crash", Some(merged.number)));
    assert_eq!(hint.reference.as_deref(), Some("refs/heads/main"));
    assert_eq!(hint.new_revision, merged.current_revision);

    server.kill9().unwrap();
    server.restart().await.unwrap();

    let reader = stage.client("exq-reader");
    let query = ChangeQuery {
        query: "status:merged project:crash".into(),
        limit: 10,
        start: 0,
        detail: DetailLevel::Brief,
    };
    assert!(reader.changes(&query).await.unwrap().value.changes.is_empty(), "the index has lost it");
    let found = reader.git().ls_refs("crash", &["refs/changes/", "refs/heads/"]).await.unwrap();
    assert!(found.contains(&(merged.meta_ref(), merged.meta_rev_id.as_deref().unwrap().parse().unwrap())));
    let read =
        reader.change(&ChangeId::new("crash", merged.number), DetailLevel::Evidence, None).await.unwrap();
    assert_eq!(read.value.status, ChangeStatus::Merged);
    let dir = tempfile::tempdir().unwrap();
    let mut mirror = gerrit::git::Mirror::open_or_init(dir.path()).unwrap();
    mirror.sync(&reader.git(), "crash", &[Want::Prefix("refs/")]).await.unwrap();
    assert!(mirror.refs().contains_key("refs/heads/main"));
}

#[tokio::test]
async fn with_the_index_committed_at_once_a_crash_loses_nothing() {
    let mut server =
        RealGerrit::start(Options::default()).await.unwrap_or_else(|error| panic!("no real Gerrit: {error}"));
    let stage = Stage::new(&Real(&server), "crash").await;
    let merged = stage.merge(&stage.change("a").await).await;
    server.restart().await.unwrap();
    let query = ChangeQuery {
        query: "status:merged project:crash".into(),
        limit: 10,
        start: 0,
        detail: DetailLevel::Brief,
    };
    let found = stage.client("exq-reader").changes(&query).await.unwrap().value.changes;
    assert_eq!(found.iter().map(|change| change.number).collect::<Vec<_>>(), [merged.number]);
}
