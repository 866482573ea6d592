//! Sessions: opened, used, over.

use std::{sync::Arc, time::Duration};

use devidp::Fault;
use identity::{EndReason, Error, SessionLimits, SessionRecord, SessionState, Sessions, Via};
use model::{Clock as _, Identity};
use secrecy::ExposeSecret as _;
use store::{Store as _, StoreExt as _};

use crate::office::Office;

const MINUTE: i64 = 60_000;

async fn open(office: &Office, sessions: &Sessions, login: &str) -> String {
    let signed_in = office.sign_in(login).await.unwrap();
    let (token, _) = sessions.open(Via::Browser, signed_in, Some("Firefox")).await.unwrap();
    token.expose_secret().to_owned()
}

fn enters(sessions: &Sessions, token: &str) -> bool {
    sessions.enter(Via::Browser, token).is_some()
}

async fn record(office: &Office, sessions: &Sessions, token: &str) -> SessionRecord {
    let id = sessions.enter(Via::Browser, token).unwrap().id();
    office.store.get::<SessionRecord>(&id.to_string()).await.unwrap().unwrap().value
}

#[tokio::test]
async fn a_session_is_entered_by_its_token_and_by_nothing_else() {
    let office = Office::open().await;
    let sessions = office.sessions().await;
    let token = open(&office, &sessions, "alice").await;
    let session = sessions.enter(Via::Browser, &token).unwrap();
    assert_eq!(session.person().identity().subject, "u-alice");
    assert_eq!(session.label(), Some("Firefox"));
    let id = session.id().to_string();
    for wrong in ["", &id, &token[1..], &token.to_uppercase(), &format!("{token}0"), &"0".repeat(64)] {
        assert!(!enters(&sessions, wrong), "{wrong}");
    }
    assert!(sessions.enter(Via::CommandLine, &token).is_none(), "a cookie is no bearer token");
}

#[tokio::test]
async fn a_state_nonce_code_binding_or_refresh_token_is_no_session() {
    let office = Office::open().await;
    let sessions = office.sessions().await;
    let trip = office.set_out(identity::Purpose::SignIn, "alice").await;
    let mut others = vec![trip.asked("state"), trip.asked("nonce"), trip.binding.clone()];
    others.push(trip.callback.code.clone().unwrap());
    others.push(refresh_token(&office).await);
    open(&office, &sessions, "alice").await;
    for other in others {
        assert_eq!(other.len(), 64, "no length gives it away");
        for via in [Via::Browser, Via::CommandLine] {
            assert!(sessions.enter(via, &other).is_none(), "{other}");
        }
    }
}

/// A refresh token as the issuer gives it out: of the same length as our own tokens.
async fn refresh_token(office: &Office) -> String {
    use base64::Engine as _;
    let verifier = "v".repeat(64);
    let challenge = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .encode(model::Digest::of(verifier.as_bytes()).as_bytes());
    let (url, redirect) = (office.idp.url(), crate::office::REDIRECT);
    let page = format!(
        "{url}/authorize?client_id={}&redirect_uri={redirect}&response_type=code&scope=openid&code_challenge={challenge}\
         &code_challenge_method=S256",
        crate::office::CLIENT
    );
    let back = office.idp.browser().pick(&page, "alice").await.unwrap();
    let code = crate::office::callback(&back).code.unwrap();
    let form =
        format!("grant_type=authorization_code&code={code}&redirect_uri={redirect}&code_verifier={verifier}");
    let request = reqwest::Client::builder().no_proxy().build().unwrap().post(format!("{url}/token"));
    let secret: String = url::form_urlencoded::byte_serialize(crate::office::SECRET.as_bytes()).collect();
    let request = request.basic_auth(crate::office::CLIENT, Some(secret));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    answer["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_store_knows_hashes_and_the_ledger_no_names() {
    let office = Office::open().await;
    let sessions = office.sessions().await;
    let token = open(&office, &sessions, "alice").await;
    let record = record(&office, &sessions, &token).await;
    assert!(!serde_json::to_string(&record).unwrap().contains(&token));
    let entries = office.store.entries(0..100).await.unwrap();
    assert_eq!(entries.len(), 1);
    let leaf = String::from_utf8(entries[0].leaf.clone()).unwrap();
    assert!(leaf.contains("session.opened"), "{leaf}");
    for private in ["alice", "Alice", "staff", &token] {
        assert!(!leaf.contains(private), "{leaf}");
    }
}

#[tokio::test]
async fn an_unused_session_ends_and_a_used_one_ends_later() {
    let office = Office::open().await;
    let sessions = office.sessions().await;
    let token = open(&office, &sessions, "alice").await;
    for _ in 0..7 {
        office.clock.step_ms(100 * MINUTE);
        assert!(enters(&sessions, &token));
    }
    office.clock.step_ms(20 * MINUTE);
    assert!(!enters(&sessions, &token), "12 hours have passed");
    let token = open(&office, &sessions, "alice").await;
    office.clock.step_ms(120 * MINUTE - 1);
    let id = sessions.get(&sessions.of(&identity_of(&office, "alice"))[0].id()).unwrap().id();
    assert!(sessions.is_open(&id), "looking is no use");
    office.clock.step_ms(1);
    assert!(!sessions.is_open(&id) && !enters(&sessions, &token), "2 hours unused");
}

fn identity_of(office: &Office, login: &str) -> Identity {
    Identity { issuer: office.idp.url().into(), subject: format!("u-{login}") }
}

#[tokio::test]
async fn what_is_over_is_recorded_with_its_reason_and_without_the_person() {
    let office = Office::open().await;
    let sessions = office.sessions().await;
    let token = open(&office, &sessions, "alice").await;
    let before = record(&office, &sessions, &token).await;
    office.clock.step_ms(121 * MINUTE);
    sessions.tend().await.unwrap();
    let after = office.store.get::<SessionRecord>(&before.id.to_string()).await.unwrap().unwrap().value;
    assert!(matches!(after.state, SessionState::Ended { why: EndReason::Idle, .. }));
    assert!(!serde_json::to_string(&after).unwrap().contains("Alice"));
}

#[tokio::test]
async fn a_clock_that_is_set_back_revives_nothing() {
    let office = Office::open().await;
    let sessions = office.sessions().await;
    let token = open(&office, &sessions, "alice").await;
    office.clock.step_ms(121 * MINUTE);
    assert!(!enters(&sessions, &token));
    office.clock.step_ms(-121 * MINUTE);
    assert!(!enters(&sessions, &token));
}

#[tokio::test]
async fn revoking_bites_at_once_and_is_recorded() {
    let office = Office::open().await;
    let sessions = office.sessions().await;
    let (first, second) = (open(&office, &sessions, "alice").await, open(&office, &sessions, "alice").await);
    let id = sessions.enter(Via::Browser, &first).unwrap().id();
    assert!(sessions.end(&id, EndReason::Revoked).await.unwrap());
    assert!(!enters(&sessions, &first) && enters(&sessions, &second));
    assert!(!sessions.end(&id, EndReason::Revoked).await.unwrap(), "it is over");
    let kept = office.store.get::<SessionRecord>(&id.to_string()).await.unwrap().unwrap().value;
    assert!(matches!(kept.state, SessionState::Ended { why: EndReason::Revoked, .. }));
    assert_eq!(sessions.end_all(&identity_of(&office, "alice"), EndReason::Revoked).await.unwrap(), 1);
    assert_eq!(sessions.count(), 0);
}

#[tokio::test]
async fn a_restart_keeps_open_sessions_and_no_others() {
    let office = Office::open().await;
    let (stays, ended) = {
        let sessions = office.sessions().await;
        let stays = open(&office, &sessions, "alice").await;
        let ended = open(&office, &sessions, "bob").await;
        let id = sessions.enter(Via::Browser, &ended).unwrap().id();
        sessions.end(&id, EndReason::SignedOut).await.unwrap();
        office.clock.step_ms(100 * MINUTE);
        assert!(enters(&sessions, &stays));
        sessions.tend().await.unwrap();
        (stays, ended)
    };
    office.clock.step_ms(100 * MINUTE);
    let office = office.reopen().await;
    let sessions = office.sessions().await;
    assert!(enters(&sessions, &stays), "it was used 100 minutes ago");
    assert!(!enters(&sessions, &ended));
}

#[tokio::test]
async fn a_session_that_ends_or_begins_on_another_replica_is_known_here() {
    let office = Office::open().await;
    let (here, there) = (office.sessions().await, office.sessions().await);
    let token = open(&office, &here, "alice").await;
    there.follow().await.unwrap();
    let id = there.enter(Via::Browser, &token).unwrap().id();
    there.end(&id, EndReason::Revoked).await.unwrap();
    assert!(enters(&here, &token), "not yet");
    here.follow().await.unwrap();
    assert!(!enters(&here, &token));
    there.follow().await.unwrap();
    assert!(!enters(&there, &token), "it doesn't come back");
}

#[tokio::test]
async fn both_replicas_may_end_the_same_session() {
    let office = Office::open().await;
    let (here, there) = (office.sessions().await, office.sessions().await);
    let token = open(&office, &here, "alice").await;
    there.follow().await.unwrap();
    let id = here.enter(Via::Browser, &token).unwrap().id();
    there.end(&id, EndReason::Revoked).await.unwrap();
    assert!(here.end(&id, EndReason::SignedOut).await.unwrap());
    let kept = office.store.get::<SessionRecord>(&id.to_string()).await.unwrap().unwrap().value;
    assert!(
        matches!(kept.state, SessionState::Ended { why: EndReason::Revoked, .. }),
        "the first one is recorded"
    );
}

#[tokio::test]
async fn a_person_has_so_many_sessions_and_the_idlest_makes_room() {
    let office = Office::open().await;
    let sessions =
        office.sessions_with(SessionLimits { of_one: 2, all: 3, ..SessionLimits::default() }).await;
    let first = open(&office, &sessions, "alice").await;
    office.clock.step_ms(MINUTE);
    let second = open(&office, &sessions, "alice").await;
    office.clock.step_ms(MINUTE);
    assert!(enters(&sessions, &first));
    let third = open(&office, &sessions, "alice").await;
    assert!(enters(&sessions, &first) && !enters(&sessions, &second) && enters(&sessions, &third));
    open(&office, &sessions, "bob").await;
    let signed_in = office.sign_in("carol").await.unwrap();
    let full = sessions.open(Via::Browser, signed_in, None).await.map(|_| ());
    assert!(matches!(full, Err(Error::Busy(_))), "{full:?}");
}

#[tokio::test]
async fn a_role_lost_at_the_provider_is_gone_when_it_is_asked_again() {
    let office = Office::open().await;
    let sessions = office.sessions().await;
    let token = open(&office, &sessions, "alice").await;
    let groups = || sessions.enter(Via::Browser, &token).unwrap().person().groups().known().to_vec();
    office.idp.set_groups("alice", &["staff"]).unwrap();
    sessions.ask_again(&office.party, 10).await.unwrap();
    assert_eq!(groups(), ["release-managers", "staff"], "asked a moment ago");
    office.clock.step_ms(5 * MINUTE);
    sessions.ask_again(&office.party, 10).await.unwrap();
    assert_eq!(groups(), ["staff"]);
    let session = sessions.enter(Via::Browser, &token).unwrap();
    assert_eq!(session.asked_at(), office.clock.now());
    let kept = office.store.get::<SessionRecord>(&session.id().to_string()).await.unwrap().unwrap();
    assert_eq!(kept.version, 2);
    // Again with the next refresh token.
    office.idp.set_groups("alice", &[]).unwrap();
    office.clock.step_ms(5 * MINUTE);
    sessions.ask_again(&office.party, 10).await.unwrap();
    assert!(groups().is_empty());
}

#[tokio::test]
async fn what_was_said_too_long_ago_for_a_decision_is_asked_again_of_those_whom_it_is_about() {
    let office = Office::open().await;
    let sessions = office.sessions().await;
    let (alice, bob) = (open(&office, &sessions, "alice").await, open(&office, &sessions, "bob").await);
    let of_alice = |person: &identity::Person| person.shown() == "Alice";
    office.idp.set_groups("alice", &["staff"]).unwrap();
    let found = sessions.asked_within(&office.party, 1_000, of_alice).await.unwrap();
    assert_eq!(found[0].person().groups().known(), ["release-managers", "staff"], "asked a moment ago");
    office.clock.step_ms(1_001);
    let found = sessions.asked_within(&office.party, 1_000, of_alice).await.unwrap();
    assert_eq!((found.len(), found[0].person().groups().known()), (1, ["staff".to_owned()].as_slice()));
    assert_eq!((found[0].asked_at(), found[0].version()), (office.clock.now(), 2));
    let other = sessions.enter(Via::Browser, &bob).unwrap();
    assert!(other.asked_at() < office.clock.now(), "nobody asked about bob");
    // Many decisions at once ask once each, one after the other: a refresh token may be good once.
    office.clock.step_ms(1_001);
    let (one, two) = tokio::join!(
        sessions.asked_within(&office.party, 1_000, of_alice),
        sessions.asked_within(&office.party, 1_000, of_alice)
    );
    assert_eq!((one.unwrap().len(), two.unwrap().len()), (1, 1));
    office.idp.fail(Fault::Down).unwrap();
    office.clock.step_ms(61_000);
    let found = sessions.asked_within(&office.party, 1_000, of_alice).await.unwrap();
    assert!(office.clock.now().ms_since(found[0].asked_at()) > 60_000, "how old it is is known");
    assert!(
        sessions.enter(Via::Browser, &alice).is_some(),
        "while the provider is away nobody is signed out"
    );
}

#[tokio::test]
async fn whom_the_provider_refuses_is_signed_out_and_while_it_is_away_nobody_is() {
    let office = Office::open().await;
    let sessions = office.sessions().await;
    let token = open(&office, &sessions, "alice").await;
    let asked_at = sessions.enter(Via::Browser, &token).unwrap().asked_at();
    office.clock.step_ms(5 * MINUTE);
    office.idp.fail(Fault::Down).unwrap();
    sessions.ask_again(&office.party, 10).await.unwrap();
    let session = sessions.enter(Via::Browser, &token).unwrap();
    assert_eq!(session.asked_at(), asked_at, "how old the facts are is known");
    office.idp.heal();
    office.idp.fail(Fault::NoRefresh).unwrap();
    office.clock.step_ms(10_000);
    sessions.ask_again(&office.party, 10).await.unwrap();
    assert!(!enters(&sessions, &token));
}

#[tokio::test]
async fn a_refresh_that_brings_somebody_else_ends_the_session() {
    let office = Office::open().await;
    let sessions = office.sessions().await;
    let token = open(&office, &sessions, "alice").await;
    office.idp.fail(Fault::OtherSubject).unwrap();
    office.clock.step_ms(5 * MINUTE);
    sessions.ask_again(&office.party, 10).await.unwrap();
    assert!(!enters(&sessions, &token));
}

#[tokio::test]
async fn a_record_that_somebody_edited_opens_nothing() {
    let office = Office::open().await;
    let token = {
        let sessions = office.sessions().await;
        open(&office, &sessions, "carol").await
    };
    // As somebody does who can write to the database and has no key: carol becomes a release manager.
    office
        .edit(
            "UPDATE records SET body = \
             CAST(replace(CAST(body AS TEXT), '{\"known\":[]}', '{\"known\":[\"release-managers\"]}') AS BLOB) \
             WHERE kind = 'session'",
        )
        .await;
    let sessions = office.sessions().await;
    assert!(!enters(&sessions, &token));
}

#[tokio::test]
async fn concurrent_entering_and_ending_settle() {
    let office = Office::open().await;
    let sessions = Arc::new(office.sessions().await);
    let mut tokens = Vec::new();
    for _ in 0..8 {
        tokens.push(open(&office, &sessions, "alice").await);
    }
    let ends = tokens.iter().map(|token| {
        let (sessions, token) = (Arc::clone(&sessions), token.clone());
        tokio::spawn(async move {
            let id = sessions.enter(Via::Browser, &token).unwrap().id();
            sessions.end(&id, EndReason::Revoked).await.unwrap();
            sessions.follow().await.unwrap();
            assert!(!enters(&sessions, &token));
        })
    });
    for end in ends.collect::<Vec<_>>() {
        tokio::time::timeout(Duration::from_secs(20), end).await.unwrap().unwrap();
    }
    sessions.follow().await.unwrap();
    assert_eq!(sessions.count(), 0);
}
