//! Everything that a ledger writes has one spelling: what is read and written again is the same.

use std::str::from_utf8;

use ::ledger::{
    Checkpoint, ConsistencyProof, CosignerKey, Frontier, Hash, InclusionProof, Leaf, LogSigner, Origin,
    SignedCheckpoint, TlogProof, VerifierKey,
    tile::{TileId, entry_bundle, split_entry_bundle},
};

use crate::reader::Reader;

pub(super) fn run(data: &[u8]) {
    if let Ok(leaf) = Leaf::decode(data) {
        assert_eq!(leaf.bytes(), data, "a leaf has one spelling");
    }
    if let Ok(entries) = split_entry_bundle(data) {
        assert_eq!(entry_bundle(entries).ok().as_deref(), Some(data), "a bundle of entries has one spelling");
    }
    if let Ok(frontier) = Frontier::from_bytes(data) {
        assert_eq!(frontier.to_bytes(), data, "a frontier has one spelling");
        let _ = frontier.root();
    }
    let _ = Checkpoint::parse_unverified(data);
    note(data);
    if let Ok(text) = from_utf8(data) {
        texts(text);
    }
    proofs(data);
}

/// A note opens only as it was signed, but for signatures of others behind it.
fn note(data: &[u8]) {
    let Ok(origin) = Origin::new("log.example/x") else { return };
    let signer = LogSigner::from_seed(origin, &[1; 32]);
    if let Ok(signed) = SignedCheckpoint::open(data, &[signer.verifier()]) {
        assert_eq!(signed.note().as_bytes(), data, "a note is kept as it is");
        let again = signer.sign(signed.checkpoint());
        let ours = again.as_ref().map(|again| again.note()).unwrap_or_default();
        // Ed25519 signs the same the same: our own line must be among those that are there.
        let line = ours.lines().last().unwrap_or_default();
        assert!(signed.note().lines().any(|other| other == line), "nobody else signs for us");
    }
}

fn texts(text: &str) {
    if let Ok(checkpoint) = Checkpoint::parse_text(text) {
        assert_eq!(checkpoint.text(), text, "a checkpoint has one spelling");
    }
    if let Ok(proof) = TlogProof::parse(text) {
        assert_eq!(proof.to_text(), text, "a proof has one spelling");
        let _ = proof.verify(b"entry", &[]);
    }
    if let Ok(tile) = TileId::parse(text) {
        assert_eq!(tile.to_string(), text, "a tile has one path");
    }
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text.trim_end_matches('\n'), "a key has one spelling");
    }
    if let Ok(key) = CosignerKey::parse(text) {
        assert_eq!(key.to_string(), text.trim_end_matches('\n'), "a key has one spelling");
    }
    if let Ok(time) = ::ledger::Time::parse(text) {
        assert_eq!(time.to_string(), text, "a moment has one spelling");
    }
    if let Ok(origin) = Origin::new(text) {
        assert_eq!(origin.as_str(), text, "an origin is taken as it is");
    }
    if let Some(hash) = Hash::from_base64(text) {
        assert_eq!(hash.to_base64(), text, "a hash has one spelling");
    }
}

/// A proof of anything, for any size: it ends, and holds for no root that was not built.
fn proofs(data: &[u8]) {
    let mut reader = Reader::new(data);
    let number = |reader: &mut Reader<'_>| {
        let mut bytes = [0; 8];
        let width = usize::from(reader.byte() % 9);
        for (to, from) in bytes.iter_mut().zip(reader.take(width)) {
            *to = *from;
        }
        u64::from_le_bytes(bytes)
    };
    let (one, other) = (number(&mut reader), number(&mut reader));
    let path: Vec<Hash> = (0..reader.byte() % 70).map(|n| Hash::new([n; 32])).collect();
    let hash = Hash::new([0xee; 32]);
    let included = InclusionProof { index: one, size: other, path: path.clone() };
    assert!(included.verify(&Hash::new([0xaa; 32]), &hash).is_err(), "a root that nobody built");
    let grew = ConsistencyProof { old: one, new: other, path }.verify(&Hash::new([0xaa; 32]), &hash);
    assert!(grew.is_err(), "a root that nobody built");
}
