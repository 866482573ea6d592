//! Calls over HTTP, to a small server that says what a test wants.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers of tests

mod common;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use common::{
    World,
    server::{Say, Server, answer},
};
use grant::StepAt;
use model::{Action, Http, HttpExpect, Method};
use targets::{Acted, Did, may_repeat};
use tokio::net::TcpListener;

fn call(method: Method, url: String, json: &[(&str, &str)], within_ms: u64) -> Http {
    let json: BTreeMap<String, String> =
        json.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Http { method, url, body: None, expect: HttpExpect { status: 200, json }, within_ms }
}

fn world(http: Http) -> World {
    World::new("http", vec![Action::Http(http)], &[])
}

fn why(acted: &Acted) -> String {
    match &acted.did {
        Did::Failed { why } => why.clone(),
        other => format!("not failed: {other:?}"),
    }
}

#[tokio::test]
async fn what_answers_as_expected_at_once_is_called_once() {
    let server = Server::start(|_| Say::All(answer("200 OK", r#"{"revision":"abc"}"#))).await;
    let begun = Instant::now();
    let acted = world(call(Method::Get, server.url("/version"), &[("revision", "abc")], 20_000)).act().await;
    assert_eq!(acted.did, Did::Succeeded);
    assert!(begun.elapsed() < Duration::from_secs(10));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].starts_with("GET /version HTTP/1.1\r\n"));
    assert_eq!(acted.output.text(), "tries: 1; the last: as expected\n");
}

#[tokio::test]
async fn it_waits_until_the_answer_is_as_expected() {
    let server = Server::start(|nth| {
        Say::All(match nth {
            0 => answer("503 Service Unavailable", ""),
            1 => answer("200 OK", "<html>"),
            2 => answer("200 OK", r#"{"revision":"old"}"#),
            3 => "garbage\r\n\r\n".into(),
            4 => String::new(),
            _ => answer("200 OK", r#"{"revision":"new"}"#),
        })
    })
    .await;
    let acted = world(call(Method::Get, server.url("/"), &[("revision", "new")], 60_000)).act().await;
    assert_eq!(acted.did, Did::Succeeded);
    assert_eq!(server.requests().len(), 6);
    assert_eq!(acted.output.text(), "tries: 6; the last: as expected\n");
}

#[tokio::test]
async fn a_status_alone_is_enough_where_nothing_else_is_expected() {
    let server = Server::start(|_| Say::AndHang("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n".into())).await;
    let acted = world(call(Method::Get, server.url("/"), &[], 20_000)).act().await;
    assert_eq!(acted.did, Did::Succeeded);
}

#[tokio::test]
async fn at_the_deadline_it_fails_and_says_where_and_what_last() {
    let server = Server::start(|_| Say::All(answer("200 OK", r#"{"revision":"hunter2"}"#))).await;
    let begun = Instant::now();
    let acted =
        world(call(Method::Get, server.url("/a?token=hunter2"), &[("revision", "new")], 3_000)).act().await;
    let why = why(&acted);
    assert!(begun.elapsed() >= Duration::from_millis(400), "it gave up early");
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert!(why.starts_with(&server.url(": not as expected within 3000 ms; of ")), "{why}");
    assert!(why.ends_with(r#"the last: the answer's "revision" is not "new""#), "{why}");
    assert!(!format!("{acted:?}{}", acted.output.text()).contains("hunter2"));
    assert!(!acted.touched, "a GET changes nothing");
    assert!(server.requests().len() >= 3);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Server::start(|_| {
        Say::All("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n".into())
    })
    .await;
    let acted = world(call(Method::Get, server.url("/"), &[], 200)).act().await;
    assert!(why(&acted).ends_with("answered 302, not 200; redirects are not followed"), "{acted:?}");
    assert!(server.requests().iter().all(|request| request.starts_with("GET / ")));
}

#[tokio::test]
async fn a_body_that_never_ends_is_not_waited_for_beyond_the_deadline() {
    let slow = |_| Say::AndHang("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".into());
    let server = Server::start(slow).await;
    let begun = Instant::now();
    let acted = world(call(Method::Get, server.url("/"), &[("a", "b")], 400)).act().await;
    assert!(why(&acted).ends_with("no answer in time"), "{acted:?}");
    assert!(begun.elapsed() < Duration::from_secs(9), "a try's own time-out is longer");
}

#[tokio::test]
async fn one_slow_try_does_not_use_up_the_time_of_the_others() {
    let server = Server::start(|nth| match nth {
        0 => Say::AndHang(String::new()),
        _ => Say::All(answer("200 OK", "")),
    })
    .await;
    let mut world = world(call(Method::Get, server.url("/"), &[], 60_000));
    world.limits.try_timeout = Duration::from_millis(200);
    assert_eq!(world.act().await.did, Did::Succeeded);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn of_a_huge_body_not_much_more_than_the_limit_is_read() {
    let taken = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&taken);
    let server = Server::start(move |_| {
        Say::AndFlood("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"a\":\"".into(), Arc::clone(&count))
    })
    .await;
    let mut world = world(call(Method::Post, server.url("/"), &[("a", "b")], 20_000));
    world.limits.answer_bytes = 10_000;
    let acted = world.act().await;
    assert!(why(&acted).ends_with("answered 200 with more than 10000 bytes"), "{acted:?}");
    // what the kernel buffered comes on top
    assert!(taken.load(Ordering::Relaxed) < 64 * 1024 * 1024);
}

#[tokio::test]
async fn a_post_is_sent_once_whatever_is_answered() {
    let server = Server::start(|_| Say::All(answer("500 Internal Server Error", ""))).await;
    let acted = world(call(Method::Post, server.url("/"), &[], 20_000)).act().await;
    assert!(why(&acted).ends_with("answered 500, not 200"), "{acted:?}");
    assert!(acted.touched);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_post_without_an_answer_may_have_acted() {
    for say in [|_| Say::All(String::new()), |_| Say::AndHang(String::new())] {
        let server = Server::start(say).await;
        let acted = world(call(Method::Post, server.url("/"), &[], 500)).act().await;
        assert!(matches!(acted.did, Did::Unknown { .. }) && acted.touched, "{acted:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_post_that_could_not_be_sent_did_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let acted = world(call(Method::Post, url, &[], 200)).act().await;
    assert!(why(&acted).contains("Connection refused") && !acted.touched, "{acted:?}");
}

#[tokio::test]
async fn a_repeated_call_carries_the_same_key_and_body() {
    let server =
        Server::start(|nth| Say::All(answer(if nth < 2 { "503 Service Unavailable" } else { "200 OK" }, "")))
            .await;
    let mut http = call(Method::Put, server.url("/switch"), &[], 60_000);
    http.body = Some(r#"{"to":"abc"}"#.into());
    let world = world(http);
    let acted = world.act().await;
    assert_eq!(acted.did, Did::Succeeded);
    let key = world.grant.idempotency_key(StepAt::forward(0));
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert!(request.starts_with("PUT /switch HTTP/1.1\r\n"));
        assert!(request.contains(&format!("\r\nidempotency-key: \"{key}\"\r\n")), "{request}");
        assert!(request.contains("\r\ncontent-type: application/json\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\n{\"to\":\"abc\"}"), "{request}");
    }
}

#[tokio::test]
async fn a_name_is_resolved() {
    let server = Server::start(|_| Say::All(answer("200 OK", ""))).await;
    let url = server.url("/").replace("127.0.0.1", "localhost");
    assert_eq!(world(call(Method::Get, url, &[], 20_000)).act().await.did, Did::Succeeded);
    let acted = world(call(Method::Get, "http://does-not-exist.invalid/".into(), &[], 100)).act().await;
    assert!(why(&acted).contains("can't be resolved"), "{acted:?}");
}

#[tokio::test]
async fn what_is_no_url_to_call_is_refused_at_once() {
    for url in ["file:///etc/passwd", "http://user:hunter2@127.0.0.1/", "http://169.254.169.254/", "x"] {
        let begun = Instant::now();
        let acted = world(call(Method::Get, url.into(), &[], 60_000)).act().await;
        assert!(matches!(acted.did, Did::Failed { .. }) && !acted.touched, "{url}");
        assert!(!why(&acted).contains("hunter2"));
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_no_https_server() {
    let server = Server::start(|_| Say::All(answer("200 OK", ""))).await;
    let url = server.url("/").replace("http://", "https://");
    let acted = world(call(Method::Get, url, &[], 200)).act().await;
    assert!(matches!(acted.did, Did::Failed { .. }), "{acted:?}");
}

/// A proxy can only be named in the environment of a new process: the test starts itself again.
#[tokio::test]
async fn a_proxy_of_the_environment_is_not_used() {
    let server = Server::start(|_| Say::All(answer("200 OK", ""))).await;
    if std::env::var_os("EXQ_TEST_PROXIED").is_some() {
        assert_eq!(world(call(Method::Get, server.url("/"), &[], 5_000)).act().await.did, Did::Succeeded);
        return;
    }
    let proxy = Server::start(|_| Say::All(answer("502 Bad Gateway", ""))).await;
    #[allow(clippy::disallowed_methods)] // this test itself
    let mut again = tokio::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "a_proxy_of_the_environment_is_not_used"]).env("EXQ_TEST_PROXIED", "1");
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        again.env(name, proxy.url(""));
    }
    again.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = again.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(proxy.requests().len(), 0);
}

#[test]
fn only_a_post_may_not_be_repeated() {
    for (method, repeat) in
        [(Method::Get, true), (Method::Put, true), (Method::Delete, true), (Method::Post, false)]
    {
        let action = Action::Http(call(method, "http://127.0.0.1/".into(), &[], 1));
        assert_eq!(may_repeat(&action), repeat, "{method:?}");
    }
}

#[test]
fn a_program_may_be_repeated_only_if_the_operation_says_so() {
    for idempotent in [true, false] {
        let program = model::Program::Host { path: "/bin/true".into() };
        let exec = model::Exec { program, args: vec![], timeout_ms: 1, idempotent };
        assert_eq!(may_repeat(&Action::Exec(exec)), idempotent);
    }
}
