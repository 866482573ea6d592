//! Consents by step-up, against tokens that a hostile or careless provider could sign, and keys that aren't for them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // tests

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use grant::{
    Consent, ConsentAnswer, ConsentProof, SignedConsent, StepUp, ToSign, Token, bound_nonce, verify_consent,
};
use model::{Digest, Identity, OutcomeId, Timestamp, to_canonical};
use serde_json::{Value, json};

const NOW_S: i64 = 1_800_000_000;
const ISSUER: &str = "https://idp.example";

fn to_sign() -> (OutcomeId, Digest, Digest, Identity) {
    let identity = Identity { issuer: ISSUER.into(), subject: "u-alice".into() };
    (OutcomeId::derive(&[b"o"]), Digest::of(b"plan"), Digest::of(b"nonce"), identity)
}

fn claims() -> Value {
    let (outcome, plan, nonce, identity) = to_sign();
    let answer = ConsentAnswer::Approve;
    let signed =
        ToSign { outcome: &outcome, plan: &plan, answer, identity: &identity, nonce: &nonce }.digest();
    json!({
        "iss": ISSUER, "sub": "u-alice", "aud": "exequatur", "exp": NOW_S + 300, "iat": NOW_S, "auth_time": NOW_S,
        "nonce": bound_nonce(&signed, "salt"), "person": "alice",
    })
}

struct Issuer(EcdsaKeyPair);

impl Issuer {
    fn new() -> Self {
        let key =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref()).unwrap())
    }

    fn key(&self) -> Value {
        let point = self.0.public_key().as_ref();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"kty": "EC", "crv": "P-256", "x": part(&point[1..33]), "y": part(&point[33..65])})
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = self.0.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn taken(id_token: String, key: Value) -> bool {
    let (outcome, plan, nonce, identity) = to_sign();
    let consent = Consent {
        schema: Consent::SCHEMA.into(),
        outcome,
        plan,
        answer: ConsentAnswer::Approve,
        identity,
        person: Some("alice".parse().unwrap()),
        nonce,
        at: Timestamp::from_millis(NOW_S * 1000 + 500),
        proof: ConsentProof::StepUp(StepUp {
            client: "exequatur".into(),
            person_claim: Some("person".into()),
            salt: "salt".into(),
            token: Digest::of(id_token.as_bytes()),
            key: Digest::of(&to_canonical(&key).unwrap()),
        }),
    };
    verify_consent(&SignedConsent { consent, token: Some(Token { id_token, key }) }).is_ok()
}

fn es256() -> Value {
    json!({"alg": "ES256"})
}

#[test]
fn a_token_of_the_provider_for_this_consent_is_taken() {
    let issuer = Issuer::new();
    assert!(taken(issuer.token(&es256(), &claims()), issuer.key()));
    let typed = json!({"alg": "ES256", "typ": "JWT", "kid": "any"});
    assert!(taken(issuer.token(&typed, &claims()), issuer.key()));
}

#[test]
fn claims_of_another_kind_person_client_or_time_are_refused() {
    let issuer = Issuer::new();
    for (name, value) in [
        ("iss", json!("https://evil.example")),
        ("sub", json!("u-bob")),
        ("aud", json!("another")),
        ("aud", json!(["exequatur", "another"])),
        ("aud", json!([])),
        ("azp", json!("another")),
        ("nonce", json!("0".repeat(64))),
        ("nonce", json!(null)),
        ("auth_time", json!(NOW_S - 3600)),
        ("auth_time", json!(NOW_S + 3600)),
        ("auth_time", json!(null)),
        ("auth_time", json!("1800000000")),
        ("typ", json!("Bearer")),
        ("typ", json!("Refresh")),
        ("scope", json!("openid")),
        ("act", json!({"sub": "bot"})),
        ("events", json!({})),
        ("person", json!("bob")),
        ("person", json!(null)),
    ] {
        let mut other = claims();
        other[name] = value.clone();
        assert!(!taken(issuer.token(&es256(), &other), issuer.key()), "{name} {value}");
    }
    for kind in ["at+jwt", "logout+jwt", "dpop+jwt"] {
        let header = json!({"alg": "ES256", "typ": kind});
        assert!(!taken(issuer.token(&header, &claims()), issuer.key()), "{kind}");
    }
}

#[test]
fn algorithms_and_keys_that_prove_nothing_are_refused() {
    let (issuer, other) = (Issuer::new(), Issuer::new());
    let good = issuer.token(&es256(), &claims());
    assert!(!taken(good.clone(), other.key()), "another key");
    let none = format!("{}.", message(&json!({"alg": "none"}), &claims()));
    assert!(!taken(none, issuer.key()), "none");
    // "Signed" with what everybody knows.
    let text = message(&json!({"alg": "HS256"}), &claims());
    let secret = hmac::Key::new(hmac::HMAC_SHA256, issuer.0.public_key().as_ref());
    let mac = URL_SAFE_NO_PAD.encode(hmac::sign(&secret, text.as_bytes()));
    let public = URL_SAFE_NO_PAD.encode(issuer.0.public_key().as_ref());
    for key in [issuer.key(), json!({"kty": "oct", "k": public, "alg": "HS256"})] {
        assert!(!taken(format!("{text}.{mac}"), key), "HS256");
    }
    let mut only = issuer.key();
    only["alg"] = "ES384".into();
    assert!(!taken(good.clone(), only), "a key for another algorithm");
    for key in [
        json!({}),
        json!(null),
        json!({"kty": "EC", "crv": "P-256"}),
        json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
    ] {
        assert!(!taken(good.clone(), key), "no key");
    }
    let critical = json!({"alg": "ES256", "crit": ["b64"], "b64": false});
    assert!(!taken(issuer.token(&critical, &claims()), issuer.key()), "an extension that isn't known");
    // It brings its own key along.
    let own = json!({"alg": "ES256", "jwk": other.key()});
    assert!(!taken(other.token(&own, &claims()), issuer.key()), "its own key");
}

#[test]
fn what_is_no_token_is_refused() {
    let issuer = Issuer::new();
    let good = issuer.token(&es256(), &claims());
    let dots: Vec<&str> = good.split('.').collect();
    for bad in [
        String::new(),
        ".".into(),
        "..".into(),
        format!("{}.{}", dots[0], dots[1]),
        format!("{good}.x"),
        format!(" {good}"),
        good.replace('.', ". "),
        format!("{}.{}.{}", dots[0], dots[1], "A".repeat(200_000)),
    ] {
        assert!(!taken(bad.clone(), issuer.key()), "{}", &bad[..bad.len().min(40)]);
    }
}
