//! Hints from Gerrit: limits, answers, and silence about the secret.

use std::time::Duration;

use engine::surface::HookAnswer;
use server::Limits;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    client::Request,
    log, samples,
    world::{HOOK_SECRET, Site},
};

fn path() -> String {
    format!("/hooks/gerrit/main/{HOOK_SECRET}")
}

#[tokio::test]
async fn each_answer_of_the_engine_has_its_status() {
    let site = Site::start().await;
    for (answer, status, retry) in [
        (HookAnswer::Stored, 202, None),
        (HookAnswer::Known, 202, None),
        (HookAnswer::Ignored, 202, None),
        (HookAnswer::Malformed, 400, None),
        (HookAnswer::NotFound, 404, None),
        (HookAnswer::OverBudget, 429, Some("10")),
        (HookAnswer::Unavailable, 503, Some("10")),
    ] {
        *site.world.hook.lock().unwrap() = answer;
        let got = site.send(Request::post(&path(), "{}")).await;
        assert_eq!((got.status, got.header("retry-after")), (status, retry), "{answer:?}");
        assert_eq!(got.body.is_empty(), status == 202);
    }
    let seen = site.world.hooks.lock().unwrap()[0].clone();
    assert_eq!(seen, ("main".into(), HOOK_SECRET.into(), site.address.ip(), 2));
}

#[tokio::test]
async fn a_wrong_server_and_a_wrong_secret_get_the_same_bytes() {
    let site = Site::start().await;
    let mut answers = Vec::new();
    for target in [
        "/hooks/gerrit/main/wrong".to_owned(),
        format!("/hooks/gerrit/other/{HOOK_SECRET}"),
        format!("/hooks/gerrit/main/{}", "x".repeat(300)),
        "/hooks/gerrit/main/%ff".to_owned(),
        "/hooks/gerrit/%00/%2e%2e".to_owned(),
    ] {
        let answer = site.send(Request::post(&target, "{}")).await;
        let head: Vec<_> =
            answer.head().iter().filter(|(k, _)| k != "x-request-id" && k != "date").cloned().collect();
        answers.push((answer.status, head, answer.text()));
    }
    assert_eq!(answers[0].0, 404);
    for other in &answers[1..] {
        assert_eq!(*other, answers[0]);
    }
}

#[tokio::test]
async fn a_body_may_have_256_kib_and_not_a_byte_more() {
    let site = Site::start().await;
    let limit = Limits::default().hook_body_bytes;
    assert_eq!(site.send(Request::post(&path(), vec![b'x'; limit])).await.status, 202);
    assert_eq!(site.send(Request::post(&path(), vec![b'x'; limit + 1])).await.status, 413);

    // Announced by nothing: in chunks.
    let body = format!("{:x}\r\n{}\r\n0\r\n\r\n", limit + 1, "x".repeat(limit + 1));
    let chunked = Request::post(&path(), body).with("transfer-encoding", "chunked");
    let bytes = chunked.bytes(site.address);
    let text = String::from_utf8(bytes).unwrap();
    let without_length: String =
        text.split_inclusive("\r\n").filter(|l| !l.starts_with("content-length")).collect();
    assert_eq!(crate::client::send_raw(site.address, without_length.as_bytes()).await.status, 413);
    assert_eq!(site.world.hooks.lock().unwrap().len(), 1, "only the first one reached the engine");
}

/// Answered earlier, the sender would have its connection reset and might never see why.
#[tokio::test]
async fn what_is_too_large_is_heard_out_before_it_is_refused() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let site = Site::start().await;
    let limit = Limits::default().hook_body_bytes;
    let request = Request::post(&path(), vec![b'x'; limit * 2]).bytes(site.address);
    let (most, rest) = request.split_at(request.len() - 100);
    let mut stream = tokio::net::TcpStream::connect(site.address).await.unwrap();
    stream.write_all(most).await.unwrap();
    let mut answer = [0; 12];
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), stream.read(&mut answer)).await;
    assert!(early.is_err(), "answered before all was sent");
    stream.write_all(rest).await.unwrap();
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let limits = Limits { hook_read_timeout_ms: 50, ..Limits::default() };
    let site = Site::with(limits, samples::all()).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let head = format!("POST {} HTTP/1.1\r\nhost: {}\r\ncontent-length: 100\r\n\r\n{{", path(), site.address);
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    tokio::time::timeout(Duration::from_secs(10), stream.read_exact(&mut start)).await.unwrap().unwrap();
    assert_eq!(&start, b"HTTP/1.1 408");
    assert!(site.world.hooks.lock().unwrap().is_empty());
}

#[tokio::test]
async fn pages_that_hang_do_not_keep_hooks_out() {
    let limits = Limits { requests: 1, ..Limits::default() };
    let site = Site::with(limits, samples::all()).await;
    site.world.stuck.store(true, std::sync::atomic::Ordering::SeqCst);
    let (hanging, (hook, turned_away)) =
        tokio::join!(async { site.cli(Request::get("/api/v1/runs")).await.status }, async {
            // The first request is in when a second one is turned away.
            let turned_away = loop {
                let answer = site.cli(Request::get("/api/v1/checkpoint")).await;
                if answer.status == 503 {
                    break answer;
                }
                tokio::task::yield_now().await;
            };
            let hook = site.send(Request::post(&path(), "{}")).await.status;
            site.world.released.notify_waiters();
            (hook, turned_away)
        });
    assert_eq!((hanging, hook), (200, 202));
    assert_eq!(turned_away.header("retry-after"), Some("1"));
    assert_eq!(turned_away.json()["error"]["code"], "busy");
}

#[tokio::test]
async fn the_log_holds_templates_and_no_secret() {
    let site = Site::start().await;
    let cookie = site.open().await;
    site.send(Request::post(&path(), "{}")).await;
    site.send(Request::post("/hooks/gerrit/main/wrong-secret-guess", "{}")).await;
    site.send(Request::get("/open?token=a-token-in-a-query")).await;
    site.send(Request::get("/").with("cookie", &cookie)).await;
    site.cli(Request::get("/api/v1/runs")).await;
    // What all tests of this process have logged so far: one more reason to be right.
    let text = log::so_far();
    assert!(text.contains("route=\"/hooks/gerrit/{server}/{secret}\" status=202"), "{text}");
    assert!(text.contains("caller=\"cli\"") && text.contains("caller=\"session\""), "{text}");
    let id = cookie.split('=').nth(1).unwrap();
    for secret in [
        HOOK_SECRET,
        "wrong-secret-guess",
        "a-token-in-a-query",
        id,
        crate::world::OPEN_TOKEN,
        crate::world::CLI_TOKEN,
    ] {
        assert!(!text.contains(secret), "{secret} is in the log:\n{text}");
    }
}
