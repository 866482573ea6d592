//! Pages stay live: a change comes as the page's new body; streams are bounded and end with their session.

use model::{OutcomeState, RunResult};
use server::Limits;

use crate::{
    client::{PATIENCE, Request},
    samples,
    world::{Site, as_cli},
};

fn events(seed: &str) -> Request {
    Request::get(&format!("/submissions/{}/events", samples::id(seed)))
}

#[tokio::test]
async fn a_change_comes_as_the_new_body_and_nothing_comes_twice() {
    let site = Site::start().await;
    let mut stream = site.events(as_cli(events("running"))).await;
    assert_eq!(stream.status, 200);
    let first = stream.next().await.unwrap();
    assert!(first.starts_with("event: body\ndata: "), "{first}");
    assert!(first.contains("running now"), "{first}");

    // Something else changes: the page is looked at again, and there is nothing to say. Then this one changes.
    let mut reads = site.world.reads.subscribe();
    let before = *reads.borrow_and_update();
    site.world.change(&samples::id("waiting"), |view| view.subject = Some("another".into()));
    tokio::time::timeout(PATIENCE, reads.wait_for(|n| *n > before)).await.expect("a look").unwrap();
    site.world.change(&samples::id("running"), |view| {
        let (run, result) = (samples::run_id("running"), RunResult::Succeeded);
        view.outcomes[0].state = OutcomeState::Ran { run, result, at: samples::at(370_000) };
    });
    let second = stream.next().await.unwrap();
    assert!(second.contains("every step succeeded"), "{second}");
}

#[tokio::test]
async fn a_stream_shows_that_it_lives_and_ends_with_its_session() {
    let limits = Limits { heartbeat_ms: 20, ..Limits::default() };
    let site = Site::with(limits, samples::all()).await;
    let cookie = site.open().await;
    let mut stream = site.events(events("running").with("cookie", &cookie)).await;
    stream.next().await.unwrap();
    assert_eq!(stream.next().await.as_deref(), Some(": alive"));
    site.clock.step_ms(limits.session_idle_ms);
    while let Some(event) = stream.next().await {
        assert_eq!(event, ": alive", "nothing is told after the end");
    }
}

#[tokio::test]
async fn a_closed_session_is_told_nothing_more() {
    let site = Site::start().await;
    let cookie = site.open().await;
    let mut stream = site.events(events("running").with("cookie", &cookie)).await;
    stream.next().await.unwrap();
    site.send(Request::post("/close", "").with("cookie", &cookie)).await;
    site.world.change(&samples::id("running"), |view| view.subject = Some("after the end".into()));
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn streams_are_bounded_and_give_their_place_back() {
    let limits = Limits { streams: 1, heartbeat_ms: 20, ..Limits::default() };
    let site = Site::with(limits, samples::all()).await;
    let mut first = site.events(as_cli(events("running"))).await;
    first.next().await.unwrap();
    let full = site.cli(events("running")).await;
    assert_eq!((full.status, full.header("retry-after")), (503, Some("30")));
    drop(first);
    // The server notices at the next sign of life that nobody reads.
    while site.events(as_cli(events("running"))).await.status != 200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_does_not_exist_has_no_stream() {
    let site = Site::start().await;
    assert_eq!(site.cli(Request::get("/submissions/sub-00000000000000000000/events")).await.status, 404);
}

#[tokio::test]
async fn open_streams_do_not_keep_the_server_from_stopping() {
    let site = Site::start().await;
    let mut stream = site.events(as_cli(events("running"))).await;
    stream.next().await.unwrap();
    let stopped = tokio::time::timeout(PATIENCE, site.stop()).await.expect("it stops");
    assert!(stopped.is_ok());
    assert_eq!(stream.next().await, None);
}
