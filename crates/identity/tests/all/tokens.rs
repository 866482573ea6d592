//! Each way in which a token can be wrong, as an issuer's answer.

use devidp::Fault;
use identity::{Error, Refusal};

use crate::office::Office;

/// Signs in while the issuer does this wrong, and once more after it does right.
async fn refused(fault: Fault) -> Refusal {
    let office = Office::open().await;
    office.idp.fail(fault).unwrap();
    let why = office.refusal("alice").await;
    office.idp.heal();
    assert!(office.sign_in("alice").await.is_ok(), "the fault was the reason");
    why
}

#[tokio::test]
async fn algorithm_none_is_refused() {
    assert_eq!(refused(Fault::AlgNone).await, Refusal::Algorithm);
}

#[tokio::test]
async fn hs256_over_a_public_key_is_refused() {
    assert_eq!(refused(Fault::Hs256OverPublicKey).await, Refusal::Algorithm);
}

#[tokio::test]
async fn a_key_of_somebody_else_is_refused() {
    assert_eq!(refused(Fault::ForeignKey).await, Refusal::Signature);
}

#[tokio::test]
async fn an_unknown_key_is_refused() {
    assert_eq!(refused(Fault::UnknownKey).await, Refusal::UnknownKey);
}

#[tokio::test]
async fn wrong_issuer_is_refused() {
    assert_eq!(refused(Fault::WrongIssuer).await, Refusal::Issuer);
}

#[tokio::test]
async fn wrong_audience_is_refused() {
    assert_eq!(refused(Fault::WrongAudience).await, Refusal::Audience);
    assert_eq!(refused(Fault::ExtraAudience).await, Refusal::Audience);
}

#[tokio::test]
async fn wrong_authorized_party_is_refused() {
    assert_eq!(refused(Fault::WrongParty).await, Refusal::AuthorizedParty);
}

#[tokio::test]
async fn expired_is_refused() {
    assert_eq!(refused(Fault::Expired).await, Refusal::Expired);
}

#[tokio::test]
async fn from_the_future_is_refused() {
    assert_eq!(refused(Fault::FromTheFuture).await, Refusal::FromTheFuture);
}

#[tokio::test]
async fn nonce_replay_and_no_nonce_are_refused() {
    assert_eq!(refused(Fault::WrongNonce).await, Refusal::Nonce);
    assert_eq!(refused(Fault::NoNonce).await, Refusal::Nonce);
}

#[tokio::test]
async fn an_access_token_is_no_id_token() {
    assert_eq!(refused(Fault::AccessToken).await, Refusal::Kind);
}

#[tokio::test]
async fn who_acts_for_a_person_is_not_that_person() {
    assert_eq!(refused(Fault::Delegated).await, Refusal::Delegated);
}

#[tokio::test]
async fn a_refusal_repeats_nothing_of_the_token() {
    let office = Office::open().await;
    office.idp.fail(Fault::WrongAudience).unwrap();
    let why = office.sign_in("alice").await.map(|_| ()).unwrap_err();
    assert!(matches!(why, Error::Refused(_)));
    let text = format!("{why} {why:?}");
    for leaked in ["another-client", "u-alice", "eyJ"] {
        assert!(!text.contains(leaked), "{text}");
    }
}
