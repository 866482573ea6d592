//! Where people sign in.

use devidp::Fault;
use server::{Access, routes};

use crate::{
    access::{request, status},
    client::Request,
    shapes::{document, fits},
    town::{CLIENT, Town},
    world::{OPEN_TOKEN, as_cli},
};

#[tokio::test]
async fn a_person_signs_in_reads_and_signs_out() {
    let town = Town::found().await;
    let mut alice = town.browser();
    assert_eq!(alice.get("/runs").await.status, 401);
    let answer = alice.sign_in("/sign-in?to=/runs%3Fstate%3Dfinished", "alice").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/runs?state=finished")));
    assert_eq!(alice.get("/runs?state=finished").await.status, 200);
    let me = alice.get("/api/v1/whoami").await.json();
    assert_eq!((&me["subject"], &me["person"]), (&"u-alice".into(), &"alice".into()));
    let cookie = alice.session().unwrap();
    let out = alice.post("/sign-out", "").await;
    assert_eq!(out.status, 200);
    assert!(out.text().contains("You are signed out here"));
    assert_eq!(alice.session(), None);
    let name = format!("exq-session-{}", town.site.address.port());
    alice.cookies.insert(name, cookie);
    assert_eq!(alice.get("/runs").await.status, 401, "the cookie is worth nothing now");
}

#[tokio::test]
async fn the_cookies_are_kept_from_scripts_and_come_along_on_the_way_back() {
    let town = Town::found().await;
    let mut browser = town.browser();
    let begun = browser.get("/sign-in").await;
    let port = town.site.address.port();
    let cookie = begun.header("set-cookie").unwrap();
    assert!(cookie.starts_with(&format!("exq-sign-in-{port}=")), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=600"), "{cookie}");
    let back = town.idp.browser().pick(begun.header("location").unwrap(), "alice").await.unwrap();
    let done = browser.get(back.split_once(&format!(":{port}")).unwrap().1).await;
    let cookie = done.header("set-cookie").unwrap();
    assert!(cookie.starts_with(&format!("exq-session-{port}=")), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=43200"), "{cookie}");
}

#[tokio::test]
async fn behind_tls_cookies_are_of_this_host_only_and_pages_of_its_own_name() {
    let town = Town::reached_by(Some("https://exq.example.com")).await;
    let ours = |request: Request| request.with("host", "exq.example.com");
    let begun = town.site.send(ours(Request::get("/sign-in"))).await;
    let cookie = begun.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-exq-sign-in=") && cookie.ends_with("; Secure"), "{cookie}");
    assert!(
        begun
            .header("location")
            .unwrap()
            .contains("redirect_uri=https%3A%2F%2Fexq.example.com%2Fsign-in%2Fcallback")
    );
    let post = |origin: &str| ours(Request::post("/sign-out", "")).with("origin", origin);
    assert_eq!(town.site.send(post("https://exq.example.com")).await.status, 401, "ours, and nobody");
    for foreign in ["http://exq.example.com", "https://exq.example.com:8443", "https://example.com", "null"] {
        assert_eq!(town.site.send(post(foreign)).await.status, 403, "{foreign}");
    }
    let other = Request::get("/healthz").with("host", "exq.example.com:8443");
    assert_eq!(town.site.send(other).await.status, 421);
}

#[tokio::test]
async fn session_fixation_a_cookie_that_somebody_planted_is_never_the_session() {
    let town = Town::found().await;
    let attacker = town.signed_in("carol").await;
    let planted = attacker.session().unwrap();
    let name = format!("exq-session-{}", town.site.address.port());
    let mut victim = town.browser();
    victim.cookies.insert(name.clone(), planted.clone());
    victim.sign_in("/sign-in", "alice").await;
    assert_ne!(victim.session().unwrap(), planted);
    let mut attacker = town.browser();
    attacker.cookies.insert(name.clone(), planted);
    assert_eq!(attacker.get("/api/v1/whoami").await.status, 401, "the session before it is over");
    attacker.cookies.insert(name, "f".repeat(64));
    attacker.sign_in("/sign-in", "bob").await;
    assert_ne!(attacker.session().unwrap(), "f".repeat(64));
}

#[tokio::test]
async fn sign_in_csrf_an_answer_that_this_browser_did_not_ask_for_opens_nothing() {
    let town = Town::found().await;
    let back = town.browser().set_out("/sign-in", "carol").await;
    let mut victim = town.browser();
    let answer = victim.get(&back).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("Sign in</a>"), "{}", answer.text());
    victim.get("/sign-in").await;
    assert_eq!(victim.get(&back).await.status, 400, "nor with a sign-in of its own under way");
    assert_eq!(victim.session(), None);
}

#[tokio::test]
async fn an_open_redirect_leads_to_the_first_page() {
    let town = Town::found().await;
    for evil in [
        "//evil.example",
        "https://evil.example",
        "/%5Cevil.example",
        "/%09/evil.example",
        "%2F%2Fevil.example",
    ] {
        let answer = town.browser().sign_in(&format!("/sign-in?to={evil}"), "alice").await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{evil}");
    }
}

#[tokio::test]
async fn csrf_a_foreign_page_ends_and_signs_nothing() {
    let town = Town::found().await;
    let mut alice = town.signed_in("alice").await;
    for path in ["/sign-out", "/sessions/end", "/api/v1/sign-out", "/close"] {
        for (name, value) in
            [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
        {
            let answer = alice.send(Request::post(path, "").with(name, value)).await;
            assert_eq!(answer.status, 403, "{path} {value}");
        }
    }
    assert_eq!(alice.get("/").await.status, 200);
}

#[tokio::test]
async fn a_code_or_state_that_is_replayed_opens_nothing() {
    let town = Town::found().await;
    let mut alice = town.browser();
    let back = alice.set_out("/sign-in", "alice").await;
    assert_eq!(alice.get(&back).await.status, 303);
    assert_eq!(alice.get(&back).await.status, 400);
    // The state, the code, and the browser's half of the sign-in as a session, in a cookie and as a bearer token.
    let query = |name: &str| {
        let (_, rest) = back.split_once(&format!("{name}=")).unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    let binding = alice.cookies[&format!("exq-sign-in-{}", town.site.address.port())].clone();
    for token in [query("state"), query("code"), binding, alice.session().unwrap()] {
        let as_bearer = Request::get("/api/v1/whoami").with("authorization", &format!("Bearer {token}"));
        assert_eq!(town.site.send(as_bearer).await.status, 401, "{token}");
        if Some(&token) != alice.session().as_ref() {
            let cookie = format!("exq-session-{}={token}", town.site.address.port());
            let as_cookie = Request::get("/api/v1/whoami").with("cookie", &cookie);
            assert_eq!(town.site.send(as_cookie).await.status, 401, "{token}");
        }
    }
}

#[tokio::test]
async fn a_person_in_no_group_reads_which_would_do_and_who_grants_it() {
    let town = Town::found().await;
    let mut carol = town.signed_in("carol").await;
    let page = carol.get("/").await;
    assert_eq!(page.status, 403);
    for said in ["exq-readers", "The platform team", "signed in, and may not read", "href=\"/sessions\""] {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    assert_eq!(carol.get("/api/v1/runs").await.json()["error"]["code"], "no-role");
    assert_eq!(carol.get("/sessions").await.status, 200, "about herself she may read");
    town.idp.fail(Fault::Overage).unwrap();
    let mut alice = town.signed_in("alice").await;
    assert!(alice.get("/").await.text().contains("more groups than the identity provider sends"));
}

#[tokio::test]
async fn a_person_sees_and_ends_their_own_sessions_only() {
    let town = Town::found().await;
    let (mut here, mut there) = (town.signed_in("alice").await, town.signed_in("alice").await);
    let mut bob = town.signed_in("bob").await;
    let page = here.get("/sessions").await.text();
    let ids: Vec<&str> = page.split("name=\"id\" value=\"").skip(1).map(|rest| &rest[..64]).collect();
    assert_eq!(ids.len(), 2, "{page}");
    for id in &ids {
        assert_eq!(bob.post("/sessions/end", &format!("id={id}")).await.status, 404, "not bob's");
    }
    for bad in ["", "id=", "id=x", &format!("id={}", "0".repeat(64))] {
        assert_eq!(here.post("/sessions/end", bad).await.status, 404, "{bad}");
    }
    assert_eq!(there.get("/").await.status, 200);
    for id in &ids {
        let ended = here.post("/sessions/end", &format!("id={id}")).await.status;
        assert!(ended == 303 || ended == 401, "{ended}: the second may be this browser's own");
    }
    assert!(there.get("/").await.status == 401 || here.get("/").await.status == 401);
    assert_eq!(bob.get("/").await.status, 200);
}

#[tokio::test]
async fn who_signs_out_at_the_issuer_is_signed_out_here() {
    let town = Town::found().await;
    let (mut alice, mut bob) = (town.signed_in("alice").await, town.signed_in("bob").await);
    assert_eq!(town.idp.log_out("alice").await.unwrap(), [200]);
    assert_eq!(alice.get("/").await.status, 401);
    assert_eq!(bob.get("/").await.status, 200);
    let forged = town.idp.logout_token(CLIENT, None, Some("u-bob"), |claims| {
        claims["aud"] = "another-client".into();
    });
    let form = format!("logout_token={}", forged.unwrap());
    let answer = town.browser().post("/sign-in/back-channel", &form).await;
    assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (400, Some("bad-request")));
    for bad in ["", "logout_token=", "logout_token=x.y.z", "other=1"] {
        assert_eq!(town.browser().post("/sign-in/back-channel", bad).await.status, 400, "{bad}");
    }
    assert_eq!(bob.get("/").await.status, 200);
}

#[tokio::test]
async fn a_live_page_ends_with_its_session() {
    let town = Town::found().await;
    let alice = town.signed_in("alice").await;
    let cookie = format!("exq-session-{}={}", town.site.address.port(), alice.session().unwrap());
    let mut events = town.site.events(Request::get("/events").with("cookie", &cookie)).await;
    assert!(events.next().await.is_some());
    let ended = std::time::Instant::now();
    town.idp.log_out("alice").await.unwrap();
    while events.next().await.is_some() {}
    assert!(ended.elapsed() < std::time::Duration::from_secs(5), "{:?}", ended.elapsed());
}

#[tokio::test]
async fn while_the_issuer_is_away_sessions_live_and_new_ones_wait() {
    let town = Town::found().await;
    let mut alice = town.signed_in("alice").await;
    let mut bob = town.browser();
    let back = bob.set_out("/sign-in", "bob").await;
    town.idp.fail(Fault::Down).unwrap();
    assert_eq!(alice.get("/").await.status, 200);
    let answer = bob.get(&back).await;
    assert_eq!((answer.status, bob.session()), (503, None));
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn what_the_issuer_gets_wrong_is_said_and_opens_nothing() {
    for fault in [Fault::AlgNone, Fault::WrongNonce, Fault::OtherIss, Fault::Expired] {
        let town = Town::found().await;
        town.idp.fail(fault).unwrap();
        let mut browser = town.browser();
        let answer = browser.sign_in("/sign-in", "alice").await;
        assert_eq!((answer.status, browser.session()), (403, None), "{fault:?}");
        assert!(answer.text().contains("You are not signed in"));
    }
    let town = Town::found().await;
    town.idp.fail(Fault::ManyGroups).unwrap();
    let mut browser = town.browser();
    assert_eq!(browser.sign_in("/sign-in", "alice").await.status, 503);
    assert_eq!(browser.session(), None);
}

#[tokio::test]
async fn no_link_opens_a_session_where_people_sign_in() {
    let town = Town::found().await;
    let mut browser = town.browser();
    assert_eq!(browser.get(&format!("/open?token={OPEN_TOKEN}")).await.status, 404);
    let answer = browser.post("/open", &format!("token={OPEN_TOKEN}")).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (404, None));
    assert_eq!(town.site.cli(Request::post("/api/v1/open-tokens", "")).await.status, 404);
}

#[tokio::test]
async fn a_browser_that_wants_a_page_is_sent_to_sign_in_and_a_program_is_told() {
    let town = Town::found().await;
    let navigate = |path: &str| Request::get(path).with("sec-fetch-mode", "navigate");
    let answer = town.site.send(navigate("/runs?state=finished")).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/sign-in?to=/runs%3Fstate%3Dfinished"))
    );
    for request in
        [navigate("/api/v1/runs"), Request::get("/runs"), navigate("/runs").with("authorization", "Bearer x")]
    {
        assert_eq!(town.site.send(request).await.status, 401);
    }
}

pub async fn device(town: &Town, login: &str) -> String {
    let json =
        |target: &str, body: String| Request::post(target, body).with("content-type", "application/json");
    let started = town.site.send(json("/api/v1/sign-in/device", "{}".into())).await.json();
    fits(&document(), &serde_json::json!({"$ref": "#/components/schemas/DeviceStarted"}), &started).unwrap();
    let poll = || json("/api/v1/sign-in/device/poll", serde_json::json!({"id": started["id"]}).to_string());
    assert_eq!(town.site.send(poll()).await.json()["state"], "pending");
    let form = [("user_code", started["user_code"].as_str().unwrap()), ("person", login)];
    town.idp.browser().post(&format!("{}/device", town.idp.url()), &form).await.unwrap();
    town.site.clock.step_ms(5_000);
    let polled = town.site.send(poll()).await.json();
    fits(&document(), &serde_json::json!({"$ref": "#/components/schemas/DevicePolled"}), &polled).unwrap();
    assert_eq!(town.site.send(poll()).await.status, 400, "told once");
    polled["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_command_line_signs_in_by_device_and_its_token_is_no_cookie() {
    let town = Town::found().await;
    let token = device(&town, "alice").await;
    let bearer = |target: &str| Request::get(target).with("authorization", &format!("Bearer {token}"));
    let me = town.site.send(bearer("/api/v1/whoami")).await.json();
    fits(&document(), &serde_json::json!({"$ref": "#/components/schemas/Whoami"}), &me).unwrap();
    assert_eq!((&me["via"], &me["name"]), (&"command-line".into(), &"Alice".into()));
    assert_eq!(town.site.send(bearer("/api/v1/runs")).await.status, 200);
    assert_eq!(town.site.send(bearer("/metrics")).await.status, 401, "that is the host's");
    let cookie = format!("exq-session-{}={token}", town.site.address.port());
    assert_eq!(town.site.send(Request::get("/").with("cookie", &cookie)).await.status, 401);
    let out = Request::post("/api/v1/sign-out", "").with("authorization", &format!("Bearer {token}"));
    assert_eq!(town.site.send(out).await.status, 204);
    assert_eq!(town.site.send(bearer("/api/v1/runs")).await.status, 401);
}

/// Every route × (no, expired, wrong, low, right, the host's) credential.
#[tokio::test]
async fn every_route_lets_in_whom_it_should_and_nobody_else_where_people_sign_in() {
    let town = Town::found().await;
    let name = format!("exq-session-{}", town.site.address.port());
    let expired = {
        let mut browser = town.signed_in("alice").await;
        let session = browser.session().unwrap();
        browser.post("/sign-out", "").await;
        format!("{name}={session}")
    };
    let wrong = format!("{name}={}", "0".repeat(64));
    let old_kind = format!("{name}={OPEN_TOKEN}");
    let host_token = Request::get("/").with("cookie", &format!("{name}={}", crate::world::CLI_TOKEN));
    assert_eq!(town.site.send(host_token).await.status, 401, "the host's token is no cookie");
    for route in routes() {
        for (what, cookie) in
            [("none", None), ("expired", Some(&expired)), ("wrong", Some(&wrong)), ("open", Some(&old_kind))]
        {
            let request = request(&route);
            let request = match cookie {
                Some(cookie) => request.with("cookie", cookie),
                None => request,
            };
            let got = status(&town.site, request).await;
            assert_eq!(got == 401, route.access != Access::Public, "{route:?} {what}: {got}");
        }
        // A fresh one for each route: some end it.
        let cookie = |session: String| format!("{name}={session}");
        let low = cookie(town.signed_in("carol").await.session().unwrap());
        let low = status(&town.site, request(&route).with("cookie", &low)).await;
        let right = cookie(town.signed_in("bob").await.session().unwrap());
        let right = status(&town.site, request(&route).with("cookie", &right)).await;
        let host = status(&town.site, as_cli(request(&route))).await;
        match route.access {
            Access::Public => {}
            // What alice may do is not bob's to know.
            Access::Reader if route.path == "/api/v1/access" => {
                assert_eq!((low, right, host), (403, 403, 200), "{route:?}");
            }
            // Somebody else's link is none to bob.
            Access::Reader if route.path.ends_with("/revoke") => {
                assert_eq!((low, right, host), (403, 404, 200), "{route:?}");
            }
            Access::Reader => {
                assert_eq!(low, 403, "{route:?}");
                assert!(right < 400 && host < 400, "{route:?}: {right} {host}");
            }
            Access::Person => {
                // Without a session's id `POST /sessions/end` finds none; it was let in.
                let names_one = ["/sessions/end", "/step-up"].contains(&route.path);
                let fine = |got: u16| got < 400 || names_one && got == 404;
                assert!(fine(low) && fine(right), "{route:?}: {low} {right}");
                assert_eq!(host, 403, "{route:?}");
            }
            Access::Asker | Access::Member => {
                assert_eq!((low, host), (403, 403), "{route:?}");
                // Bob reads and asks; that he may not consent is said to him.
                let none =
                    ["/passkeys/revoke", "/script/consents/{id}/begin", "/script/consents/{id}/finish"];
                let told = none.contains(&route.path) && (400..=404).contains(&right);
                let fine = right < 400 || told || route.path.contains("/consents/") && right == 403;
                assert!(fine, "{route:?}: {right}");
            }
            Access::Present => {
                // Let in only with a step-up; whoever signed in can make one.
                assert_eq!((low, right, host), (403, 403, 403), "{route:?}");
            }
            Access::Cli => {
                assert_eq!((low, right), (401, 401), "{route:?}");
                // One-time tokens aren't made here.
                assert_eq!(host, if route.path.ends_with("open-tokens") { 404 } else { 200 }, "{route:?}");
            }
        }
    }
}

#[tokio::test]
async fn who_asks_is_who_is_signed_in_whatever_the_body_says() {
    let town = Town::found().await;
    let mut alice = town.signed_in("alice").await;
    let post = |target: &str, body: serde_json::Value| {
        Request::post(target, body.to_string()).with("content-type", "application/json")
    };
    let wish = serde_json::json!({
        "operation": "shop-restart", "inputs": {"ticket": "INC-7"}, "justification": "The shop hangs <i>again</i>"
    });
    let view = alice.send(post("/api/v1/requests", wish.clone())).await;
    assert_eq!(view.status, 200, "{}", view.text());
    let view = view.json();
    let shape = |name: &str| serde_json::json!({"$ref": format!("#/components/schemas/{name}")});
    fits(&document(), &shape("RequestView"), &view).unwrap();
    let by = &view["request"]["by"];
    assert_eq!((&by["kind"], &by["identity"]["subject"]), (&"person".into(), &"u-alice".into()));
    assert_eq!((&by["person"], &by["identity"]["issuer"]), (&"alice".into(), &town.idp.url().into()));
    for (key, value) in [("by", "u-bob"), ("requester", "bob"), ("nonce", "1"), ("id", "req-1")] {
        let mut forged = wish.clone();
        forged[key] = value.into();
        let answer = alice.send(post("/api/v1/requests", forged)).await;
        assert_eq!(answer.status, 400, "{key}: {}", answer.text());
    }
    assert_eq!(town.site.world.asked.lock().unwrap().len(), 1, "only the first was asked for");
    let mut plan = wish;
    plan.as_object_mut().unwrap().remove("justification");
    let answer = alice.send(post("/api/v1/plan", plan)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    fits(&document(), &shape("PlanView"), &answer.json()).unwrap();
    let target = format!("/api/v1/requests/{}/withdraw", crate::samples::request_id());
    let answer = alice.send(Request::post(&target, "")).await.json();
    fits(&document(), &shape("RequestView"), &answer).unwrap();
    assert_eq!(answer["ended_by"]["identity"]["subject"], "u-alice");
}

#[tokio::test]
async fn a_justification_that_can_not_be_read_is_refused_with_the_reason() {
    let town = Town::found().await;
    let mut alice = town.signed_in("alice").await;
    for (why, status, said) in [
        (String::new(), 400, "says in words why"),
        (".".repeat(500), 400, "says in words why"),
        ("Restart it \u{202e}won".to_owned(), 400, "U+202E"),
        ("x".repeat(2_001), 400, "at most 2000 characters"),
        ("x".repeat(1024 * 1024), 413, "too large"),
    ] {
        let wish = serde_json::json!({"operation": "shop-restart", "inputs": {}, "justification": why});
        let request =
            Request::post("/api/v1/requests", wish.to_string()).with("content-type", "application/json");
        let answer = alice.send(request).await;
        assert_eq!(answer.status, status, "{said}: {}", answer.text());
        assert!(answer.text().contains(said), "{said}: {}", answer.text());
    }
    assert!(town.site.world.asked.lock().unwrap().is_empty());
}
