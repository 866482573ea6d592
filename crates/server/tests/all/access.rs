//! Each route with no, a wrong, an expired and the right credential; the routes come from the router's own list.

use serde_json::json;
use server::{Access, RouteInfo, routes};

use crate::{
    client::{Events, Request},
    samples,
    world::{CLI_TOKEN, HOOK_SECRET, Site, as_cli},
};

/// A request that the route answers with something else than 404 to who may call it.
pub fn request(route: &RouteInfo) -> Request {
    let id = if route.path.contains("/links/") {
        "ab".repeat(16)
    } else if route.path.contains("/runs/") {
        samples::run_id("succeeded").to_string()
    } else if route.path.contains("/consents/") {
        samples::outcome_id().to_string()
    } else if route.path.contains("/requests/") {
        samples::request_id().to_string()
    } else {
        samples::id("succeeded").to_string()
    };
    let target = route
        .path
        .replace("{id}", &id)
        .replace("{server}", "main")
        .replace("{account}", "1001")
        .replace("{secret}", HOOK_SECRET)
        .replace("{file}", "exq.css");
    let target = match target.as_str() {
        "/api/v1/access" => "/api/v1/access?person=alice&deed=review&on=shop-web/prod".into(),
        "/api/v1/evidence" => "/api/v1/evidence?change=40".into(),
        "/api/v1/why" => format!("/api/v1/why?run={}", samples::run_id("succeeded")),
        "/open" if route.method == "GET" => "/open?token=any".into(),
        _ => target,
    };
    match (route.method, route.path) {
        ("POST", "/api/v1/plan" | "/api/v1/requests") => {
            let mut wish = json!({"operation": "shop-restart", "inputs": {"ticket": "INC-7"}});
            if route.path.ends_with("requests") {
                wish["justification"] = "The shop hangs".into();
            }
            Request::post(&target, wish.to_string()).with("content-type", "application/json")
        }
        ("POST", "/api/v1/links") => json_body(&target, &json!({"server": "main", "account": 1001})),
        ("POST", "/api/v1/links/{id}/prove") => json_body(&target, &json!({"change": 40})),
        ("POST", "/api/v1/consents/{id}") => {
            let body = json!({"plan": samples::consent(None).hash});
            Request::post(&target, body.to_string()).with("content-type", "application/json")
        }
        ("POST", "/consents/{id}") => {
            let form = format!("answer=approve&plan={}", samples::consent(None).hash.unwrap());
            Request::post(&target, form).with("content-type", "application/x-www-form-urlencoded")
        }
        _ => Request::new(route.method, &target),
    }
}

fn json_body(target: &str, body: &serde_json::Value) -> Request {
    Request::post(target, body.to_string()).with("content-type", "application/json")
}

/// The status; of a stream too, which has no end to wait for.
pub async fn status(site: &Site, request: Request) -> u16 {
    let events = Events::open(site.address, &request).await;
    events.status
}

#[tokio::test]
async fn every_route_lets_in_whom_it_should_and_nobody_else() {
    let site = Site::start().await;
    let session = site.open().await;
    let expired = {
        let other = site.cli(Request::post("/api/v1/open-tokens", "")).await.json();
        let cookie = site.open_with(other["token"].as_str().unwrap()).await.unwrap();
        let close = site.send(Request::post("/close", "").with("cookie", &cookie)).await;
        assert_eq!(close.status, 200);
        cookie
    };
    let name = session.split('=').next().unwrap();
    let zeros = format!("{name}={}", "0".repeat(64));
    let twice = format!("{session}; {session}");
    let wrong_bearer = format!("Bearer {}", CLI_TOKEN.replace('c', "d"));
    let prefix_bearer = format!("Bearer {}", &CLI_TOKEN[..CLI_TOKEN.len() - 1]);
    let basic = format!("Basic {CLI_TOKEN}");
    let bad: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("none", vec![]),
        ("unknown session", vec![("cookie", &zeros)]),
        ("empty session", vec![("cookie", name)]),
        ("closed session", vec![("cookie", &expired)]),
        ("two sessions", vec![("cookie", &twice)]),
        ("wrong token", vec![("authorization", &wrong_bearer)]),
        ("part of the token", vec![("authorization", &prefix_bearer)]),
        ("empty token", vec![("authorization", "Bearer ")]),
        ("wrong scheme", vec![("authorization", &basic)]),
        ("session's id as token", vec![("authorization", "Bearer exq-session")]),
        ("right session with a wrong token", vec![("cookie", &session), ("authorization", &wrong_bearer)]),
        (
            "foreign page's fetch",
            vec![("cookie", &session), ("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")],
        ),
    ];
    for route in routes() {
        for (what, headers) in &bad {
            let mut wrong = request(&route);
            for (key, value) in headers {
                wrong = wrong.with(key, value);
            }
            let got = status(&site, wrong).await;
            let public = route.access == Access::Public;
            // A POST by a foreign page is stopped before anybody asks who it is.
            let stopped = route.method == "POST" && *what == "foreign page's fetch" && got == 403;
            assert_eq!(
                got == 401,
                !public && !stopped || is_open_form(&route, got),
                "{route:?} with {what}: {got}"
            );
        }
        let with_session = status(&site, request(&route).with("cookie", &session)).await;
        let with_token = status(&site, as_cli(request(&route))).await;
        match route.access {
            Access::Public => {}
            // Nobody signs in on this site; `people.rs` has the other one.
            Access::Person | Access::Asker | Access::Member | Access::Present => {
                assert_eq!((with_session, with_token), (404, 404), "{route:?}")
            }
            Access::Cli => assert_eq!((with_session, with_token), (401, 200), "{route:?}"),
            // The last one in the list that needs the session ends it.
            // Of one whose link is whose, only a person or the host can say.
            Access::Reader if route.path.ends_with("/revoke") || route.path == "/api/v1/access" => {
                assert_eq!((with_session, with_token), (403, 200), "{route:?}");
            }
            Access::Reader => {
                assert!(with_session < 400 && with_token < 400, "{route:?}: {with_session} {with_token}")
            }
        }
    }
}

/// `POST /open` is public, and says 401 itself to a token that it doesn't know.
fn is_open_form(route: &RouteInfo, got: u16) -> bool {
    (route.method, route.path) == ("POST", "/open") && got == 401
}

#[test]
fn the_list_of_routes_and_who_may_call_them() {
    let lines: Vec<String> = routes()
        .iter()
        .map(|r| format!("{:<6} {:<4} {}", format!("{:?}", r.access), r.method, r.path))
        .collect();
    insta::assert_snapshot!("routes", lines.join("\n"));
}

#[tokio::test]
async fn a_session_ends_by_disuse_and_in_any_case() {
    let site = Site::start().await;
    let minutes = |n: i64| n * 60_000;
    let cookie = site.open().await;
    let get = || site.send(Request::get("/").with("cookie", &cookie));
    for _ in 0..7 {
        site.clock.step_ms(minutes(100));
        assert_eq!(get().await.status, 200);
    }
    site.clock.step_ms(minutes(21));
    assert_eq!(get().await.status, 401, "12 hours have passed");

    let token =
        site.cli(Request::post("/api/v1/open-tokens", "")).await.json()["token"].as_str().unwrap().to_owned();
    let cookie = site.open_with(&token).await.unwrap();
    site.clock.step_ms(minutes(120));
    assert_eq!(site.send(Request::get("/").with("cookie", &cookie)).await.status, 401, "2 hours unused");
}

#[tokio::test]
async fn an_unknown_address_tells_the_same_to_everybody() {
    let site = Site::start().await;
    let nobody = site.send(Request::get("/api/v1/nothing")).await;
    let cli = site.cli(Request::get("/api/v1/nothing")).await;
    assert_eq!((nobody.status, nobody.body), (404, cli.body));
}
