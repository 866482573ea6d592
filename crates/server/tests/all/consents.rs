//! Consent: somebody who is present says yes or no to the plan that they were shown.

use grant::{ConsentAnswer, verify_consent};
use model::Digest;

use crate::{
    client::{Answer, Request},
    people::device,
    samples,
    shapes::{document, fits},
    town::{Browser, Town},
};

fn path() -> String {
    format!("/consents/{}", samples::outcome_id())
}

fn hash() -> Digest {
    samples::consent(None).hash.unwrap()
}

fn form(answer: &str) -> String {
    format!("answer={answer}&plan={}", hash())
}

/// Presses a button and holds the way back from the issuer, where somebody picked themselves.
async fn press(town: &Town, browser: &mut Browser<'_>, form: &str, login: &str) -> String {
    let away = browser.post(&path(), form).await;
    assert_eq!(away.status, 200, "{}", away.text());
    let to = away.header("refresh").unwrap().strip_prefix("0;url=").unwrap().to_owned();
    assert!(to.contains("max_age=0"), "{to}");
    let back = town.idp.browser().pick(&to, login).await.unwrap();
    let (_, back) = back.split_once("/sign-in/callback").unwrap();
    format!("/sign-in/callback{back}")
}

#[tokio::test]
async fn who_is_asked_sees_the_plan_says_yes_and_signs_that() {
    let town = Town::found().await;
    let mut alice = town.signed_in("alice").await;
    let list = alice.get("/consents").await.text();
    assert!(list.contains(&path()), "{list}");
    let page = alice.get(&path()).await.text();
    for shown in
        [hash().to_string(), hash().short_code(), "release-managers".into(), "Approve this plan".into()]
    {
        assert!(page.contains(&shown), "{shown}: {page}");
    }
    assert!(page.contains("&#60;b&#62;prices") || page.contains("&lt;b&gt;prices"), "{page}");
    for (button, answer) in [("approve", ConsentAnswer::Approve), ("refuse", ConsentAnswer::Refuse)] {
        let back = press(&town, &mut alice, &form(button), "alice").await;
        let done = alice.get(&back).await;
        assert_eq!((done.status, done.header("location")), (303, Some(path().as_str())), "{}", done.text());
        let given = town.site.world.given.lock().unwrap().pop().unwrap();
        let consent = verify_consent(&given).unwrap().consent().clone();
        assert_eq!((consent.plan, consent.answer, consent.outcome), (hash(), answer, samples::outcome_id()));
        assert_eq!(consent.identity.subject, "u-alice");
        assert_eq!(consent.person.unwrap().as_str(), "alice");
    }
}

fn given(town: &Town) -> usize {
    town.site.world.given.lock().unwrap().len()
}

#[tokio::test]
async fn an_answer_that_comes_back_twice_or_to_another_browser_is_given_once_or_never() {
    let town = Town::found().await;
    let mut alice = town.signed_in("alice").await;
    let back = press(&town, &mut alice, &form("approve"), "alice").await;
    let mut other = town.signed_in("alice").await;
    assert_eq!(other.get(&back).await.status, 400);
    assert_eq!(given(&town), 0);
    assert_eq!(alice.get(&back).await.status, 303);
    assert_eq!(alice.get(&back).await.status, 400);
    assert_eq!(given(&town), 1);
}

#[tokio::test]
async fn somebody_elses_sign_in_or_a_session_that_ended_gives_no_consent() {
    let town = Town::found().await;
    let mut alice = town.signed_in("alice").await;
    let back = press(&town, &mut alice, &form("approve"), "bob").await;
    assert_eq!(alice.get(&back).await.status, 403);
    let back = press(&town, &mut alice, &form("approve"), "alice").await;
    alice.post("/sign-out", "").await;
    assert_eq!(alice.get(&back).await.status, 400);
    assert_eq!(given(&town), 0);
}

#[tokio::test]
async fn a_step_up_for_something_else_is_no_consent() {
    let town = Town::found().await;
    let mut alice = town.signed_in("alice").await;
    assert_eq!(alice.sign_in(&format!("/step-up?to={}", path()), "alice").await.status, 303);
    assert_eq!(given(&town), 0, "it binds nothing");
    let back = press(&town, &mut alice, &form("approve"), "alice").await;
    alice.get(&back).await;
    let state = alice.get("/api/v1/step-up").await.json();
    town.site.clock.step_ms(5 * 60_000 + 1_000);
    assert_eq!(state["present"], true, "of the step-up before");
    let back = press(&town, &mut alice, &form("approve"), "alice").await;
    alice.get(&back).await;
    assert_eq!(
        alice.get("/api/v1/step-up").await.json()["present"],
        false,
        "a consent says yes to its plan alone"
    );
}

fn code(answer: &Answer) -> String {
    answer.json()["error"]["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_would_not_count_or_was_shown_another_plan_is_told_before_the_provider_is_asked() {
    let town = Town::found().await;
    let mut bob = town.signed_in("bob").await;
    let refused = bob.post(&path(), &form("approve")).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("have the role"), "{}", refused.text());
    assert!(bob.get(&path()).await.text().contains("Your answer would not count"));
    let mut alice = town.signed_in("alice").await;
    let other = format!("answer=approve&plan={}", Digest::of(b"another plan"));
    assert_eq!(alice.post(&path(), &other).await.status, 409);
    for bad in ["", "answer=approve", "answer=maybe&plan=x", &format!("answer=maybe&plan={}", hash())] {
        assert_eq!(alice.post(&path(), bad).await.status, 400, "{bad}");
    }
    let body = |plan: Digest| serde_json::json!({"plan": plan}).to_string();
    let post = |plan| {
        Request::post(&format!("/api/v1{}", path()), body(plan)).with("content-type", "application/json")
    };
    assert_eq!(code(&alice.send(post(Digest::of(b"another"))).await), "plan-moved");
    assert_eq!(code(&bob.send(post(hash())).await), "would-not-count");
    assert_eq!(given(&town), 0);
}

#[tokio::test]
async fn a_command_line_is_led_to_the_page_and_gives_no_consent_itself() {
    let town = Town::found().await;
    let token = device(&town, "alice").await;
    let body = serde_json::json!({"plan": hash()}).to_string();
    let request = |target: &str, body: &str, kind: &str| {
        let request = Request::post(target, body.to_owned()).with("content-type", kind);
        request.with("authorization", &format!("Bearer {token}"))
    };
    let begun =
        town.site.send(request(&format!("/api/v1{}", path()), &body, "application/json")).await.json();
    fits(&document(), &serde_json::json!({"$ref": "#/components/schemas/ConsentBegun"}), &begun).unwrap();
    assert_eq!(begun["code"], hash().short_code());
    assert_eq!(begun["url"], format!("http://{}{}", town.site.address, path()));
    // Nor by passkey, nor by a sign-in that it would have its person make.
    let script = |what: &str| format!("/script{}/{what}", path());
    for (target, body, kind) in [
        (script("begin"), format!(r#"{{"plan":"{}","answer":"approve"}}"#, hash()), "application/json"),
        (script("finish"), "{}".to_owned(), "application/json"),
        (path(), form("approve"), "application/x-www-form-urlencoded"),
    ] {
        let answer = town.site.send(request(&target, &body, kind)).await;
        assert_eq!(answer.status, 403, "{target}: {}", answer.text());
        assert!(answer.text().contains("in a browser"), "{target}: {}", answer.text());
    }
    assert_eq!(given(&town), 0);
}

#[tokio::test]
async fn csrf_a_foreign_page_begins_no_consent() {
    let town = Town::found().await;
    let mut alice = town.signed_in("alice").await;
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let request = Request::post(&path(), form("approve"))
            .with("content-type", "application/x-www-form-urlencoded")
            .with(name, value);
        assert_eq!(alice.send(request).await.status, 403, "{value}");
    }
}
