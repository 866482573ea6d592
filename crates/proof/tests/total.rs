//! Whatever is read, verifying ends with an answer: no panic, no endless work.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // tests

use std::collections::BTreeMap;

use ledger::{Checkpoint, LogSigner, Origin, Tree, VerifierKey};
use model::{Digest, RunId};
use proof::{Bundle, BundleEntry, BundleText, GitObjects, verify};
use proptest::prelude::*;

fn signer() -> LogSigner {
    LogSigner::from_seed(Origin::new("log.example/x").unwrap(), &[1; 32])
}

fn key() -> VerifierKey {
    signer().verifier()
}

/// A text that is sometimes nearly right.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "[0-9a-f]{64}",
        "[A-Za-z0-9+/]{0,40}={0,2}",
        Just("log.example/x\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u{2014} log.example/x AAAA\n".to_owned()),
        Just(r#"{"at":"2026-11-24T08:00:00.130Z","facts":{},"index":0,"kind":"genesis.accepted","origin":"log.example/x","sealed":{},"v":1}"#.to_owned()),
    ]
}

fn entry() -> impl Strategy<Value = BundleEntry> {
    let sealed = (text(), text()).prop_map(|(body, salt)| BundleText { body, salt });
    let sealed = prop::collection::btree_map(text(), prop::option::of(sealed), 0..3);
    (0_u64..4, text(), prop::collection::vec(text(), 0..4), sealed)
        .prop_map(|(index, leaf, path, sealed)| BundleEntry { index, leaf, path, sealed })
}

/// Facts as the engine writes them, with values that are nearly right.
fn facts() -> impl Strategy<Value = BTreeMap<String, String>> {
    let names = prop::sample::select(vec![
        "configuration",
        "git",
        "project",
        "gate",
        "executor",
        "outcome",
        "run",
        "submission",
        "case-object",
        "decision-object",
        "evidence-object",
        "git-object",
        "plan-object",
        "grant-object",
        "base",
        "did",
    ]);
    let values = prop_oneof![
        "[0-9a-f]{40}",
        "[0-9a-f]{64}",
        "[a-z]{1,8}",
        Just(Digest::of(b"{}").to_string()),
        Just(format!("ed25519:{}", "00".repeat(32))),
        Just(RunId::derive(&[b"x"]).to_string()),
    ];
    prop::collection::btree_map(names.prop_map(str::to_owned), values, 0..12)
}

/// A bundle whose entries really are in a ledger that the key signed, and say anything.
fn published() -> impl Strategy<Value = Bundle> {
    let kinds = prop::sample::select(vec![
        "genesis.accepted",
        "configuration.accepted",
        "submission.seen",
        "outcome.open",
        "outcome.running",
        "outcome.ran",
        "grant.issued",
        "grant.spent",
        "lane.moved",
        "step.started",
        "step.finished",
        "run.finished",
    ]);
    let objects = prop::collection::vec(prop_oneof![Just("{}".to_owned()), ".{0,80}"], 0..3);
    (prop::collection::vec((kinds, facts()), 1..14), objects)
        .prop_map(|(leaves, objects)| publish(&leaves, objects))
}

fn publish(leaves: &[(&str, BTreeMap<String, String>)], objects: Vec<String>) -> Bundle {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut tree = Tree::new();
    let mut entries = Vec::new();
    for (index, (kind, facts)) in (0_u64..).zip(leaves) {
        let leaf = leaf(kind, facts, index);
        tree.append(ledger::leaf_hash(leaf.as_bytes()));
        entries.push(BundleEntry { index, leaf, path: vec![], sealed: BTreeMap::new() });
    }
    for entry in &mut entries {
        let proof = tree.prove(entry.index, tree.size()).unwrap();
        entry.path = proof.path.iter().map(ledger::Hash::to_hex).collect();
    }
    let checkpoint = Checkpoint::of(signer().origin().clone(), tree.frontier());
    Bundle {
        checkpoint: signer().sign(&checkpoint).unwrap().note().to_owned(),
        entries,
        objects: objects.iter().map(|o| (Digest::of(o.as_bytes()), STANDARD.encode(o))).collect(),
        run: RunId::derive(&[b"x"]),
        schema: Bundle::SCHEMA.to_owned(),
    }
}

fn leaf(kind: &str, facts: &BTreeMap<String, String>, index: u64) -> String {
    let record = match kind.split('.').next().unwrap() {
        "genesis" => "configuration",
        "step" => "run",
        other => other,
    };
    let leaf = serde_json::json!({
        "at": "2026-11-24T08:00:00.130Z", "facts": facts, "index": index, "kind": kind, "origin": "log.example/x",
        "sealed": {}, "v": 1,
        "state": {"commitment": "00".repeat(32), "key": "operations", "kind": record, "version": 1},
    });
    String::from_utf8(model::to_canonical(&leaf).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(verify(&bytes, &key()).is_err());
        prop_assert!(GitObjects::decode(&bytes).is_err());
    }

    #[test]
    fn any_bundle(
        checkpoint in text(),
        entries in prop::collection::vec(entry(), 0..4),
        objects in prop::collection::btree_map("[0-9a-f]{0,8}".prop_map(|t| Digest::of(t.as_bytes())), text(), 0..4),
    ) {
        let (run, schema) = (RunId::derive(&[b"x"]), Bundle::SCHEMA.to_owned());
        let bundle = Bundle { checkpoint, entries, objects, run, schema };
        prop_assert!(verify(&bundle.encode().unwrap(), &key()).is_err());
    }

    #[test]
    fn any_facts_in_a_ledger_that_was_signed(bundle in published()) {
        prop_assert!(verify(&bundle.encode().unwrap(), &key()).is_err());
    }

    #[test]
    fn any_git_objects(objects in prop::collection::btree_map(".{0,44}", ("(blob|tree|commit|tag|x)", text()), 0..4)) {
        let bytes = model::to_canonical(&serde_json::json!({"objects": objects, "schema": GitObjects::SCHEMA})).unwrap();
        prop_assert_eq!(GitObjects::decode(&bytes).is_err(), !objects.is_empty());
    }
}
