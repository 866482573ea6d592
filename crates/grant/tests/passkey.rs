//! Passkeys, by an authenticator made of a key: what it signs is taken for that and for nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // tests

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use grant::{
    Consent, ConsentAnswer, ConsentProof, GrantError, Grounds, Passkey, PasskeyKey, SignedConsent, Site,
    ToSign, register, verify_consent,
};
use model::{Digest, Identity, OutcomeId, Timestamp};
use proptest::prelude::*;

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const CREDENTIAL: u8 = 0x40;

fn site() -> Site {
    Site { id: "exq.example.com".into(), origin: "https://exq.example.com".into() }
}

struct Authenticator(EcdsaKeyPair);

impl Authenticator {
    fn new() -> Self {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref()).unwrap())
    }

    fn point(&self) -> [&[u8]; 2] {
        let point = self.0.public_key().as_ref();
        [&point[1..33], &point[33..65]]
    }

    fn key(&self) -> PasskeyKey {
        let [x, y] = self.point().map(hex::encode);
        PasskeyKey::Es256 { x, y }
    }

    /// What it writes when it signs.
    fn sign(&self, site: &Site, challenge: &Digest, flags: u8, kind: &str) -> Passkey {
        let client_data = client_data(site, challenge, kind);
        let mut authenticator_data = Digest::of(site.id.as_bytes()).as_bytes().to_vec();
        authenticator_data.push(flags);
        authenticator_data.extend([0, 0, 0, 7]);
        let message = [authenticator_data.as_slice(), Digest::of(client_data.as_bytes()).as_bytes()].concat();
        let signature = self.0.sign(&SystemRandom::new(), &message).unwrap();
        Passkey {
            credential: URL_SAFE_NO_PAD.encode(b"credential"),
            key: self.key(),
            site: site.id.clone(),
            origin: site.origin.clone(),
            client_data: URL_SAFE_NO_PAD.encode(client_data),
            authenticator_data: URL_SAFE_NO_PAD.encode(authenticator_data),
            signature: URL_SAFE_NO_PAD.encode(signature),
        }
    }

    /// What it writes when it is enrolled.
    fn enrol(&self, flags: u8) -> Vec<u8> {
        let [x, y] = self.point();
        let mut data = Digest::of(site().id.as_bytes()).as_bytes().to_vec();
        data.push(flags);
        data.extend([0; 4 + 16]);
        data.extend([0, 4]);
        data.extend(b"cred");
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(x);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(y);
        data
    }
}

fn client_data(site: &Site, challenge: &Digest, kind: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(challenge.as_bytes());
    let origin = &site.origin;
    format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false,"x":1}}"#)
}

fn consent(plan: &[u8], answer: ConsentAnswer, sign: impl Fn(&Digest) -> Passkey) -> SignedConsent {
    let (outcome, plan, nonce) = (OutcomeId::derive(&[b"o"]), Digest::of(plan), Digest::of(b"nonce"));
    let identity = Identity { issuer: "https://idp.example".into(), subject: "u-alice".into() };
    let to_sign = ToSign { outcome: &outcome, plan: &plan, answer, identity: &identity, nonce: &nonce };
    let proof = ConsentProof::Passkey(sign(&to_sign.digest()));
    let consent = Consent {
        schema: Consent::SCHEMA.into(),
        outcome,
        plan,
        answer,
        identity,
        person: None,
        nonce,
        at: Timestamp::from_millis(0),
        proof,
    };
    SignedConsent { consent, token: None }
}

fn why(signed: &SignedConsent) -> &'static str {
    match verify_consent(signed) {
        Err(GrantError::Consent { why }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_passkey_signed_is_that_plan_and_that_answer_on_that_site() {
    let key = Authenticator::new();
    let good = consent(b"plan", ConsentAnswer::Approve, |c| {
        key.sign(&site(), c, PRESENT | VERIFIED, "webauthn.get")
    });
    let verified = verify_consent(&good).unwrap();
    let grounds = |site| Grounds { provider: None, passkeys: Some(site) };
    assert!(verified.rests_on(&grounds(site())).is_ok());
    let elsewhere = Site { origin: "https://evil.example".into(), ..site() };
    assert!(verified.rests_on(&grounds(elsewhere)).is_err());
    assert!(verified.rests_on(&Grounds::default()).is_err());
}

#[test]
fn a_signature_replayed_on_another_plan_or_a_no_used_as_a_yes_is_refused() {
    let key = Authenticator::new();
    let sign = |c: &Digest| key.sign(&site(), c, PRESENT | VERIFIED, "webauthn.get");
    let yes = consent(b"plan", ConsentAnswer::Approve, sign);
    let no = consent(b"plan", ConsentAnswer::Refuse, sign);
    let with = |proof: &ConsentProof, other: SignedConsent| SignedConsent {
        consent: Consent { proof: proof.clone(), ..other.consent },
        token: None,
    };
    let replayed = with(&yes.consent.proof, consent(b"another plan", ConsentAnswer::Approve, sign));
    assert!(why(&replayed).contains("something else than this plan"));
    assert!(why(&with(&no.consent.proof, yes.clone())).contains("this answer"));
    let mut other = yes.clone();
    other.consent.identity.subject = "u-bob".into();
    assert!(verify_consent(&other).is_err(), "somebody else");
    other = yes;
    other.consent.nonce = Digest::of(b"another nonce");
    assert!(verify_consent(&other).is_err(), "another nonce");
}

#[test]
fn without_user_verification_from_another_origin_or_by_another_key_it_is_refused() {
    let (key, other) = (Authenticator::new(), Authenticator::new());
    let by = |make: &dyn Fn(&Digest) -> Passkey| consent(b"plan", ConsentAnswer::Approve, make);
    for flags in [0, PRESENT, VERIFIED] {
        let signed = by(&|c| key.sign(&site(), c, flags, "webauthn.get"));
        assert!(why(&signed).contains("no user verification"), "{flags}");
    }
    // The page of another origin asked, and says that it is ours.
    let evil = Site { origin: "https://evil.example".into(), ..site() };
    let signed = by(&|c| Passkey { origin: site().origin, ..key.sign(&evil, c, 5, "webauthn.get") });
    assert!(why(&signed).contains("another origin"));
    let evil = Site { id: "evil.example".into(), ..site() };
    let signed = by(&|c| Passkey { site: site().id, ..key.sign(&evil, c, 5, "webauthn.get") });
    assert!(why(&signed).contains("another site"));
    let signed = by(&|c| key.sign(&site(), c, 5, "webauthn.create"));
    assert!(why(&signed).contains("something else"), "it was asked to enrol");
    let signed = by(&|c| Passkey { key: other.key(), ..key.sign(&site(), c, 5, "webauthn.get") });
    assert!(why(&signed).contains("signature"));
    let signed = by(&|c| key.sign(&site(), c, PRESENT | VERIFIED | CREDENTIAL, "webauthn.get"));
    assert!(verify_consent(&signed).is_err(), "it says more than it has");
    let framed = |c: &Digest| {
        let mut passkey = key.sign(&site(), c, 5, "webauthn.get");
        let text =
            client_data(&site(), c, "webauthn.get").replace("\"crossOrigin\":false", "\"crossOrigin\":true");
        passkey.client_data = URL_SAFE_NO_PAD.encode(text);
        passkey
    };
    assert!(why(&by(&framed)).contains("another origin"), "in a frame of another page");
}

#[test]
fn a_passkey_is_enrolled_with_its_key_for_the_challenge_of_this_site() {
    let key = Authenticator::new();
    let challenge = Digest::of(b"challenge");
    let said = |site: &Site, kind: &str| URL_SAFE_NO_PAD.encode(client_data(site, &challenge, kind));
    let written = |flags| URL_SAFE_NO_PAD.encode(key.enrol(flags));
    let good = written(PRESENT | VERIFIED | CREDENTIAL);
    let create = said(&site(), "webauthn.create");
    let enrolled = register(&create, &good, &challenge, &site()).unwrap();
    assert_eq!((enrolled.credential, enrolled.key), (URL_SAFE_NO_PAD.encode(b"cred"), key.key()));
    let evil = Site { origin: "https://evil.example".into(), ..site() };
    for (what, client, data, challenge) in [
        ("another challenge", &create, &good, Digest::of(b"other")),
        ("another origin", &said(&evil, "webauthn.create"), &good, challenge),
        ("a signature", &said(&site(), "webauthn.get"), &good, challenge),
        ("nobody verified", &create, &written(PRESENT | CREDENTIAL), challenge),
        ("no key", &create, &written(PRESENT | VERIFIED), challenge),
        ("no base64url", &create, &"=".to_owned(), challenge),
        ("nothing", &create, &String::new(), challenge),
    ] {
        assert!(register(client, data, &challenge, &site()).is_err(), "{what}");
    }
}

proptest! {
    /// Whatever an authenticator writes, nothing panics, and what was cut or changed is not taken for another key.
    #[test]
    fn what_an_authenticator_writes_is_read_or_refused(cut in 0_usize..200, at in 0_usize..200, byte: u8) {
        let key = Authenticator::new();
        let challenge = Digest::of(b"challenge");
        let create = URL_SAFE_NO_PAD.encode(client_data(&site(), &challenge, "webauthn.create"));
        let whole = key.enrol(PRESENT | VERIFIED | CREDENTIAL);
        let mut data = whole.clone();
        data.truncate(cut);
        if let Some(place) = data.get_mut(at) {
            *place = byte;
        }
        if let Ok(read) = register(&create, &URL_SAFE_NO_PAD.encode(&data), &challenge, &site()) {
            prop_assert!(data.len() == whole.len());
            prop_assert!(read.key == key.key() || data != whole);
        }
    }
}
