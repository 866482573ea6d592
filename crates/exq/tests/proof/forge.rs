//! What a forger has: real bundles, to take apart and put together; and, where a test says so, a ledger of their own.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ledger::{Checkpoint, LogSigner, Origin, Tree, VerifierKey};
use model::Digest;
use proof::{Bundle, BundleEntry};
use serde_json::Value;

/// Small, seeded chance (xorshift64*).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

pub(crate) fn open(bytes: &[u8]) -> Bundle {
    Bundle::decode(bytes).unwrap()
}

pub(crate) fn leaf(entry: &BundleEntry) -> Value {
    serde_json::from_str(&entry.leaf).unwrap()
}

pub(crate) fn kind(entry: &BundleEntry) -> String {
    leaf(entry)["kind"].as_str().unwrap().to_owned()
}

pub(crate) fn write(value: &Value) -> String {
    String::from_utf8(model::to_canonical(value).unwrap()).unwrap()
}

/// Puts an object in, under its own digest.
pub(crate) fn add_object(bundle: &mut Bundle, bytes: &[u8]) -> Digest {
    let digest = Digest::of(bytes);
    bundle.objects.insert(digest, STANDARD.encode(bytes));
    digest
}

pub(crate) fn object(bundle: &Bundle, digest: &str) -> Option<Vec<u8>> {
    bundle.objects.get(&digest.parse().ok()?).map(|text| STANDARD.decode(text).unwrap())
}

/// Everything that looks like a digest in a text.
fn digests(text: &str) -> Vec<Digest> {
    let split = text.split(|c: char| !c.is_ascii_hexdigit());
    split.filter(|word| word.len() == 64).filter_map(|word| word.parse().ok()).collect()
}

/// Keeps the objects that entries name, and that those name: so that nothing is refused for being a leftover.
pub(crate) fn prune(bundle: &mut Bundle) {
    let mut wanted: Vec<Digest> = bundle.entries.iter().flat_map(|e| digests(&e.leaf)).collect();
    let mut kept = BTreeMap::new();
    while let Some(digest) = wanted.pop() {
        let Some(text) = bundle.objects.get(&digest) else { continue };
        if kept.insert(digest, text.clone()).is_none() {
            let bytes = STANDARD.decode(text).unwrap();
            // Cases name answers; of the others, what looks like a digest is none of an object.
            wanted.extend(digests(&String::from_utf8_lossy(&bytes)));
        }
    }
    bundle.objects = kept;
}

/// A ledger of the forger's own, or of somebody who has stolen the key: all entries anew, under one checkpoint.
pub(crate) struct OwnLedger(LogSigner);

impl OwnLedger {
    pub(crate) fn new(origin: &str) -> Self {
        Self(LogSigner::from_seed(Origin::new(origin).unwrap(), &[9; 32]))
    }

    pub(crate) fn key(&self) -> VerifierKey {
        self.0.verifier()
    }

    /// Writes the leaves as entries 0, 1, …, with proofs and checkpoint.
    pub(crate) fn publish(&self, bundle: &mut Bundle) {
        let mut tree = Tree::new();
        for (index, entry) in (0_u64..).zip(&mut bundle.entries) {
            let mut leaf = leaf(entry);
            leaf["index"] = index.into();
            entry.index = index;
            entry.leaf = write(&leaf);
            tree.append(ledger::leaf_hash(entry.leaf.as_bytes()));
        }
        for entry in &mut bundle.entries {
            let proof = tree.prove(entry.index, tree.size()).unwrap();
            entry.path = proof.path.iter().map(ledger::Hash::to_hex).collect();
        }
        let checkpoint = Checkpoint::of(self.0.origin().clone(), tree.frontier());
        bundle.checkpoint = self.0.sign(&checkpoint).unwrap().note().to_owned();
    }
}
