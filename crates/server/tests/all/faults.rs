//! Things that break inside break one answer, and nothing of them is told.

use std::sync::atomic::Ordering;

use server::Limits;

use crate::{
    client::{Request, send_raw},
    samples,
    world::Site,
};

#[tokio::test]
async fn a_panic_is_a_500_that_tells_nothing_and_the_server_lives() {
    let site = Site::start().await;
    let id = samples::id("refused");
    *site.world.cursed.lock().unwrap() = Some(id.clone());
    let page = site.cli(Request::get(&format!("/submissions/{id}"))).await;
    let api = site.cli(Request::get(&format!("/api/v1/submissions/{id}"))).await;
    assert_eq!((page.status, api.status), (500, 500));
    assert!(!page.text().contains("hunter2") && !api.text().contains("hunter2"));
    assert_eq!(api.json()["error"]["code"], "internal");
    assert!(page.text().contains(page.header("x-request-id").unwrap()), "the page names its request");
    assert!(page.header("content-security-policy").is_some());
    *site.world.cursed.lock().unwrap() = None;
    assert_eq!(site.cli(Request::get(&format!("/submissions/{id}"))).await.status, 200);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let limits = Limits { request_timeout_ms: 50, ..Limits::default() };
    let site = Site::with(limits, samples::all()).await;
    site.world.stuck.store(true, Ordering::SeqCst);
    let answer = site.cli(Request::get("/api/v1/runs")).await;
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (503, &"timeout".into()));
}

#[tokio::test]
async fn a_head_that_is_never_whole_is_not_waited_for() {
    let limits = Limits { head_timeout_ms: 50, connections: 1, ..Limits::default() };
    let site = Site::with(limits, samples::all()).await;
    let mut slow = tokio::net::TcpStream::connect(site.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut slow, b"GET / HT").await.unwrap();
    // There is one place, and the slow one has it; the next is served once that is over.
    assert_eq!(site.send(Request::get("/healthz")).await.status, 200);
}

#[tokio::test]
async fn odd_input_kills_nothing() {
    let site = Site::start().await;
    let address = site.address;
    for odd in [
        format!("GET /{} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n", "a".repeat(20_000)),
        format!(
            "GET / HTTP/1.1\r\nhost: {address}\r\ncookie: {}\r\nconnection: close\r\n\r\n",
            "=;".repeat(5_000)
        ),
        format!(
            "POST /open HTTP/1.1\r\nhost: {address}\r\ncontent-length: 99999999\r\nconnection: close\r\n\r\nx"
        ),
        format!("BREW /open HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"),
        "\u{0}\u{1}\u{2}\r\n\r\n".to_owned(),
    ] {
        let answer = send_raw(address, odd.as_bytes()).await;
        assert!((400..500).contains(&answer.status), "{}: {}", answer.status, &odd[..40.min(odd.len())]);
    }
    assert_eq!(site.send(Request::get("/healthz")).await.status, 200);
}

#[tokio::test]
async fn a_form_may_not_be_large() {
    let site = Site::start().await;
    let form = Request::post("/open", vec![b'x'; 17 * 1024])
        .with("content-type", "application/x-www-form-urlencoded");
    assert_eq!(site.send(form).await.status, 413);
}
