//! The way there and back: state, nonce, PKCE, the browser that began it, and where it ends.

use std::time::Duration;

use devidp::{Algorithm, DevPerson, Fault};
use identity::{Callback, Error, Groups, Purpose, RelyingParty, ReturnTo};
use secrecy::ExposeSecret as _;

use crate::office::{CLIENT, Office, REDIRECT, callback, party};

#[tokio::test]
async fn a_person_signs_in_and_is_who_the_issuer_says() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
        let office = Office::with(algorithm, |_| {}).await;
        let finished = office.go(Purpose::SignIn, "alice").await.unwrap();
        assert_eq!(finished.return_to.as_str(), "/runs?x=1");
        let signed_in = office.sign_in("alice").await.unwrap();
        let person = signed_in.person();
        assert_eq!(person.identity().issuer, office.idp.url());
        assert_eq!(person.identity().subject, "u-alice");
        assert_eq!(person.key().unwrap().as_str(), "alice");
        assert_eq!(person.groups().known(), ["release-managers", "staff"]);
        assert_eq!(person.shown(), "Alice");
        assert!(person.profile().email_verified);
    }
}

#[tokio::test]
async fn what_is_asked_is_code_with_pkce_state_and_nonce_and_each_is_new() {
    let office = Office::open().await;
    let one = office.set_out(Purpose::SignIn, "alice").await;
    let two = office.set_out(Purpose::SignIn, "alice").await;
    assert_eq!(one.asked("response_type"), "code");
    assert_eq!(one.asked("code_challenge_method"), "S256");
    assert_eq!(one.asked("scope"), "openid profile email");
    assert_eq!((one.asked("client_id"), one.asked("redirect_uri")), (CLIENT.into(), REDIRECT.into()));
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(one.asked(name), two.asked(name), "{name}");
        assert!(one.asked(name).len() >= 43, "{name}");
    }
    assert_ne!(one.binding, two.binding);
}

#[tokio::test]
async fn code_replay_is_refused() {
    let office = Office::open().await;
    let trip = office.set_out(Purpose::SignIn, "alice").await;
    office.party.finish(trip.callback.clone(), &trip.binding).await.unwrap();
    let again = office.party.finish(trip.callback.clone(), &trip.binding).await;
    assert!(matches!(again, Err(Error::NotBegun)), "the same answer once more");
    // The same code under a sign-in of its own: the issuer, too, takes it once.
    let other = office.set_out(Purpose::SignIn, "alice").await;
    let mixed = Callback { code: trip.callback.code, ..other.callback };
    let replayed = office.party.finish(mixed, &other.binding).await;
    assert!(matches!(replayed, Err(Error::Denied { code, .. }) if code == "invalid_grant"));
}

#[tokio::test]
async fn a_code_of_another_sign_in_fails_by_pkce_or_nonce() {
    let office = Office::open().await;
    let mine = office.set_out(Purpose::SignIn, "bob").await;
    let stolen = office.set_out(Purpose::SignIn, "alice").await;
    let injected = Callback { code: stolen.callback.code, ..mine.callback };
    let answer = office.party.finish(injected, &mine.binding).await;
    assert!(matches!(answer, Err(Error::Denied { code, .. }) if code == "invalid_grant"));
}

#[tokio::test]
async fn sign_in_csrf_an_answer_in_another_browser_is_refused_and_spoils_nothing() {
    let office = Office::open().await;
    let attacker = office.set_out(Purpose::SignIn, "carol").await;
    let victim = office.set_out(Purpose::SignIn, "alice").await;
    for binding in ["", "x", &victim.binding] {
        let answer = office.party.finish(attacker.callback.clone(), binding).await;
        assert!(matches!(answer, Err(Error::NotBegun)), "{binding}");
    }
    assert!(office.party.finish(victim.callback, &victim.binding).await.is_ok());
    assert!(office.party.finish(attacker.callback, &attacker.binding).await.is_ok());
}

#[tokio::test]
async fn state_is_not_guessed_left_out_or_too_long() {
    let office = Office::open().await;
    let trip = office.set_out(Purpose::SignIn, "alice").await;
    for state in [None, Some(String::new()), Some("0".repeat(64)), Some("x".repeat(100_000))] {
        let callback = Callback { state: state.clone(), ..trip.callback.clone() };
        let answer = office.party.finish(callback, &trip.binding).await;
        assert!(matches!(answer, Err(Error::NotBegun)), "{state:?}");
    }
    let long = Callback { code: Some("x".repeat(10_000)), ..trip.callback };
    assert!(matches!(office.party.finish(long, &trip.binding).await, Err(Error::NotBegun)));
}

#[tokio::test]
async fn a_sign_in_that_waited_too_long_begins_again() {
    let office = Office::open().await;
    let trip = office.set_out(Purpose::SignIn, "alice").await;
    office.clock.step_ms(10 * 60_000);
    assert!(matches!(office.party.finish(trip.callback, &trip.binding).await, Err(Error::NotBegun)));
}

#[tokio::test]
async fn two_tabs_of_one_browser_both_come_back() {
    let office = Office::open().await;
    let first = office.party.begin(Purpose::SignIn, ReturnTo::home(), None).await.unwrap();
    let held = first.binding.expose_secret().to_owned();
    let second = office.party.begin(Purpose::SignIn, ReturnTo::home(), Some(&held)).await.unwrap();
    assert_eq!(second.binding.expose_secret(), held);
    for url in [first.url, second.url] {
        let back = office.idp.browser().pick(&url, "alice").await.unwrap();
        assert!(office.party.finish(callback(&back), &held).await.is_ok());
    }
    // What a browser holds that nobody gave it is not taken over.
    let made_up = "f".repeat(64);
    let third = office.party.begin(Purpose::SignIn, ReturnTo::home(), Some(&made_up)).await.unwrap();
    assert_ne!(third.binding.expose_secret(), made_up);
}

#[tokio::test]
async fn issuer_mix_up_is_refused() {
    for fault in [Fault::OtherIss, Fault::NoIss] {
        let office = Office::open().await;
        office.idp.fail(fault).unwrap();
        assert!(matches!(office.sign_in("alice").await, Err(Error::MixedUp)), "{fault:?}");
    }
}

#[tokio::test]
async fn the_issuers_no_is_said_and_bounded() {
    let office = Office::open().await;
    let trip = office.set_out(Purpose::SignIn, "alice").await;
    let no = Callback {
        code: None,
        error: Some("access_denied".into()),
        error_description: Some("<b>\u{1b}[31m".repeat(100)),
        ..trip.callback
    };
    match office.party.finish(no, &trip.binding).await {
        Err(Error::Denied { code, text }) => {
            assert_eq!(code, "access_denied");
            let text = text.unwrap();
            assert!(text.chars().count() <= 300 && !text.chars().any(char::is_control));
        }
        _ => panic!("a no is a no"),
    }
}

#[tokio::test]
async fn no_groups_many_groups_and_no_claim_are_told_apart() {
    let office = Office::open().await;
    assert_eq!(*office.sign_in("carol").await.unwrap().person().groups(), Groups::Known(vec![]));
    office.idp.fail(Fault::Overage).unwrap();
    assert_eq!(*office.sign_in("alice").await.unwrap().person().groups(), Groups::Overage);
    office.idp.heal();
    office.idp.fail(Fault::NoGroups).unwrap();
    assert_eq!(*office.sign_in("alice").await.unwrap().person().groups(), Groups::Missing);
}

#[tokio::test]
async fn two_megabytes_of_groups_are_refused_and_held_by_nobody() {
    let office = Office::open().await;
    office.idp.fail(Fault::ManyGroups).unwrap();
    match office.sign_in("alice").await.map(|_| ()) {
        Err(Error::TooLarge { limit, .. }) => assert_eq!(limit, 512 << 10),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_mail_address_makes_nobody_somebody_else() {
    let office = Office::open().await;
    let mut mallory = DevPerson::new("mallory", &[]);
    mallory.claims.insert("email".into(), "alice@example.com".into());
    mallory.claims.insert("name".into(), "Alice".into());
    mallory.claims.insert("preferred_username".into(), "alice".into());
    mallory.person = None;
    office.idp.put_person(mallory);
    let alice = office.sign_in("alice").await.unwrap();
    let mallory = office.sign_in("mallory").await.unwrap();
    assert_eq!(mallory.person().profile(), alice.person().profile());
    assert_ne!(mallory.person().identity(), alice.person().identity());
    assert_eq!(mallory.person().key(), None, "unknown counts for nobody");
}

#[tokio::test]
async fn verified_said_as_text_does_not_keep_anybody_out() {
    let office = Office::open().await;
    office.idp.fail(Fault::TextVerified).unwrap();
    assert!(office.sign_in("alice").await.unwrap().person().profile().email_verified);
}

#[tokio::test]
async fn a_provider_that_is_slow_is_not_awaited_for_ever() {
    let office = Office::with(Algorithm::Es256, |config| {
        config.timeouts.request = Duration::from_millis(200);
    })
    .await;
    office.idp.fail(Fault::Slow).unwrap();
    let begun = office.party.begin(Purpose::SignIn, ReturnTo::home(), None).await;
    assert!(matches!(begun, Err(Error::Unreachable { .. })));
}

#[tokio::test]
async fn a_claim_that_changes_hands_names_no_person() {
    let office = Office::open().await;
    for claim in ["email", "preferred_username", "upn", "name"] {
        let mut config = identity::ProviderConfig::new(office.idp.url(), CLIENT, REDIRECT);
        config.person_claim = Some(claim.into());
        let made = RelyingParty::new(
            config,
            crate::office::http(),
            std::sync::Arc::new(office.clock.clone()),
            std::sync::Arc::new(model::OsEntropy),
        );
        assert!(matches!(made, Err(Error::Config { what: "person_claim", .. })), "{claim}");
    }
}

#[tokio::test]
async fn a_public_client_and_a_wrong_secret() {
    let office = Office::open().await;
    let mut config = identity::ProviderConfig::new(office.idp.url(), "cli", REDIRECT);
    office.idp.put_client(devidp::DevClient {
        id: "cli".into(),
        secret: None,
        redirect_uris: vec![REDIRECT.into()],
        logout_uri: None,
    });
    let public = party(config.clone(), &office.clock);
    let begun = public.begin(Purpose::SignIn, ReturnTo::home(), None).await.unwrap();
    let back = office.idp.browser().pick(&begun.url, "bob").await.unwrap();
    assert!(public.finish(callback(&back), begun.binding.expose_secret()).await.is_ok());

    config.client_id = CLIENT.into();
    config.client_secret = Some("wrong".into());
    let wrong = party(config, &office.clock);
    let begun = wrong.begin(Purpose::SignIn, ReturnTo::home(), None).await.unwrap();
    let back = office.idp.browser().pick(&begun.url, "bob").await.unwrap();
    let answer = wrong.finish(callback(&back), begun.binding.expose_secret()).await;
    assert!(matches!(answer, Err(Error::Denied { code, .. }) if code == "invalid_client"));
}
