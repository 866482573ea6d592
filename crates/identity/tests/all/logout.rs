//! The issuer says that somebody signed out.

use identity::{Error, LogoutNotice, Refusal, Via};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::office::{CLIENT, Office};

async fn read(office: &Office, change: impl FnOnce(&mut Value)) -> Result<LogoutNotice, Refusal> {
    let token = office.idp.logout_token(CLIENT, Some("s-1"), Some("u-alice"), change).unwrap();
    match office.party.logout_notice(&token).await {
        Ok(notice) => Ok(notice),
        Err(Error::Refused(why)) => Err(why),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_logout_token_is_read_and_anything_else_refused() {
    let office = Office::open().await;
    let notice = read(&office, |_| {}).await.unwrap();
    assert_eq!((notice.session.as_deref(), notice.subject.as_deref()), (Some("s-1"), Some("u-alice")));
    let without =
        |name: &'static str| move |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove(name));
    assert_eq!(read(&office, without("events")).await, Err(Refusal::Kind));
    assert_eq!(read(&office, |c| c["events"] = json!({"other": {}})).await, Err(Refusal::Kind));
    assert_eq!(read(&office, |c| c["nonce"] = json!("n")).await, Err(Refusal::Kind));
    assert_eq!(read(&office, |c| c["aud"] = json!("other")).await, Err(Refusal::Audience));
    assert_eq!(read(&office, |c| c["iss"] = json!("https://evil.example")).await, Err(Refusal::Issuer));
    assert_eq!(read(&office, |c| c["iat"] = json!(1_795_507_200 - 3600)).await, Err(Refusal::TooOld));
    assert_eq!(read(&office, |c| c["iat"] = json!(1_795_507_200 + 3600)).await, Err(Refusal::FromTheFuture));
    assert_eq!(read(&office, without("jti")).await, Err(Refusal::Claim("jti")));
    let nobody = |c: &mut Value| {
        without("sid")(c);
        without("sub")(c);
    };
    assert_eq!(read(&office, nobody).await, Err(Refusal::Claim("sub")));
}

#[tokio::test]
async fn a_logout_token_is_heeded_once() {
    let office = Office::open().await;
    let token = office.idp.logout_token(CLIENT, None, Some("u-alice"), |_| {}).unwrap();
    assert!(office.party.logout_notice(&token).await.is_ok());
    assert!(matches!(office.party.logout_notice(&token).await, Err(Error::Refused(Refusal::TooOld))));
}

#[tokio::test]
async fn an_id_token_is_no_logout_token() {
    let office = Office::open().await;
    let claims = json!({
        "iss": office.idp.url(), "aud": CLIENT, "sub": "u-alice", "iat": 1_795_507_200, "exp": 1_795_507_500,
        "nonce": "n", "jti": "j",
    });
    let token = office.idp.sign("JWT", &claims).unwrap();
    assert!(matches!(office.party.logout_notice(&token).await, Err(Error::Refused(Refusal::Kind))));
}

#[tokio::test]
async fn the_sessions_of_the_issuers_session_end_and_no_others() {
    let office = Office::open().await;
    let sessions = office.sessions().await;
    let mut tokens = Vec::new();
    for login in ["alice", "alice", "bob"] {
        let signed_in = office.sign_in(login).await.unwrap();
        tokens.push(sessions.open(Via::Browser, signed_in, None).await.unwrap().0);
    }
    let is_open = |at: usize| sessions.enter(Via::Browser, tokens[at].expose_secret()).is_some();
    let notice = |session: Option<&str>, subject: Option<&str>| LogoutNotice {
        session: session.map(str::to_owned),
        subject: subject.map(str::to_owned),
    };
    let issuer = office.idp.url();
    let other_issuer = sessions.heed("https://evil.example", &notice(None, Some("u-alice"))).await.unwrap();
    let other_session = sessions.heed(issuer, &notice(Some("nobody's"), None)).await.unwrap();
    let others_session = sessions.heed(issuer, &notice(Some("nobody's"), Some("u-alice"))).await.unwrap();
    assert_eq!((other_issuer, other_session, others_session), (0, 0, 0));
    assert!(is_open(0) && is_open(1) && is_open(2));
    assert_eq!(sessions.heed(issuer, &notice(None, Some("u-alice"))).await.unwrap(), 2);
    assert!(!is_open(0) && !is_open(1) && is_open(2));
}
