//! Step-up: the same person, asked again, now.

use devidp::Fault;
use identity::{Consent, Deed, Error, Outcome, Presence, Purpose, Refusal};
use model::{Clock as _, Digest, Identity};

use crate::office::Office;

fn alice(office: &Office) -> Identity {
    Identity { issuer: office.idp.url().to_owned(), subject: "u-alice".into() }
}

async fn step_up(office: &Office, login: &str, binds: Option<Digest>) -> Result<Presence, Error> {
    let purpose = Purpose::StepUp { who: alice(office), binds };
    match office.go(purpose, login).await?.outcome {
        Outcome::Present(presence) => Ok(*presence),
        Outcome::SignedIn(_) => panic!("a step-up is no sign-in"),
    }
}

#[tokio::test]
async fn a_fresh_sign_in_of_the_same_person_proves_presence() {
    let office = Office::open().await;
    let presence = step_up(&office, "alice", None).await.unwrap();
    assert_eq!(Deed::<Consent, _>::of(&presence).by().person().identity(), &alice(&office));
    assert!(presence.is_fresh(office.clock.now(), 60_000));
    office.clock.step_ms(61_000);
    assert!(!presence.is_fresh(office.clock.now(), 60_000));
}

#[tokio::test]
async fn the_provider_is_told_to_ask_again() {
    let office = Office::open().await;
    let purpose = Purpose::StepUp { who: alice(&office), binds: None };
    let trip = office.set_out(purpose, "alice").await;
    assert_eq!((trip.asked("max_age").as_str(), trip.asked("prompt").as_str()), ("0", "login"));
}

#[tokio::test]
async fn an_old_sign_in_or_none_that_is_told_proves_nothing() {
    for fault in [Fault::OldSignIn, Fault::NoSignInTime] {
        let office = Office::open().await;
        office.idp.fail(fault).unwrap();
        let answer = step_up(&office, "alice", None).await;
        assert!(matches!(answer, Err(Error::Refused(Refusal::NotFresh))), "{fault:?}");
        assert!(office.sign_in("alice").await.is_ok(), "for a session it is enough");
    }
}

#[tokio::test]
async fn somebody_elses_presence_proves_nothing() {
    let office = Office::open().await;
    let answer = step_up(&office, "bob", None).await;
    assert!(matches!(answer, Err(Error::Refused(Refusal::OtherSubject))));
    office.idp.fail(Fault::OtherSubject).unwrap();
    let answer = step_up(&office, "alice", None).await;
    assert!(matches!(answer, Err(Error::Refused(Refusal::OtherSubject))));
}

#[tokio::test]
async fn what_is_signed_is_in_the_nonce_and_the_token_is_kept() {
    let office = Office::open().await;
    let plan = Digest::of(b"a plan");
    let presence = step_up(&office, "alice", Some(plan)).await.unwrap();
    let proof = presence.proof();
    assert_eq!(proof.binds, Some(plan));
    let salt = proof.salt.clone().unwrap();
    let nonce = Digest::of_parts("exequatur.identity/presence", &[plan.as_bytes(), salt.as_bytes()]);
    let payload = proof.id_token.split('.').nth(1).unwrap();
    let payload = {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()
    };
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(claims["nonce"], nonce.to_string());
    assert_eq!(proof.key["kid"], "key-1");
}
