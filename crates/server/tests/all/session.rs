//! The one-time address and the session that it opens.

use crate::{
    client::Request,
    world::{OPEN_TOKEN, Site},
};

#[tokio::test]
async fn looking_at_the_one_time_address_uses_nothing_up_and_opening_does() {
    let site = Site::start().await;
    for _ in 0..3 {
        let preview = site.send(Request::get(&format!("/open?token={OPEN_TOKEN}"))).await;
        assert_eq!(preview.status, 200);
        assert!(preview.header("set-cookie").is_none());
        assert!(preview.text().contains("method=\"post\" action=\"/open\""));
    }
    assert!(site.open_with(OPEN_TOKEN).await.is_some());
    assert!(site.open_with(OPEN_TOKEN).await.is_none());
}

#[tokio::test]
async fn a_wrong_token_looks_the_same_until_it_is_used() {
    let site = Site::start().await;
    let right = site.send(Request::get(&format!("/open?token={OPEN_TOKEN}"))).await.text();
    let wrong =
        site.send(Request::get(&format!("/open?token={}", "x".repeat(OPEN_TOKEN.len())))).await.text();
    assert_eq!(right.replace(OPEN_TOKEN, ""), wrong.replace(&"x".repeat(OPEN_TOKEN.len()), ""));
    assert!(site.open_with("x").await.is_none());
    assert!(site.open_with(&"x".repeat(300)).await.is_none());
}

#[tokio::test]
async fn a_token_that_waited_an_hour_is_too_old() {
    let site = Site::start().await;
    site.clock.step_ms(60 * 60_000);
    assert!(site.open_with(OPEN_TOKEN).await.is_none());
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_from_other_sites() {
    let site = Site::start().await;
    let form = format!("token={OPEN_TOKEN}");
    let request = Request::post("/open", form).with("content-type", "application/x-www-form-urlencoded");
    let answer = site.send(request).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    let cookie = answer.header("set-cookie").unwrap();
    let (pair, rest) = cookie.split_once("; ").unwrap();
    let (name, id) = pair.split_once('=').unwrap();
    assert_eq!(name, format!("exq-session-{}", site.address.port()));
    assert_eq!(id.len(), 64);
    assert_eq!(rest, "Path=/; HttpOnly; SameSite=Strict; Max-Age=43200");
}

#[tokio::test]
async fn who_came_by_a_foreign_link_is_led_back_in() {
    let site = Site::start().await;
    let answer = site.send(Request::get("/submissions/sub-00000000000000000000")).await;
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("href=\"/submissions/sub-00000000000000000000\""), "{}", answer.text());
}
