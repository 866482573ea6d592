//! Step-up: the same person, asked again, now.

use devidp::Fault;
use grant::{ConsentAnswer, ConsentProof, Grounds, Provider, SignedConsent};
use identity::{
    Consent, Deed, EndReason, Error, Outcome, Presence, Purpose, Refusal, Said, SessionId, Sessions, Via,
};
use model::{Clock as _, Digest, Identity, OutcomeId};
use store::Store as _;

use crate::office::Office;

fn alice(office: &Office) -> Identity {
    Identity { issuer: office.idp.url().to_owned(), subject: "u-alice".into() }
}

/// One that isn't open anywhere.
fn session() -> SessionId {
    "0".repeat(64).parse().unwrap()
}

async fn step_up(office: &Office, login: &str, binds: Option<Digest>) -> Result<Presence, Error> {
    let purpose = Purpose::StepUp { who: alice(office), session: session(), binds };
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
    let purpose = Purpose::StepUp { who: alice(&office), session: session(), binds: None };
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
    let nonce = grant::bound_nonce(&plan, &salt);
    let payload = proof.id_token.split('.').nth(1).unwrap();
    let payload = {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()
    };
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(claims["nonce"], nonce);
    assert_eq!(proof.key["kid"], "key-1");
}

/// A presence for a session that is open, of whoever signs in.
async fn step_up_in(office: &Office, id: SessionId, login: &str, binds: Option<Digest>) -> Presence {
    let who = Identity { issuer: office.idp.url().to_owned(), subject: format!("u-{login}") };
    match office.go(Purpose::StepUp { who, session: id, binds }, login).await.unwrap().outcome {
        Outcome::Present(presence) => *presence,
        Outcome::SignedIn(_) => panic!("a step-up is no sign-in"),
    }
}

async fn open(office: &Office, sessions: &Sessions, login: &str) -> SessionId {
    let signed_in = office.sign_in(login).await.unwrap();
    sessions.open(Via::Browser, signed_in, None).await.unwrap().1.id()
}

fn is_fresh(sessions: &Sessions, id: SessionId) -> bool {
    sessions.get(&id).is_some_and(|session| sessions.fresh(&session).is_some())
}

#[tokio::test]
async fn a_presence_counts_for_its_session_for_five_minutes_and_across_a_restart() {
    let office = Office::open().await;
    let sessions = office.sessions().await;
    let (id, other) = (open(&office, &sessions, "alice").await, open(&office, &sessions, "alice").await);
    assert!(!is_fresh(&sessions, id), "that she signed in is no presence");
    sessions.prove(&step_up_in(&office, id, "alice", None).await).await.unwrap();
    assert!(is_fresh(&sessions, id) && !is_fresh(&sessions, other), "for the one that asked");
    let restarted = office.sessions().await;
    assert!(is_fresh(&restarted, id), "it is in the store");
    office.clock.step_ms(5 * 60_000 + 1_000);
    assert!(!is_fresh(&sessions, id) && !is_fresh(&restarted, id));
    sessions.prove(&step_up_in(&office, id, "alice", None).await).await.unwrap();
    assert!(is_fresh(&sessions, id), "once more");
    sessions.end(&id, EndReason::SignedOut).await.unwrap();
    assert!(!is_fresh(&sessions, id));
}

#[tokio::test]
async fn a_presence_that_signs_something_or_is_for_nobodys_session_makes_no_session_fresh() {
    let office = Office::open().await;
    let sessions = office.sessions().await;
    let id = open(&office, &sessions, "alice").await;
    let signs = step_up_in(&office, id, "alice", Some(Digest::of(b"a plan"))).await;
    assert!(matches!(sessions.prove(&signs).await, Err(Error::Refused(Refusal::Nonce))));
    let of_bob = step_up_in(&office, id, "bob", None).await;
    assert!(matches!(sessions.prove(&of_bob).await, Err(Error::Refused(Refusal::OtherSubject))));
    let nobodys = step_up_in(&office, session(), "alice", None).await;
    assert!(matches!(sessions.prove(&nobodys).await, Err(Error::NotBegun)));
    assert!(!is_fresh(&sessions, id));
    let entries = office.store.entries(0..100).await.unwrap();
    let told =
        entries.iter().filter(|entry| String::from_utf8_lossy(&entry.leaf).contains("session.presence"));
    assert_eq!(told.count(), 0);
}

fn said(plan: &[u8], answer: ConsentAnswer) -> Said {
    let outcome = OutcomeId::derive(&[b"outcome"]);
    Said { outcome, plan: Digest::of(plan), answer, nonce: Digest::of(b"nonce") }
}

#[tokio::test]
async fn a_consent_is_what_the_step_up_bound_and_nothing_else() {
    let office = Office::open().await;
    let yes = said(b"a plan", ConsentAnswer::Approve);
    let binds = yes.binds(&alice(&office));
    let presence = step_up(&office, "alice", Some(binds)).await.unwrap();
    let deed = Deed::<Consent, _>::of(&presence);
    let signed = deed.signed(&yes, office.clock.now()).unwrap();
    assert_eq!(grant::verify_consent(&signed).unwrap().consent().person.as_ref().unwrap().as_str(), "alice");
    let others = [
        said(b"a plan", ConsentAnswer::Refuse),
        said(b"another plan", ConsentAnswer::Approve),
        Said { nonce: Digest::of(b"other"), ..yes.clone() },
        Said { outcome: OutcomeId::derive(&[b"other"]), ..yes.clone() },
    ];
    for other in &others {
        let answer = deed.signed(other, office.clock.now());
        assert!(matches!(answer, Err(Error::Refused(Refusal::Nonce))), "{other:?}");
    }
    let unbound = step_up(&office, "alice", None).await.unwrap();
    let answer = Deed::<Consent, _>::of(&unbound).signed(&yes, office.clock.now());
    assert!(matches!(answer, Err(Error::Refused(Refusal::Nonce))), "a presence that signs nothing");
}

type Change = Box<dyn Fn(&mut SignedConsent)>;

/// Whoever changes what was signed can't make it verify again: not with another plan, answer, person or time, nor with a token
/// or key of their own.
#[tokio::test]
async fn a_consent_that_was_changed_does_not_verify() {
    let office = Office::open().await;
    let yes = said(b"a plan", ConsentAnswer::Approve);
    let presence = step_up(&office, "alice", Some(yes.binds(&alice(&office)))).await.unwrap();
    let signed = Deed::<Consent, _>::of(&presence).signed(&yes, office.clock.now()).unwrap();
    assert!(grant::verify_consent(&signed).is_ok());
    let other = step_up(&office, "alice", None).await.unwrap();
    let changes: Vec<(&str, Change)> = vec![
        ("refuse as approve", Box::new(|s| s.consent.answer = ConsentAnswer::Refuse)),
        ("another plan", Box::new(|s| s.consent.plan = Digest::of(b"another plan"))),
        ("another outcome", Box::new(|s| s.consent.outcome = OutcomeId::derive(&[b"other"]))),
        ("another nonce", Box::new(|s| s.consent.nonce = Digest::of(b"other"))),
        ("another person", Box::new(|s| s.consent.identity.subject = "u-bob".into())),
        ("another issuer", Box::new(|s| s.consent.identity.issuer = "https://evil.example".into())),
        ("another human", Box::new(|s| s.consent.person = Some("bob".parse().unwrap()))),
        ("an hour later", Box::new(|s| s.consent.at = s.consent.at.plus_ms(3_600_000))),
        ("an hour before", Box::new(|s| s.consent.at = s.consent.at.plus_ms(-3_600_000))),
        ("another schema", Box::new(|s| s.consent.schema = "exequatur.consent/2".into())),
        ("no token", Box::new(|s| s.token = None)),
        ("another token", {
            let token = other.proof().id_token.clone();
            Box::new(move |s| {
                s.token.as_mut().unwrap().id_token.clone_from(&token);
                if let ConsentProof::StepUp(step_up) = &mut s.consent.proof {
                    step_up.token = Digest::of(token.as_bytes());
                }
            })
        }),
        (
            "another client",
            Box::new(|s| {
                if let ConsentProof::StepUp(step_up) = &mut s.consent.proof {
                    step_up.client = "another".into();
                }
            }),
        ),
        (
            "another salt",
            Box::new(|s| {
                if let ConsentProof::StepUp(step_up) = &mut s.consent.proof {
                    step_up.salt = "0".repeat(64);
                }
            }),
        ),
    ];
    for (what, change) in changes {
        let mut forged = signed.clone();
        change(&mut forged);
        assert!(grant::verify_consent(&forged).is_err(), "{what}");
    }
}

#[tokio::test]
async fn a_token_of_somebody_who_acts_for_a_person_is_no_consent() {
    let office = Office::open().await;
    office.idp.fail(Fault::Delegated).unwrap();
    let yes = said(b"a plan", ConsentAnswer::Approve);
    let answer = step_up(&office, "alice", Some(yes.binds(&alice(&office)))).await;
    assert!(matches!(answer, Err(Error::Refused(Refusal::Delegated))));
}

#[tokio::test]
async fn a_consent_counts_only_with_the_provider_and_client_that_are_configured() {
    let office = Office::open().await;
    let yes = said(b"a plan", ConsentAnswer::Approve);
    let presence = step_up(&office, "alice", Some(yes.binds(&alice(&office)))).await.unwrap();
    let signed = Deed::<Consent, _>::of(&presence).signed(&yes, office.clock.now()).unwrap();
    let verified = grant::verify_consent(&signed).unwrap();
    let here = Provider { issuer: office.idp.url().into(), client: crate::office::CLIENT.into() };
    let grounds = |provider| Grounds { provider, passkeys: None };
    assert!(verified.rests_on(&grounds(Some(here.clone()))).is_ok());
    for other in [
        None,
        Some(Provider { issuer: "https://evil.example".into(), ..here.clone() }),
        Some(Provider { client: "another".into(), ..here }),
    ] {
        assert!(verified.rests_on(&grounds(other)).is_err());
    }
}
