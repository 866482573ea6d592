//! Step-up: who is signed in proves once more that they are there, and comes back where they were.

use devidp::Fault;
use serde_json::json;
use server::{Access, routes};

use crate::{
    access::request,
    client::Request,
    people::device,
    shapes::{document, fits},
    town::{Browser, Town},
};

async fn is_present(browser: &mut Browser<'_>) -> bool {
    let answer = browser.get("/api/v1/step-up").await.json();
    fits(&document(), &json!({"$ref": "#/components/schemas/StepUp"}), &answer).unwrap();
    assert_eq!(answer["present"], answer["until"].is_string());
    answer["present"] == true
}

#[tokio::test]
async fn who_is_asked_again_comes_back_where_they_were_and_counts_as_present_for_five_minutes() {
    let town = Town::found().await;
    let mut alice = town.signed_in("alice").await;
    assert!(!is_present(&mut alice).await, "that she signed in is no presence");
    let session = alice.session();
    let answer = alice.sign_in("/step-up?to=/runs%3Fstate%3Dfinished", "alice").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/runs?state=finished")));
    assert_eq!(alice.session(), session, "it opens no other session");
    assert!(is_present(&mut alice).await);
    assert!(!is_present(&mut town.signed_in("alice").await).await, "for this session only");
    town.site.clock.step_ms(5 * 60_000 + 1_000);
    assert!(!is_present(&mut alice).await);
}

#[tokio::test]
async fn a_step_up_by_somebody_else_or_by_an_old_sign_in_proves_nothing() {
    let town = Town::found().await;
    let mut alice = town.signed_in("alice").await;
    assert_eq!(alice.sign_in("/step-up", "bob").await.status, 403);
    assert!(!is_present(&mut alice).await);
    for fault in [Fault::OldSignIn, Fault::NoSignInTime, Fault::WrongNonce] {
        town.idp.fail(fault).unwrap();
        assert_eq!(alice.sign_in("/step-up", "alice").await.status, 403, "{fault:?}");
        assert!(!is_present(&mut alice).await, "{fault:?}");
    }
}

#[tokio::test]
async fn a_step_up_that_another_browser_began_or_that_was_used_proves_nothing() {
    let town = Town::found().await;
    let (mut here, mut there) = (town.signed_in("alice").await, town.signed_in("alice").await);
    let back = there.set_out("/step-up", "alice").await;
    assert_eq!(here.get(&back).await.status, 400);
    assert!(!is_present(&mut here).await && !is_present(&mut there).await);
    assert_eq!(there.get(&back).await.status, 303);
    assert_eq!(there.get(&back).await.status, 400, "used");
    let ended = there.set_out("/step-up", "alice").await;
    there.post("/sign-out", "").await;
    assert_eq!(there.get(&ended).await.status, 400, "its session is over");
}

#[tokio::test]
async fn a_command_line_is_stepped_up_in_a_browser_of_the_same_person_who_is_told_and_confirms() {
    let town = Town::found().await;
    let token = device(&town, "alice").await;
    let ask = || Request::get("/api/v1/step-up").with("authorization", &format!("Bearer {token}"));
    let answer = town.site.send(ask()).await.json();
    assert_eq!(answer["present"], false);
    let url = answer["url"].as_str().unwrap();
    let path = url.strip_prefix(&format!("http://{}", town.site.address)).unwrap().to_owned();
    let id = path.strip_prefix("/step-up?for=").unwrap().to_owned();
    let mut bob = town.signed_in("bob").await;
    assert_eq!(bob.get(&path).await.status, 404, "not bob's");
    assert_eq!(bob.post("/step-up", &format!("for={id}")).await.status, 404);
    let mut alice = town.signed_in("alice").await;
    let page = alice.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("command line"), "{}", page.text());
    let away = alice.post("/step-up", &format!("for={id}")).await;
    let refresh = away.header("refresh").unwrap().to_owned();
    let to = refresh.strip_prefix("0;url=").unwrap();
    let back = town.idp.browser().pick(to, "alice").await.unwrap();
    let (_, back) = back.split_once("/sign-in/callback").unwrap();
    assert_eq!(alice.get(&format!("/sign-in/callback{back}")).await.status, 303);
    assert_eq!(town.site.send(ask()).await.json()["present"], true);
    assert!(!is_present(&mut alice).await, "the command line's session, not this one");
    // What is done with passkeys is done where somebody sits all the same.
    for route in routes().into_iter().filter(|route| route.access == Access::Present) {
        let by_token = request(&route).with("authorization", &format!("Bearer {token}"));
        let answer = town.site.send(by_token).await;
        assert!(
            answer.status == 403 && answer.text().contains("in a browser"),
            "{route:?}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn what_needs_a_step_up_says_so_to_people_and_programs_and_lets_in_who_made_one() {
    let town = Town::found().await;
    for route in routes().into_iter().filter(|route| route.access == Access::Present) {
        let mut alice = town.signed_in("alice").await;
        let refused = alice.send(request(&route)).await;
        assert_eq!(refused.status, 403, "{route:?}");
        if route.path.starts_with("/api/") || route.path.starts_with("/script/") {
            assert_eq!(refused.json()["error"]["code"], "step-up-needed", "{route:?}");
        } else {
            let text = refused.text();
            assert!(text.contains("Prove that it is you") && text.contains("href=\"/step-up?to=/"), "{text}");
        }
        alice.sign_in("/step-up", "alice").await;
        assert_ne!(alice.send(request(&route)).await.status, 403, "{route:?}");
    }
}
