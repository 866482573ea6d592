//! Every route with every kind of caller, as one table that a person can review. The routes come from the router's own list;
//! what doesn't follow from who may call a route stands in [`EXCEPTIONS`].

use identity::{Condition, Kind, Matches, Rule};
use model::Clock as _;
use serde_json::{Value, json};
use server::{Access, RouteInfo, routes};

use crate::{
    access::{request, status},
    client::Request,
    town::Town,
    world::{CLI_TOKEN, as_cli},
};

/// What a rule's token is for.
const AUDIENCE: &str = "https://exq.example";

/// Routes that refuse a caller whom their access lets in, and why.
const EXCEPTIONS: [(&str, &str, u16, &str); 9] = [
    ("service", "/api/v1/links", 403, "only a person has an account to link"),
    ("agent", "/api/v1/links", 403, "only a person has an account to link"),
    ("service", "/api/v1/links/{id}/prove", 403, "only a person has an account to link"),
    ("agent", "/api/v1/links/{id}/prove", 403, "only a person has an account to link"),
    ("service", "/api/v1/links/{server}/{account}/revoke", 403, "only a person has an account to link"),
    ("agent", "/api/v1/links/{server}/{account}/revoke", 403, "only a person has an account to link"),
    ("service", "/api/v1/access", 403, "of people, it says what they may only to themselves and to the host"),
    ("agent", "/api/v1/access", 403, "of people, it says what they may only to themselves and to the host"),
    ("person", "/api/v1/links/{server}/{account}/revoke", 404, "it is somebody else's link"),
];

/// Who calls.
const CALLERS: [&str; 9] = [
    "nobody",
    "signed out",
    "wrong token",
    "wrong workload",
    "no group",
    "person",
    "service",
    "agent",
    "host",
];

fn rule(name: &str, issuer: &str, kind: Kind, subject: &str) -> Rule {
    Rule {
        name: name.into(),
        issuer: issuer.into(),
        audience: AUDIENCE.into(),
        kind,
        when: vec![Condition { claim: vec!["sub".into()], is: Matches::Equals(subject.into()) }],
    }
}

/// A token as a platform gives it to its jobs.
fn workload(town: &Town, change: impl FnOnce(&mut Value)) -> String {
    let now_s = town.site.clock.now().as_millis() / 1000;
    let mut claims =
        json!({"iss": town.idp.url(), "sub": "ci", "aud": AUDIENCE, "iat": now_s, "exp": now_s + 600});
    change(&mut claims);
    format!("Bearer {}", town.idp.sign("JWT", &claims).unwrap())
}

/// The request as that caller sends it.
async fn by(town: &Town, caller: &str, route: &RouteInfo) -> u16 {
    let request = request(route);
    let cookies = |browser: &crate::town::Browser<'_>| {
        let all: Vec<String> =
            browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        all.join("; ")
    };
    let request = match caller {
        "nobody" => request,
        "signed out" => {
            let mut browser = town.signed_in("bob").await;
            let held = cookies(&browser);
            assert_eq!(browser.post("/sign-out", "").await.status, 200);
            request.with("cookie", &held)
        }
        "wrong token" => request.with("authorization", &format!("Bearer {}", CLI_TOKEN.replace('c', "d"))),
        "wrong workload" => request
            .with("authorization", &workload(town, |claims| claims["aud"] = json!("https://else.example"))),
        "no group" => request.with("cookie", &cookies(&town.signed_in("carol").await)),
        "person" => request.with("cookie", &cookies(&town.signed_in("alice").await)),
        "service" => request.with("authorization", &workload(town, |_| {})),
        "agent" => request.with("authorization", &workload(town, |claims| claims["sub"] = json!("agent"))),
        "host" => as_cli(request),
        other => panic!("{other}"),
    };
    status(&town.site, request).await
}

/// What has to come of it, by who may call the route; none: the caller is let in.
fn refusal(access: Access, caller: &str) -> Option<u16> {
    match (access, caller) {
        (Access::Public, _) => None,
        (_, "nobody" | "signed out" | "wrong token" | "wrong workload") => Some(401),
        (Access::Reader | Access::Asker | Access::Member, "no group") => Some(403),
        // Nobody of them has made a step-up.
        (Access::Present, _) => Some(403),
        (Access::Reader, _) => None,
        (Access::Person, "no group" | "person")
        | (Access::Member, "person")
        | (Access::Asker, "person" | "service" | "agent") => None,
        (Access::Person | Access::Member, "service" | "agent") => Some(403),
        (Access::Person | Access::Member | Access::Asker, "host") => Some(403),
        (Access::Cli, "host") => None,
        (Access::Cli, _) => Some(401),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_route_with_every_kind_of_caller() {
    let town = Town::found().await;
    let issuer = town.idp.url().to_owned();
    *town.site.world.rules.lock().unwrap() =
        vec![rule("shop-ci", &issuer, Kind::Service, "ci"), rule("helper", &issuer, Kind::Agent, "agent")];
    let mut table = Vec::new();
    for route in routes() {
        let mut row = Vec::new();
        for caller in CALLERS {
            let got = by(&town, caller, &route).await;
            let exception = EXCEPTIONS.iter().find(|(who, path, ..)| (*who, *path) == (caller, route.path));
            let exception = exception.filter(|_| route.method == "POST" || route.path == "/api/v1/access");
            let expected =
                exception.map_or_else(|| refusal(route.access, caller), |(_, _, status, _)| Some(*status));
            match expected {
                Some(expected) => assert_eq!(got, expected, "{caller}: {route:?}"),
                None if route.access == Access::Public => {}
                None => assert!(![401, 403].contains(&got) && got < 500, "{caller}: {route:?}: {got}"),
            }
            row.push(match got {
                200..=399 => "yes".to_owned(),
                refused => refused.to_string(),
            });
        }
        let row: String = row.iter().map(|cell| format!("{cell:>15}")).collect();
        table.push(format!("{:<4} {:<42}{row}", route.method, route.path));
    }
    let head: String = CALLERS.iter().map(|caller| format!("{caller:>15}")).collect();
    insta::assert_snapshot!("matrix", format!("{:<47}{head}\n{}", "", table.join("\n")));
}

#[tokio::test]
async fn a_service_asks_in_its_own_name_and_takes_back_what_it_asked() {
    let town = Town::found().await;
    *town.site.world.rules.lock().unwrap() = vec![rule("shop-ci", town.idp.url(), Kind::Service, "ci")];
    let token = workload(&town, |_| {});
    let ask = |body: &Value| {
        Request::post("/api/v1/requests", body.to_string())
            .with("content-type", "application/json")
            .with("authorization", &token)
    };
    let wish = json!({"operation": "shop-restart", "inputs": {}, "justification": "Nightly"});
    let made = town.site.send(ask(&wish)).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let by = &made.json()["request"]["by"];
    assert_eq!((&by["kind"], &by["shown"]), (&json!("service"), &json!("shop-ci")), "{by}");
    let mut forged = wish.clone();
    forged["by"] = json!({"kind": "person"});
    assert_eq!(town.site.send(ask(&forged)).await.status, 400, "a body names nobody");
}

#[tokio::test]
async fn who_links_an_account_has_just_signed_in() {
    let town = Town::found().await;
    let mut alice = town.signed_in("alice").await;
    let body = json!({"server": "main", "account": 1001}).to_string();
    let ask = || Request::post("/api/v1/links", body.clone()).with("content-type", "application/json");
    let made = alice.send(ask()).await;
    assert_eq!(made.status, 200, "{}", made.text());
    assert!(made.json()["text"].as_str().unwrap().contains("u-alice"), "it is for who is signed in");
    town.site.clock.step_ms(5 * 60_000);
    assert_eq!(alice.send(ask()).await.status, 200);
    town.site.clock.step_ms(1);
    let late = alice.send(ask()).await;
    assert_eq!((late.status, &late.json()["error"]["code"]), (403, &json!("sign-in-too-old")));
    alice.sign_in("/sign-in", "alice").await;
    assert_eq!(alice.send(ask()).await.status, 200);
}

#[tokio::test]
async fn an_answer_that_proves_nothing_says_why_and_one_that_is_not_there_yet_waits() {
    let town = Town::found().await;
    let mut alice = town.signed_in("alice").await;
    let mut prove = async |id: &str, change: u64| {
        let body = json!({"change": change}).to_string();
        let request = Request::post(&format!("/api/v1/links/{id}/prove"), body);
        let answer = alice.send(request.with("content-type", "application/json")).await;
        let code = answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
        (answer.status, code)
    };
    let id = "ab".repeat(16);
    assert_eq!(prove(&id, 40).await, (200, String::new()));
    assert_eq!(prove(&id, 41).await, (409, "not-yet".to_owned()));
    assert_eq!(prove(&id, 42).await, (400, "bad-request".to_owned()));
    assert_eq!(prove("ab", 40).await, (404, "not-found".to_owned()));
}

#[tokio::test]
async fn a_workloads_token_is_refused_where_no_rule_lets_it_in() {
    let town = Town::found().await;
    let get = |token: &str| Request::get("/api/v1/runs").with("authorization", token);
    let good = workload(&town, |_| {});
    assert_eq!(town.site.send(get(&good)).await.status, 401, "there is no rule");
    *town.site.world.rules.lock().unwrap() = vec![rule("shop-ci", town.idp.url(), Kind::Service, "ci")];
    assert_eq!(town.site.send(get(&good)).await.status, 200);
    let changes: [fn(&mut Value); 5] = [
        |claims| claims["sub"] = json!("other"),
        |claims| claims["iss"] = json!("https://else.example"),
        |claims| claims["exp"] = json!(1),
        |claims| claims["nonce"] = json!("browser"),
        |claims| claims["act"] = json!({"sub": "x"}),
    ];
    for change in changes {
        let bad = workload(&town, change);
        assert_eq!(town.site.send(get(&bad)).await.status, 401, "{bad}");
    }
    let (_, token) = good.split_once(' ').unwrap();
    let cookie = format!("exq-session-{}={token}", town.site.address.port());
    assert_eq!(town.site.send(Request::get("/api/v1/runs").with("cookie", &cookie)).await.status, 401);
}
