//! Services and agents by their platform's tokens.

use std::sync::Arc;

use identity::{Condition, Error, Kind, Limits, Matches, Principal, Refusal, Rule, Workloads};
use serde_json::{Value, json};

use crate::office::{Office, http};

const NOW_S: i64 = 1_795_507_200;

fn rule(name: &str, issuer: &str, kind: Kind, is: Matches) -> Rule {
    Rule {
        name: name.into(),
        issuer: issuer.into(),
        audience: "https://exq.example".into(),
        kind,
        when: vec![Condition { claim: vec!["sub".into()], is }],
    }
}

fn workloads(office: &Office) -> Workloads {
    let url = office.idp.url();
    let rules = vec![
        rule("shop-ci", url, Kind::Service, Matches::Begins("repo:acme/shop:".into())),
        rule("helper", url, Kind::Agent, Matches::OneOf(vec!["agent:helper".into(), "u-alice".into()])),
    ];
    let clock: Arc<dyn model::Clock> = Arc::new(office.clock.clone());
    Workloads::new(rules, &http(), &clock, Limits::default()).unwrap()
}

fn claims(office: &Office, change: impl FnOnce(&mut Value)) -> Value {
    let mut claims = json!({
        "iss": office.idp.url(), "sub": "repo:acme/shop:ref:refs/heads/main", "aud": "https://exq.example",
        "iat": NOW_S, "exp": NOW_S + 600,
    });
    change(&mut claims);
    claims
}

async fn verify(office: &Office, change: impl FnOnce(&mut Value)) -> Result<Principal, Refusal> {
    let token = office.idp.sign("JWT", &claims(office, change)).unwrap();
    match workloads(office).verify(&token).await {
        Ok(principal) => Ok(principal),
        Err(Error::Refused(why)) => Err(why),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_job_is_a_service_by_the_rule_that_let_it_in() {
    let office = Office::open().await;
    match verify(&office, |_| {}).await.unwrap() {
        Principal::Service(service) => {
            assert_eq!(service.rule(), "shop-ci");
            assert_eq!(service.identity().subject, "repo:acme/shop:ref:refs/heads/main");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_acts_for_a_person_is_an_agent_and_the_chain_is_kept() {
    let office = Office::open().await;
    let acting = |c: &mut Value| {
        c["sub"] = json!("u-alice");
        c["act"] = json!({"sub": "agent:helper", "act": {"sub": "tool:x", "iss": "https://tools.example"}});
    };
    match verify(&office, acting).await.unwrap() {
        Principal::Agent(agent) => {
            assert_eq!(agent.identity().subject, "agent:helper");
            assert_eq!(agent.acts_for().unwrap().subject, "u-alice");
            let chain: Vec<_> = agent.actors().all().iter().map(|a| a.subject.as_str()).collect();
            assert_eq!(chain, ["agent:helper", "tool:x"]);
        }
        other => panic!("{other:?}"),
    }
    // Also a person's own token: in this way in nobody is a person.
    assert!(matches!(verify(&office, |c| c["sub"] = json!("u-alice")).await, Ok(Principal::Agent(_))));
}

#[tokio::test]
async fn a_service_for_which_somebody_acts_is_refused() {
    let office = Office::open().await;
    let answer = verify(&office, |c| c["act"] = json!({"sub": "agent:helper"})).await;
    assert_eq!(answer, Err(Refusal::Delegated));
}

#[tokio::test]
async fn each_wrong_claim_is_refused() {
    let office = Office::open().await;
    for (name, value, why) in [
        ("sub", json!("repo:acme/shop-evil:ref"), Refusal::NoRule),
        ("sub", json!("repo:acme/shop:../x"), Refusal::NoRule),
        ("aud", json!("https://other.example"), Refusal::NoRule),
        ("aud", json!(["https://exq.example", "https://other.example"]), Refusal::NoRule),
        ("iss", json!("https://evil.example"), Refusal::Issuer),
        ("exp", json!(NOW_S - 60), Refusal::Expired),
        ("iat", json!(NOW_S + 120), Refusal::FromTheFuture),
        ("exp", json!(NOW_S + 86_401), Refusal::Claim("exp")),
        ("nonce", json!("a browser's"), Refusal::Kind),
    ] {
        assert_eq!(verify(&office, |c| c[name] = value.clone()).await, Err(why), "{name} {value}");
    }
    let unsigned = "eyJhbGciOiJub25lIn0.e30.";
    assert!(matches!(workloads(&office).verify(unsigned).await, Err(Error::Refused(Refusal::Claim("iss")))));
}
