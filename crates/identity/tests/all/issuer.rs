//! The issuer is pinned, its keys move, and sometimes it is away.

use std::sync::Arc;

use devidp::Fault;
use identity::{Error, Issuer, Limits, Purpose, Refusal, ReturnTo, SigningAlgorithm};

use crate::office::{Office, http};

#[tokio::test]
async fn a_rotated_key_is_found_without_a_restart() {
    let office = Office::open().await;
    office.sign_in("alice").await.unwrap();
    assert_eq!(office.idp.reads(), (1, 1));
    office.idp.rotate_keys(true).unwrap();
    office.sign_in("alice").await.unwrap();
    assert_eq!(office.idp.reads(), (1, 2));
    office.sign_in("alice").await.unwrap();
    assert_eq!(office.idp.reads(), (1, 2), "known by now");
}

#[tokio::test]
async fn tokens_that_name_unknown_keys_cost_the_issuer_one_read_in_a_while() {
    let office = Office::open().await;
    office.sign_in("alice").await.unwrap();
    office.idp.fail(Fault::UnknownKey).unwrap();
    for _ in 0..5 {
        assert_eq!(office.refusal("alice").await, Refusal::UnknownKey);
    }
    assert_eq!(office.idp.reads(), (1, 2));
    office.clock.step_ms(30_000);
    assert_eq!(office.refusal("alice").await, Refusal::UnknownKey);
    assert_eq!(office.idp.reads(), (1, 3));
}

#[tokio::test]
async fn a_key_that_was_taken_back_signs_nothing_after_the_next_read() {
    let office = Office::open().await;
    let trip = office.set_out(Purpose::SignIn, "alice").await;
    let old = office.idp.sign("JWT", &serde_json::json!({"iss": office.idp.url()})).unwrap();
    office.party.finish(trip.callback, &trip.binding).await.unwrap();
    office.idp.rotate_keys(false).unwrap();
    office.clock.step_ms(60 * 60_000);
    assert!(matches!(office.party.logout_notice(&old).await, Err(Error::Refused(Refusal::UnknownKey))));
}

#[tokio::test]
async fn another_issuer_in_its_place_is_no_outage() {
    let office = Office::open().await;
    office.sign_in("alice").await.unwrap();
    office.idp.fail(Fault::OtherIssuer).unwrap();
    office.clock.step_ms(60 * 60_000);
    match office.party.begin(Purpose::SignIn, ReturnTo::home(), None).await.map(|_| ()) {
        Err(Error::OtherIssuer { pinned, found }) => {
            assert_eq!((pinned.as_str(), found.as_str()), (office.idp.url(), "https://evil.example"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_issuer_is_pinned_byte_for_byte() {
    let office = Office::open().await;
    let url = office.idp.url();
    for wrong in [format!("{url}/"), url.replace("127.0.0.1", "localhost")] {
        let algorithms = SigningAlgorithm::DEFAULT.to_vec();
        let issuer =
            Issuer::new(&wrong, http(), Arc::new(office.clock.clone()), algorithms, Limits::default());
        let checked = issuer.unwrap().check().await;
        assert!(matches!(checked, Err(Error::OtherIssuer { .. })), "{wrong}");
    }
}

#[tokio::test]
async fn while_the_issuer_is_away_what_it_said_is_used_for_a_day_and_it_is_not_pressed() {
    let office = Office::open().await;
    office.sign_in("alice").await.unwrap();
    let trip = office.set_out(Purpose::SignIn, "bob").await;
    office.idp.fail(Fault::Down).unwrap();
    // The code can't be exchanged; what is wrong is said.
    let answer = office.party.finish(trip.callback, &trip.binding).await;
    assert!(matches!(answer, Err(Error::Answer { .. })));
    office.clock.step_ms(2 * 60 * 60_000);
    assert!(office.party.begin(Purpose::SignIn, ReturnTo::home(), None).await.is_ok());
    office.clock.step_ms(24 * 60 * 60_000);
    assert!(office.party.begin(Purpose::SignIn, ReturnTo::home(), None).await.is_err());
    office.idp.heal();
    assert!(office.party.begin(Purpose::SignIn, ReturnTo::home(), None).await.is_err(), "asked a moment ago");
    office.clock.step_ms(5_000);
    assert!(office.party.begin(Purpose::SignIn, ReturnTo::home(), None).await.is_ok());
}
