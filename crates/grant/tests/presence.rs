//! Consents under a grant: the executor verifies them itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // tests

mod common;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{World, at};
use grant::{
    ByConsent, Consent, ConsentAnswer, ConsentProof, Expectations, GrantError, Grounds, Passkey, PasskeyKey,
    Presence, SignedConsent, Site, verify,
};
use model::{Canonical as _, Digest, Identity, OutcomeId};

fn site() -> Site {
    Site { id: "exq.example.com".into(), origin: "https://exq.example.com".into() }
}

fn grounds() -> Grounds {
    Grounds { provider: None, passkeys: Some(site()) }
}

/// Somebody's passkey says so.
fn said(who: &str, plan: Digest, outcome: OutcomeId, answer: ConsentAnswer) -> SignedConsent {
    let document =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref()).unwrap();
    let point = key.public_key().as_ref();
    let mut consent = Consent {
        schema: Consent::SCHEMA.into(),
        outcome,
        plan,
        answer,
        identity: Identity { issuer: "https://idp.example".into(), subject: who.into() },
        person: None,
        nonce: Digest::of(who.as_bytes()),
        at: at(0),
        proof: ConsentProof::Passkey(Passkey {
            credential: "AA".into(),
            key: PasskeyKey::Es256 { x: hex::encode(&point[1..33]), y: hex::encode(&point[33..65]) },
            site: site().id,
            origin: site().origin,
            client_data: String::new(),
            authenticator_data: String::new(),
            signature: String::new(),
        }),
    };
    let challenge = URL_SAFE_NO_PAD.encode(consent.signed().as_bytes());
    let client =
        format!(r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{}"}}"#, site().origin);
    let data = [Digest::of(site().id.as_bytes()).as_bytes().as_slice(), &[5, 0, 0, 0, 0]].concat();
    let message = [data.as_slice(), Digest::of(client.as_bytes()).as_bytes()].concat();
    if let ConsentProof::Passkey(passkey) = &mut consent.proof {
        passkey.client_data = URL_SAFE_NO_PAD.encode(&client);
        passkey.authenticator_data = URL_SAFE_NO_PAD.encode(&data);
        passkey.signature = URL_SAFE_NO_PAD.encode(key.sign(&SystemRandom::new(), &message).unwrap());
    }
    SignedConsent { consent, token: None }
}

/// A grant for which these people were present.
fn granted(people: u32, consents: &[(&str, &SignedConsent)]) -> World {
    let mut world = World::new();
    let by = consents.iter().map(|(person, signed)| ByConsent {
        person: person.parse().unwrap(),
        consent: signed.consent.digest().unwrap(),
    });
    world.grant.presence = Some(Presence { people, consents: by.collect() });
    world
}

fn yes(world: &World, who: &str) -> SignedConsent {
    said(who, world.grant.plan, world.grant.outcome.clone(), ConsentAnswer::Approve)
}

fn verified(world: &World, consents: &[SignedConsent], grounds: &Grounds) -> Result<(), GrantError> {
    let expect = Expectations { consents, grounds, ..world.expect() };
    verify(&world.signed(), &expect).map(drop)
}

#[test]
fn a_grant_is_good_with_the_consents_that_it_names_and_with_no_others() {
    let plain = World::new();
    let (rita, uma) = (yes(&plain, "rita"), yes(&plain, "uma"));
    let world = granted(1, &[("rita", &rita)]);
    assert!(verified(&world, std::slice::from_ref(&rita), &grounds()).is_ok());
    assert!(verified(&world, &[], &grounds()).is_err(), "it is not there");
    assert!(verified(&world, std::slice::from_ref(&uma), &grounds()).is_err(), "another's");
    assert!(verified(&world, &[rita.clone(), uma.clone()], &grounds()).is_err(), "one too many");
    assert!(verified(&world, &[rita.clone(), rita.clone()], &grounds()).is_err(), "twice");
    assert!(verified(&plain, std::slice::from_ref(&rita), &grounds()).is_err(), "it names none");
    assert!(
        verified(&world, std::slice::from_ref(&rita), &Grounds::default()).is_err(),
        "not configured here"
    );
    let both = granted(2, &[("rita", &rita), ("uma", &uma)]);
    assert!(verified(&both, &[uma, rita], &grounds()).is_ok(), "in any order");
}

#[test]
fn an_executor_takes_no_consent_to_another_plan_or_outcome_nor_a_no_though_the_gate_names_it() {
    let plain = World::new();
    let (plan, outcome) = (plain.grant.plan, plain.grant.outcome.clone());
    for (what, signed) in [
        ("another plan", said("rita", Digest::of(b"another"), outcome.clone(), ConsentAnswer::Approve)),
        ("another outcome", said("rita", plan, OutcomeId::derive(&[b"another"]), ConsentAnswer::Approve)),
        ("a no", said("rita", plan, outcome.clone(), ConsentAnswer::Refuse)),
    ] {
        let world = granted(1, &[("rita", &signed)]);
        assert!(verified(&world, std::slice::from_ref(&signed), &grounds()).is_err(), "{what}");
    }
    let mut forged = said("rita", plan, outcome, ConsentAnswer::Refuse);
    forged.consent.answer = ConsentAnswer::Approve;
    let world = granted(1, &[("rita", &forged)]);
    assert!(verified(&world, std::slice::from_ref(&forged), &grounds()).is_err(), "a no used as a yes");
}

#[test]
fn the_gate_signs_no_grant_for_fewer_people_than_it_says() {
    let plain = World::new();
    let (rita, uma) = (yes(&plain, "rita"), yes(&plain, "uma"));
    for (what, world) in [
        ("fewer", granted(2, &[("rita", &rita)])),
        ("none", granted(1, &[])),
        ("one person twice", granted(2, &[("rita", &rita), ("rita", &uma)])),
        ("one consent for two", granted(2, &[("rita", &rita), ("uma", &rita)])),
        ("nobody has to be", granted(0, &[("rita", &rita)])),
    ] {
        assert!(world.grant.sign(&world.gate).is_err(), "{what}");
    }
}
