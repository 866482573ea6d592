//! Keys, checkpoints and cosignatures.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use common::{hashes, log, origin, signer};
use ed25519_dalek::{Signature, VerifyingKey};
use ledger::{
    Checkpoint, CosignerKey, CosignerSigner, Error, Frontier, Hash, LogSigner, Origin, SignedCheckpoint,
    VerifierKey,
};
use secrecy::{ExposeSecret as _, SecretString};
use signed_note::Signer as _;

const PRIVATE: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

fn head() -> Checkpoint {
    Checkpoint::of(origin(), &Frontier::from_leaves(&hashes(23)))
}

fn witness(name: &str, seed: u8) -> CosignerSigner {
    CosignerSigner::from_seed(Origin::new(name).unwrap(), &[seed; 32])
}

/// Signs any text as the log's key would, well formed or not, through an independent implementation.
fn signed(text: &str) -> Vec<u8> {
    let signer = signed_note::StandardSigner::new(signer().expose_private_key().expose_secret()).unwrap();
    let mut note = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
    note.add_sigs(&[&signer]).unwrap();
    note.to_bytes()
}

#[test]
fn keys_are_those_of_go_and_have_one_spelling() {
    let signer = LogSigner::parse(&SecretString::from(PRIVATE)).unwrap();
    assert_eq!(signer.verifier().to_string(), PUBLIC);
    assert_eq!(signer.expose_private_key().expose_secret(), PRIVATE);
    assert_eq!(VerifierKey::parse(PUBLIC).unwrap(), signer.verifier());
    assert_eq!(VerifierKey::parse(&format!("{PUBLIC}\n")).unwrap().id(), 0xc74f_20a3);
    let raw = *signer.verifier().as_bytes();
    assert_eq!(VerifierKey::from_bytes(signer.origin().clone(), &raw).unwrap(), signer.verifier());
}

#[test]
fn keys_in_any_other_spelling_are_refused() {
    let public = [
        String::new(),
        "+".into(),
        "++".into(),
        PUBLIC.replace("Peter", "Paul"),
        PUBLIC.replace("c74f20a3", "c74f20a4"),
        PUBLIC.replace("c74f20a3", "C74F20A3"),
        PUBLIC.replace("c74f20a3", "0c74f20a3"),
        PUBLIC.replace("ARpc", "BRpc"),
        PUBLIC.replace("ARpc", "ARpd"),
        format!("{PUBLIC}="),
        format!("{PUBLIC}\n\n"),
        format!(" {PUBLIC}"),
        PUBLIC.replace("10TW", "10T"),
        PRIVATE.into(),
        "x".repeat(600),
    ];
    for text in public {
        assert!(matches!(VerifierKey::parse(&text), Err(Error::Key { .. })), "{text}");
    }
    for text in [
        String::new(),
        PUBLIC.into(),
        PRIVATE.replace("PRIVATE", "private"),
        PRIVATE.replace("c74f20a3", "c74f20a4"),
        PRIVATE.replace("AYEK", "AYEL"),
        PRIVATE.replace("AYEK", "BYEK"),
        PRIVATE.replace("KDFz", "KDF"),
        format!("{PRIVATE}\n\n"),
    ] {
        let error = LogSigner::parse(&SecretString::from(text.as_str())).unwrap_err();
        assert!(matches!(error, Error::Key { .. }), "{text}");
        assert!(!error.to_string().contains("YEK"), "{error}");
    }
}

#[test]
fn a_weak_key_is_refused() {
    // The neutral element: a signature that verifies under it can be made by anybody.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert!(VerifierKey::from_bytes(origin(), &neutral).is_err());
    let bytes = [&[1][..], &neutral].concat();
    let id = signed_note::key_id("exq.example/log", &bytes);
    let text = format!("exq.example/log+{id:08x}+{}", BASE64_STANDARD.encode(bytes));
    assert!(signed_note::StandardVerifier::new(&text).is_ok());
    assert!(VerifierKey::parse(&text).is_err());
}

#[test]
fn no_private_key_is_shown() {
    let key = BASE64_STANDARD.encode([&[1][..], &[7; 32]].concat());
    let signer = signer();
    assert!(signer.expose_private_key().expose_secret().ends_with(&key));
    assert!(
        !format!("{signer:?} {:?} {:?}", signer.expose_private_key(), signer.verifier()).contains(&key[4..])
    );
    let witness = witness("w.example", 7);
    assert!(!format!("{witness:?} {:?}", witness.expose_private_key()).contains(&key[4..]));
}

#[test]
fn a_checkpoint_is_what_an_independent_implementation_signs_and_reads() {
    let ours = signer().sign(&head()).unwrap();
    assert_eq!(signed(&head().text()), ours.note().as_bytes());
    let key = signed_note::StandardVerifier::new(&signer().verifier().to_string()).unwrap();
    let note = signed_note::Note::from_bytes(ours.note().as_bytes()).unwrap();
    note.verify(&signed_note::VerifierList::new(vec![Box::new(key)])).unwrap();
    let theirs = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!(
        (theirs.origin(), theirs.size(), theirs.hash().0),
        ("exq.example/log", 23, *head().root.as_bytes())
    );
    let opened = SignedCheckpoint::open(ours.note().as_bytes(), &[signer().verifier()]).unwrap();
    assert_eq!(opened, ours);
    assert_eq!(opened.checkpoint(), &head());
}

#[test]
fn every_bit_of_a_checkpoint_flipped_is_refused() {
    let note = signer().sign(&head()).unwrap().note().as_bytes().to_vec();
    let keys = [signer().verifier()];
    for place in 0..note.len() {
        for bit in 0..8 {
            let mut bad = note.clone();
            bad[place] ^= 1 << bit;
            assert!(SignedCheckpoint::open(&bad, &keys).is_err(), "{}", String::from_utf8_lossy(&bad));
        }
    }
    for end in 0..note.len() {
        assert!(SignedCheckpoint::open(&note[..end], &keys).is_err());
    }
}

#[test]
fn a_checkpoint_by_another_key_or_of_another_log_is_refused() {
    let other_key = LogSigner::from_seed(origin(), &[8; 32]);
    let other_log = LogSigner::from_seed(Origin::new("exq.example/other").unwrap(), &[7; 32]);
    let note = signer().sign(&head()).unwrap();
    let open = |keys: &[VerifierKey]| SignedCheckpoint::open(note.note().as_bytes(), keys);
    assert!(matches!(open(&[other_key.verifier()]), Err(Error::NotSigned { .. })));
    assert!(matches!(open(&[other_log.verifier()]), Err(Error::OtherLog { .. })));
    assert!(matches!(open(&[]), Err(Error::NotSigned { .. })));
    open(&[other_key.verifier(), signer().verifier()]).unwrap();
    assert!(matches!(other_log.sign(&head()), Err(Error::OtherLog { .. })));

    // Signed by our key, but the text speaks of another log.
    let foreign = signed(&head().text().replace("/log", "/other"));
    assert!(matches!(SignedCheckpoint::open(&foreign, &[signer().verifier()]), Err(Error::OtherLog { .. })));
}

#[test]
fn even_signed_by_the_right_key_a_text_that_is_no_checkpoint_is_refused() {
    let root = head().root.to_base64();
    for text in [
        "exq.example/log\n".to_owned(),
        "exq.example/log\n23\n".to_owned(),
        format!("exq.example/log\n23\n{root}\nextra line\n"),
        format!("exq.example/log\n23\n{root}\n\n"),
        format!("exq.example/log\n023\n{root}\n"),
        format!("exq.example/log\n+23\n{root}\n"),
        format!("exq.example/log\n-1\n{root}\n"),
        format!("exq.example/log\n23 \n{root}\n"),
        format!("exq.example/log\n0x17\n{root}\n"),
        format!("exq.example/log\n18446744073709551616\n{root}\n"),
        format!("exq.example/log\n\n{root}\n"),
        format!("exq.example/log\n23\n{}\n", &root[..43]),
        format!("exq.example/log\n23\n{root}=\n"),
        format!("exq.example/log\n23\n {root}\n"),
        format!("exq.example/log\n23\n{}\n", head().root.to_hex()),
        format!("\nexq.example/log\n23\n{root}\n"),
        format!(" exq.example/log\n23\n{root}\n"),
        format!("\n23\n{root}\n"),
    ] {
        let note = signed(&text);
        let error = SignedCheckpoint::open(&note, &[signer().verifier()]).unwrap_err();
        assert!(matches!(error, Error::Checkpoint(_)), "{text:?}: {error:?}");
    }
}

#[test]
fn extension_lines_are_refused_by_name() {
    let text = format!("{}more\n", head().text());
    let refused = SignedCheckpoint::open(&signed(&text), &[signer().verifier()]);
    assert_eq!(refused, Err(Error::Checkpoint("extension lines are not accepted")));
}

#[test]
fn a_root_whose_last_base64_digit_has_spare_bits_is_refused() {
    let root = head().root.to_base64();
    let spare = root.replace(&root[42..43], "");
    let last = root.as_bytes()[42];
    for digit in
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().filter(|d| **d != last)
    {
        let other = format!("{}{}=", &root[..42], char::from(*digit));
        if let Some(hash) = Hash::from_base64(&other) {
            assert_ne!(hash, head().root);
        }
    }
    assert!(Hash::from_base64(&spare).is_none());
}

#[test]
fn one_bad_signature_by_a_known_key_spoils_the_note() {
    let good = signer().sign(&head()).unwrap();
    let other = signer().sign(&Checkpoint { size: 24, ..head() }).unwrap();
    let stray = other.note().lines().last().unwrap();
    let both = format!("{}{stray}\n", good.note());
    let error = SignedCheckpoint::open(both.as_bytes(), &[signer().verifier()]).unwrap_err();
    assert!(matches!(error, Error::BadSignature { .. }), "{error:?}");
}

#[test]
fn keys_rotate_with_overlap() {
    let new_key = LogSigner::from_seed(origin(), &[8; 32]);
    let both = signer().sign(&head()).unwrap().also_signed_by(&new_key).unwrap();
    assert_eq!(both.note().lines().count(), 6);
    for keys in
        [vec![signer().verifier()], vec![new_key.verifier()], vec![signer().verifier(), new_key.verifier()]]
    {
        assert_eq!(SignedCheckpoint::open(both.note().as_bytes(), &keys).unwrap(), both);
    }
    let again = both.clone().also_signed_by(&new_key).unwrap();
    assert_eq!(again.note().lines().count(), 6, "a key signs once");
}

#[test]
fn a_cosignature_is_the_message_of_the_specification() {
    let witness = witness("witness.example/w1", 1);
    let line = witness.cosign(&signer().sign(&head()).unwrap(), 1_679_315_147).unwrap();
    let encoded = line.strip_prefix("— witness.example/w1 ").unwrap().strip_suffix('\n').unwrap();
    let bytes = BASE64_STANDARD.decode(encoded).unwrap();
    let key = VerifyingKey::from(&ed25519_dalek::SigningKey::from_bytes(&[1; 32]));
    let id = signed_note::key_id("witness.example/w1", &[&[4][..], key.as_bytes()].concat());
    assert_eq!(bytes[..4], id.to_be_bytes());
    assert_eq!(bytes[4..12], 1_679_315_147u64.to_be_bytes());
    let message = format!("cosignature/v1\ntime 1679315147\nexq.example/log\n23\n{}\n", head().root);
    key.verify_strict(message.as_bytes(), &Signature::from_slice(&bytes[12..]).unwrap()).unwrap();
}

#[test]
fn witnesses_are_counted_once_each_and_strangers_not_at_all() {
    let (one, two, stranger) = (witness("w1.example", 1), witness("w2.example", 2), witness("w3.example", 3));
    let keys = [one.verifier(), two.verifier()];
    let mut note = signer().sign(&head()).unwrap();
    assert_eq!(note.cosignatures(&keys).unwrap(), []);
    for (witness, time) in [(&one, 100), (&two, 200), (&stranger, 300), (&one, 400)] {
        let line = witness.cosign(&note, time).unwrap();
        note = note.with_cosignature(&line, &witness.verifier()).unwrap();
    }
    let seen: Vec<_> = note
        .cosignatures(&keys)
        .unwrap()
        .into_iter()
        .map(|cosignature| (cosignature.witness.to_string(), cosignature.at_unix_s))
        .collect();
    assert_eq!(seen, [("w1.example".to_owned(), 400), ("w2.example".to_owned(), 200)]);
    assert_eq!(note.note().lines().count(), 3 + 1 + 1 + 3);
    SignedCheckpoint::open(note.note().as_bytes(), &[signer().verifier()]).unwrap();
    assert_eq!(CosignerKey::parse(&one.verifier().to_string()).unwrap(), one.verifier());
    assert!(CosignerKey::parse(&signer().verifier().to_string()).is_err(), "a log's key is no witness's");
    assert!(VerifierKey::parse(&one.verifier().to_string()).is_err(), "a witness's key is no log's");
    let again = CosignerSigner::parse(&one.expose_private_key()).unwrap();
    assert_eq!(again.verifier(), one.verifier());
}

#[test]
fn a_cosignature_for_another_head_time_or_key_is_refused() {
    let (one, two) = (witness("w1.example", 1), witness("w1.example", 2));
    let note = signer().sign(&head()).unwrap();
    let other = signer().sign(&Checkpoint { size: 24, ..head() }).unwrap();
    let line = one.cosign(&note, 100).unwrap();
    let add = |line: &str, key: &CosignerKey| note.clone().with_cosignature(line, key);
    assert!(matches!(
        add(&one.cosign(&other, 100).unwrap(), &one.verifier()),
        Err(Error::BadSignature { .. })
    ));
    assert!(matches!(add(&line, &two.verifier()), Err(Error::NotSigned { .. })));
    assert!(add(&format!("{line}{line}"), &one.verifier()).is_err());
    assert!(add(line.trim_end(), &one.verifier()).is_err());
    assert!(add("", &one.verifier()).is_err());

    let encoded = line.strip_prefix("— w1.example ").unwrap().trim_end();
    let mut bytes = BASE64_STANDARD.decode(encoded).unwrap();
    bytes[11] ^= 1;
    let later = format!("— w1.example {}\n", BASE64_STANDARD.encode(&bytes));
    assert!(matches!(add(&later, &one.verifier()), Err(Error::BadSignature { .. })));
    assert!(matches!(one.cosign(&note, u64::MAX), Err(Error::Limit { .. })));
}

#[test]
fn of_several_cosignatures_by_one_witness_the_newest_counts() {
    let witness = witness("w1.example", 1);
    let bare = signer().sign(&head()).unwrap();
    let lines = [300, 400, 100].map(|time| witness.cosign(&bare, time).unwrap()).concat();
    let note = format!("{}{lines}", bare.note());
    let opened = SignedCheckpoint::open(note.as_bytes(), &[signer().verifier()]).unwrap();
    let seen = opened.cosignatures(&[witness.verifier()]).unwrap();
    assert_eq!(seen.iter().map(|cosignature| cosignature.at_unix_s).collect::<Vec<_>>(), [400]);
}

#[test]
fn a_cosignature_of_a_time_beyond_the_specification_is_refused_though_well_signed() {
    let bare = signer().sign(&head()).unwrap();
    let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
    let id = signed_note::key_id("w1.example", &[&[4][..], key.verifying_key().as_bytes()].concat());
    let add = |time: u64| {
        let message = format!("cosignature/v1\ntime {time}\n{}", head().text());
        let signature = ed25519_dalek::Signer::sign(&key, message.as_bytes()).to_bytes();
        let bytes = [&id.to_be_bytes()[..], &time.to_be_bytes(), &signature].concat();
        let line = format!("— w1.example {}\n", BASE64_STANDARD.encode(bytes));
        bare.clone().with_cosignature(&line, &witness("w1.example", 1).verifier())
    };
    add((1 << 63) - 1).unwrap();
    assert!(matches!(add(1 << 63), Err(Error::BadSignature { .. })));
}

#[test]
fn too_many_or_too_large_signatures_are_refused() {
    let mut note = signer().sign(&head()).unwrap();
    for seed in 1..=99 {
        let witness = witness(&format!("w{seed}.example"), seed);
        let line = witness.cosign(&note, 1).unwrap();
        note = note.with_cosignature(&line, &witness.verifier()).unwrap();
    }
    let one_more = witness("last.example", 100);
    let line = one_more.cosign(&note, 1).unwrap();
    assert!(note.clone().with_cosignature(&line, &one_more.verifier()).is_err());
    let big = format!("{}— x.example {}\n", note.note(), BASE64_STANDARD.encode(vec![1; 100_000]));
    assert!(matches!(
        SignedCheckpoint::open(big.as_bytes(), &[signer().verifier()]),
        Err(Error::Limit { .. })
    ));
}

#[test]
fn a_key_of_another_signature_type_signs_nothing() {
    // The log's own key bytes, wearing a witness's id and the other way round.
    let note = signer().sign(&head()).unwrap();
    let as_witness = witness("exq.example/log", 7);
    let line = as_witness.cosign(&note, 1).unwrap();
    let only = format!("{}\n{line}", head().text());
    assert!(matches!(
        SignedCheckpoint::open(only.as_bytes(), &[signer().verifier()]),
        Err(Error::NotSigned { .. })
    ));
    assert_eq!(note.cosignatures(&[as_witness.verifier()]).unwrap(), []);
    let standard = signed_note::StandardSigner::new(PRIVATE).unwrap();
    assert_eq!(standard.name(), "PeterNeumann");
}

#[test]
fn the_head_of_a_log_is_of_its_entries() {
    let (entries, note) = log(3);
    let head = Checkpoint::parse_unverified(note.as_bytes()).unwrap();
    assert_eq!((head.size, entries.len()), (3, 3));
}
