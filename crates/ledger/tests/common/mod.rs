//! A small log to test with.
#![allow(dead_code, unreachable_pub)]

use ledger::{
    Checkpoint, Draft, Frontier, Hash, Leaf, LogSigner, Origin, Salt, Sealed, StateRef, Time, leaf_hash,
};

pub fn origin() -> Origin {
    Origin::new("exq.example/log").unwrap()
}

pub fn at(ms: i64) -> Time {
    Time::from_unix_ms(1_795_507_200_123 + ms).unwrap()
}

/// Salts that are as predictable as a test needs.
pub fn salts() -> impl FnMut() -> [u8; 32] {
    let mut count = 0u8;
    move || {
        count += 1;
        [count; 32]
    }
}

pub fn draft() -> Draft {
    Draft::new("grant.issued")
        .fact("run", "run-17")
        .fact("change", 4711u32)
        .fact("voters", &["acc-1001", "acc-1002"][..])
        .seal_text("justification", "Ada says: the shop is slow")
        .seal_text("claims", r#"{"name":"Ada"}"#)
}

pub fn state() -> StateRef {
    StateRef::new("run", "run-17", 3, &Salt::new([9; 32]), br#"{"run":"run-17","state":"granted"}"#)
}

pub fn leaf(index: u64) -> (Leaf, Vec<Sealed>) {
    draft().seal(index, at(index as i64), &origin(), Some(state()), &mut salts()).unwrap()
}

pub fn signer() -> LogSigner {
    LogSigner::from_seed(origin(), &[7; 32])
}

/// Entries 0 to `count` − 1 and their signed head.
pub fn log(count: u64) -> (Vec<Vec<u8>>, String) {
    let entries: Vec<_> = (0..count).map(|index| leaf(index).0.into_bytes()).collect();
    let hashes: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let head = Checkpoint::of(origin(), &Frontier::from_leaves(&hashes));
    (entries, signer().sign(&head).unwrap().note().to_owned())
}

/// Leaf hashes that differ from each other.
pub fn hashes(count: u64) -> Vec<Hash> {
    (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}
