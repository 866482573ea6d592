//! A whole log, its tiles, and one entry's proof in a file.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{at, draft, hashes, leaf, log, origin, salts, signer};
use ledger::{
    Checkpoint, Error, Frontier, InclusionProof, Leaf, LogCheck, LogSigner, Origin, SignedCheckpoint,
    TlogProof, Tree, leaf_hash,
    tile::{TileId, TileKind, TileNodes, entry_bundle, split_entry_bundle},
    verify_log,
};
use proptest::prelude::*;

fn verify(entries: &[Vec<u8>], note: &str) -> Result<usize, Error> {
    let verified = verify_log(entries.iter().map(Vec::as_slice), note.as_bytes(), &[signer().verifier()])?;
    Ok(verified.leaves.len())
}

/// A head that the log's key signs over whatever entries there are: the administrator who has the key.
fn resigned(entries: &[Vec<u8>]) -> String {
    let hashes: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    signer().sign(&Checkpoint::of(origin(), &Frontier::from_leaves(&hashes))).unwrap().note().to_owned()
}

#[test]
fn a_good_log_verifies_also_when_empty() {
    for count in [0, 1, 2, 20] {
        let (entries, note) = log(count);
        assert_eq!(verify(&entries, &note).unwrap(), count as usize);
    }
}

#[test]
fn an_entry_removed_inserted_swapped_or_edited_is_found() {
    let (entries, note) = log(20);
    for place in 0..20 {
        let mut removed = entries.clone();
        removed.remove(place);
        assert!(verify(&removed, &note).is_err());

        let mut doubled = entries.clone();
        doubled.insert(place, entries[place].clone());
        assert!(matches!(verify(&doubled, &note), Err(Error::Order { .. })));

        let edited =
            String::from_utf8(entries[place].clone()).unwrap().replace("run-17", "run-18").into_bytes();
        let mut log = entries.clone();
        log[place] = edited;
        assert!(matches!(verify(&log, &note), Err(Error::Root { .. })));

        let mut swapped = entries.clone();
        swapped.swap(place, (place + 1) % 20);
        assert!(matches!(verify(&swapped, &note), Err(Error::Order { .. })));
    }
    assert_eq!(verify(&entries[..19], &note), Err(Error::Size { found: 19, expected: 20 }));
}

#[test]
fn even_with_the_logs_key_order_can_not_be_broken() {
    let (entries, _) = log(5);
    let with = |place: usize, leaf: Leaf| {
        let mut log = entries.clone();
        log[place] = leaf.into_bytes();
        let note = resigned(&log);
        verify(&log, &note)
    };
    let sealed = |index, ms, origin: &str| {
        draft().seal(index, at(ms), &Origin::new(origin).unwrap(), None, &mut salts()).unwrap().0
    };
    assert_eq!(with(3, sealed(3, 3, "exq.example/log")), Ok(5));
    assert_eq!(with(3, sealed(3, 2, "exq.example/log")), Ok(5), "equal times are fine");
    assert!(
        matches!(with(3, sealed(3, 1, "exq.example/log")), Err(Error::Order { index: 3, .. })),
        "backdated"
    );
    assert!(
        matches!(with(3, sealed(3, 99, "exq.example/log")), Err(Error::Order { index: 4, .. })),
        "postdated"
    );
    assert!(matches!(with(3, sealed(4, 3, "exq.example/log")), Err(Error::Order { index: 3, .. })));
    assert!(matches!(with(3, sealed(3, 3, "exq.example/other")), Err(Error::Order { index: 3, .. })));

    let mut log = entries.clone();
    log[3].push(b' ');
    assert!(matches!(verify(&log, &resigned(&log)), Err(Error::Entry { index: 3, .. })));
}

#[test]
fn a_refused_entry_leaves_the_check_as_it_was() {
    let (entries, note) = log(3);
    let mut check = LogCheck::new(origin());
    for entry in &entries {
        check.push(entry).unwrap();
        let before = (check.size(), check.root(), check.last_at());
        assert!(check.push(b"{}").is_err());
        assert!(check.push(entry).is_err());
        assert_eq!((check.size(), check.root(), check.last_at()), before);
    }
    check.matches(&Checkpoint::parse_unverified(note.as_bytes()).unwrap()).unwrap();
    let other = Checkpoint { origin: Origin::new("x").unwrap(), size: 3, root: check.root() };
    assert!(matches!(check.matches(&other), Err(Error::OtherLog { .. })));
}

fn proof_file() -> (Vec<Vec<u8>>, TlogProof) {
    let (entries, note) = log(20);
    let tree = Tree::from_leaves(&entries.iter().map(|entry| leaf_hash(entry)).collect::<Vec<_>>());
    let signed = SignedCheckpoint::open(note.as_bytes(), &[signer().verifier()]).unwrap();
    (entries, TlogProof::new(tree.prove(11, 20).unwrap(), &signed).unwrap())
}

#[test]
fn a_proof_file_proves_its_entry_and_no_other() {
    let (entries, proof) = proof_file();
    let read = TlogProof::parse(&proof.to_text()).unwrap();
    assert_eq!(read, proof);
    assert_eq!(read.verify(&entries[11], &[signer().verifier()]).unwrap().checkpoint().size, 20);
    for (place, entry) in entries.iter().enumerate().filter(|(place, _)| *place != 11) {
        assert_eq!(
            read.verify(entry, &[signer().verifier()]),
            Err(Error::Proof("inclusion")),
            "entry {place}"
        );
    }
    let other = LogSigner::from_seed(origin(), &[8; 32]).verifier();
    assert!(matches!(read.verify(&entries[11], &[other]), Err(Error::NotSigned { .. })));
    let smaller = InclusionProof { index: 0, size: 1, path: vec![] };
    let signed = SignedCheckpoint::open(proof.note.as_bytes(), &[signer().verifier()]).unwrap();
    assert_eq!(TlogProof::new(smaller, &signed), Err(Error::Size { found: 1, expected: 20 }));
}

#[test]
fn every_bit_of_a_proof_file_flipped_is_refused() {
    let (entries, proof) = proof_file();
    let bytes = proof.to_text().into_bytes();
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut bad = bytes.clone();
            bad[place] ^= 1 << bit;
            let Ok(text) = String::from_utf8(bad) else { continue };
            let verified =
                TlogProof::parse(&text).and_then(|p| p.verify(&entries[11], &[signer().verifier()]));
            assert!(verified.is_err(), "{text}");
        }
    }
}

#[test]
fn a_proof_file_has_one_spelling() {
    let (_, mut proof) = proof_file();
    proof.extra = Some(b"for the reader".to_vec());
    let text = proof.to_text();
    assert_eq!(TlogProof::parse(&text).unwrap(), proof);
    for (from, to) in [
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        ("c2sp.org/tlog-proof@v1\n", ""),
        ("index 11", "index 011"),
        ("index 11", "index +11"),
        ("index 11", "index  11"),
        ("index 11", "index 11 "),
        ("index 11\n", ""),
        ("index 11", "index 99999999999999999999"),
        ("extra ", "extra  "),
        ("extra ", "Extra "),
        ("\n\n", "\n"),
        ("\n\n", "\r\n\r\n"),
    ] {
        assert!(text.contains(from));
        assert!(
            matches!(TlogProof::parse(&text.replacen(from, to, 1)), Err(Error::TlogProof(_))),
            "{from} → {to}"
        );
    }
    let long =
        text.replacen("index 11\n", &format!("index 11\n{}", format!("{}\n", hashes(1)[0]).repeat(65)), 1);
    assert_eq!(TlogProof::parse(&long), Err(Error::TlogProof("more hashes than any tree needs")));
}

#[test]
fn tile_paths_are_those_of_the_specification() {
    for (tile, path) in [
        (
            TileId { kind: TileKind::Hashes { level: 0 }, index: 1_234_067, width: 256 },
            "tile/0/x001/x234/067",
        ),
        (TileId { kind: TileKind::Hashes { level: 7 }, index: 0, width: 1 }, "tile/7/000.p/1"),
        (TileId { kind: TileKind::Entries, index: 1000, width: 255 }, "tile/entries/x001/000.p/255"),
    ] {
        assert_eq!(tile.to_string(), path);
        assert_eq!(TileId::parse(path).unwrap(), tile);
    }
    for path in [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/00/000",
        "tile/8/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/+1",
        "tile/0/000.p",
        "tile/0/000.p/1/2",
        "tile/0/000/",
        "tile/data/000",
        "tile/0/x1/000",
        "tile/0/../000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/000?",
        "tile/0/+00",
    ] {
        assert!(matches!(TileId::parse(path), Err(Error::Tile { .. })), "{path}");
    }
}

#[test]
fn a_tree_of_70000_has_the_tiles_that_the_specification_counts() {
    let tiles = TileId::grown(0, 70_000);
    let of = |kind, full: bool| {
        tiles.iter().filter(|t| t.kind == kind && (t.width == 256) == full).collect::<Vec<_>>()
    };
    let level = |level| TileKind::Hashes { level };
    assert_eq!((of(level(0), true).len(), of(level(0), false)[0].width), (273, 112));
    assert_eq!((of(level(1), true).len(), of(level(1), false)[0].width), (1, 17));
    assert_eq!((of(level(2), true).len(), of(level(2), false)[0].width), (0, 1));
    assert_eq!((of(TileKind::Entries, true).len(), of(TileKind::Entries, false)[0].width), (273, 112));
    assert_eq!(tiles.len(), 2 * 274 + 2 + 1);
    assert_eq!(TileId::grown(256, 256), []);
    let one: Vec<_> = TileId::grown(256, 257).iter().map(ToString::to_string).collect();
    assert_eq!(one, ["tile/0/001.p/1", "tile/entries/001.p/1"]);
    assert!(!TileId::grown(u64::MAX - 1, u64::MAX).is_empty());
}

#[test]
fn proofs_read_from_tiles_are_those_of_the_tree() {
    let size = 70_000;
    let leaves = hashes(size);
    let tree = Tree::from_leaves(&leaves);
    let nodes = TileNodes::new(size, |tile: TileId| tile.hashes(&tree).ok());
    for index in [0, 1, 255, 256, 257, 32_768, 65_535, 65_536, 69_887, 69_888, 69_999] {
        assert_eq!(InclusionProof::make(index, size, &nodes).unwrap(), tree.prove(index, size).unwrap());
        let growth = ledger::ConsistencyProof::make(index, size, &nodes).unwrap();
        assert_eq!(growth, tree.prove_growth(index, size).unwrap());
    }
    let short =
        TileNodes::new(size, |tile: TileId| tile.hashes(&tree).ok().map(|mut bytes| bytes.split_off(32)));
    assert!(matches!(InclusionProof::make(0, size, &short), Err(Error::MissingNode { .. })));
    let long = TileNodes::new(size, |tile: TileId| {
        tile.hashes(&tree).ok().map(|bytes| [bytes, vec![0; 32]].concat())
    });
    assert!(matches!(InclusionProof::make(0, size, &long), Err(Error::MissingNode { .. })));
    let wrong = TileNodes::new(size, |tile: TileId| {
        let mut bytes = tile.hashes(&tree).ok()?;
        bytes.iter_mut().for_each(|byte| *byte ^= 1);
        Some(bytes)
    });
    let proof = InclusionProof::make(0, size, &wrong).unwrap();
    assert!(proof.verify(&leaves[0], &tree.root()).is_err());
    let entries = TileId { kind: TileKind::Entries, index: 0, width: 1 };
    assert!(matches!(entries.hashes(&tree), Err(Error::Tile { .. })));
}

#[test]
fn tiles_are_those_of_an_independent_implementation() {
    struct Stored(Vec<tlog_tiles::Hash>);
    impl tlog_tiles::HashReader for Stored {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
            Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
        }
    }
    let leaves = hashes(600);
    let mut stored = Stored(Vec::new());
    for (index, leaf) in leaves.iter().enumerate() {
        let leaf = tlog_tiles::Hash(*leaf.as_bytes());
        let new = tlog_tiles::stored_hashes_for_record_hash(index as u64, leaf, &stored).unwrap();
        stored.0.extend(new);
    }
    let tree = Tree::from_leaves(&leaves);
    assert_eq!(tlog_tiles::tree_hash(600, &stored).unwrap().0, *tree.root().as_bytes());
    let theirs = tlog_tiles::Tile::new_tiles(8, 0, 600);
    let ours: Vec<_> =
        TileId::grown(0, 600).into_iter().filter(|tile| tile.kind != TileKind::Entries).collect();
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours.to_string().replace("tile/", "tile/8/"), theirs.path());
        assert_eq!(ours.hashes(&tree).unwrap(), theirs.read_data(&stored).unwrap());
    }
}

#[test]
fn entry_bundles_hold_entries_as_they_are() {
    let (entries, _) = log(20);
    let bundle = entry_bundle(entries.iter().map(Vec::as_slice)).unwrap();
    assert_eq!(split_entry_bundle(&bundle).unwrap(), entries);
    assert_eq!(bundle[..2], (entries[0].len() as u16).to_be_bytes());
    for end in 1..bundle.len() {
        if let Ok(cut) = split_entry_bundle(&bundle[..end]) {
            assert_eq!(cut, entries[..cut.len()], "cut between two entries");
        }
    }
    assert!(matches!(entry_bundle([&[0u8; 65_536][..]]), Err(Error::Limit { .. })));
    assert!(matches!(entry_bundle(vec![&b"x"[..]; 257]), Err(Error::Limit { .. })));
    assert!(matches!(split_entry_bundle(&[0; 2 * 257]), Err(Error::Tile { .. })));
    assert!(leaf(0).0.bytes().len() <= ledger::MAX_LEAF_BYTES);
}

proptest! {
    #[test]
    fn any_tile_path_survives_its_text(level in 0u8..9, index in any::<u64>(), width in 1u16..=256) {
        let kind = if level == 8 { TileKind::Entries } else { TileKind::Hashes { level } };
        let tile = TileId { kind, index, width };
        prop_assert_eq!(TileId::parse(&tile.to_string()).unwrap(), tile);
    }

    #[test]
    fn no_parser_panics_and_what_one_reads_it_prints(text in "\\PC{0,80}|[a-z0-9+/=\n —.@]{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for bytes in [text.as_bytes(), &bytes] {
            let text = String::from_utf8_lossy(bytes);
            if let Ok(tile) = TileId::parse(&text) {
                prop_assert_eq!(tile.to_string(), text.as_ref());
            }
            if let Ok(proof) = TlogProof::parse(&text) {
                prop_assert_eq!(proof.to_text(), text.as_ref());
            }
            if let Ok(head) = Checkpoint::parse_text(&text) {
                prop_assert_eq!(head.text(), text.as_ref());
            }
            if let Ok(frontier) = Frontier::from_bytes(bytes) {
                prop_assert_eq!(frontier.to_bytes(), bytes);
            }
            if let Ok(entries) = split_entry_bundle(bytes) {
                prop_assert_eq!(entry_bundle(entries).unwrap(), bytes);
            }
            prop_assert!(Leaf::decode(bytes).is_err());
            prop_assert!(Checkpoint::parse_unverified(bytes).is_err());
            prop_assert!(SignedCheckpoint::open(bytes, &[signer().verifier()]).is_err());
            prop_assert!(ledger::VerifierKey::parse(&text).is_err());
            prop_assert!(ledger::CosignerKey::parse(&text).is_err());
            prop_assert!(LogSigner::parse(&text.as_ref().to_owned().into()).is_err());
        }
    }

    #[test]
    fn a_note_with_bytes_spliced_in_is_refused(start in any::<usize>(), length in 0usize..6, splice in "[ -~\n—]{0,6}") {
        let (_, note) = log(3);
        let mut bytes = note.clone().into_bytes();
        let start = start % bytes.len();
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, splice.bytes());
        if let Ok(opened) = SignedCheckpoint::open(&bytes, &[signer().verifier()]) {
            prop_assert_eq!(opened.checkpoint(), &Checkpoint::parse_unverified(note.as_bytes()).unwrap());
        }
    }
}
