//! The tree and its proofs, against the known vectors, the definition, and an independent implementation.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::hashes;
use ledger::{ConsistencyProof, Error, Frontier, Hash, InclusionProof, NodeId, Tree, leaf_hash, node_hash};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The leaves that RFC 6962 implementations share as test data.
fn known_leaves() -> Vec<Hash> {
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
        .iter()
        .map(|text| leaf_hash(&hex::decode(text).unwrap()))
        .collect()
}

/// The definition of RFC 6962, section 2.1, word for word.
fn naive(leaves: &[Hash]) -> Hash {
    match leaves.len() {
        0 => Hash::empty_root(),
        1 => leaves[0],
        n => {
            let k = n.next_power_of_two() / 2;
            node_hash(&naive(&leaves[..k]), &naive(&leaves[k..]))
        }
    }
}

#[test]
fn roots_are_those_of_the_known_vectors() {
    let known = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let leaves = known_leaves();
    let tree = Tree::from_leaves(&leaves);
    for (size, root) in known.iter().enumerate() {
        assert_eq!(Frontier::from_leaves(&leaves[..size]).root().to_hex(), *root);
        assert_eq!(tree.root_at(size as u64).unwrap().to_hex(), *root);
    }
}

#[test]
fn proofs_are_those_of_the_known_vectors() {
    let tree = Tree::from_leaves(&known_leaves());
    let hex = |path: Vec<Hash>| path.iter().map(Hash::to_hex).collect::<Vec<_>>();
    assert_eq!(
        hex(tree.prove(0, 8).unwrap().path),
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
    );
    assert_eq!(
        hex(tree.prove_growth(6, 8).unwrap().path),
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
}

#[test]
fn every_inclusion_in_every_tree_up_to_130_verifies_and_agrees_with_an_independent_implementation() {
    let leaves = hashes(130);
    let tree = Tree::from_leaves(&leaves);
    for size in 1..=130 {
        let root = tree.root_at(size).unwrap();
        assert_eq!(root, naive(&leaves[..size as usize]));
        for index in 0..size {
            let proof = tree.prove(index, size).unwrap();
            proof.verify(&leaves[index as usize], &root).unwrap();
            let path: Vec<_> = proof.path.iter().map(|hash| tlog_tiles::Hash(*hash.as_bytes())).collect();
            let (root, leaf) =
                (tlog_tiles::Hash(*root.as_bytes()), tlog_tiles::Hash(*leaves[index as usize].as_bytes()));
            tlog_tiles::check_record(&path, size, root, index, leaf).unwrap();
        }
    }
}

#[test]
fn consistency_between_all_sizes_up_to_80_verifies_and_agrees_with_an_independent_implementation() {
    let tree = Tree::from_leaves(&hashes(80));
    for new in 0..=80 {
        for old in 0..=new {
            let (old_root, new_root) = (tree.root_at(old).unwrap(), tree.root_at(new).unwrap());
            let proof = tree.prove_growth(old, new).unwrap();
            proof.verify(&old_root, &new_root).unwrap();
            if old > 0 {
                let path: Vec<_> = proof.path.iter().map(|hash| tlog_tiles::Hash(*hash.as_bytes())).collect();
                let (old_root, new_root) =
                    (tlog_tiles::Hash(*old_root.as_bytes()), tlog_tiles::Hash(*new_root.as_bytes()));
                tlog_tiles::check_tree(&path, new, new_root, old, old_root).unwrap();
            }
        }
    }
}

#[test]
fn a_proof_for_another_index_size_or_leaf_does_not_hold() {
    let leaves = hashes(40);
    let tree = Tree::from_leaves(&leaves);
    let root = tree.root();
    let proof = tree.prove(11, 40).unwrap();
    for index in (0..64).filter(|index| *index != 11) {
        assert!(
            InclusionProof { index, ..proof.clone() }.verify(&leaves[11], &root).is_err(),
            "index {index}"
        );
    }
    for other in leaves.iter().filter(|leaf| **leaf != leaves[11]) {
        assert!(proof.verify(other, &root).is_err());
    }
    for size in (0..40).chain(41..80) {
        // A proof doesn't bind the size by itself; the checkpoint does. With that size's own root it must not hold.
        let root = Tree::from_leaves(&hashes(size)).root();
        assert!(InclusionProof { size, ..proof.clone() }.verify(&leaves[11], &root).is_err(), "size {size}");
    }
}

#[test]
fn a_proof_that_stops_below_the_root_does_not_hold() {
    let leaves = hashes(8);
    let tree = Tree::from_leaves(&leaves);
    let mut proof = tree.prove(0, 8).unwrap();
    proof.path.pop();
    assert!(proof.verify(&leaves[0], &tree.root_at(4).unwrap()).is_err(), "the root of the left half");

    let mut growth = tree.prove_growth(3, 8).unwrap();
    growth.path.pop();
    assert!(growth.verify(&tree.root_at(3).unwrap(), &tree.root_at(4).unwrap()).is_err());
}

#[test]
fn a_rewritten_history_has_no_consistency_proof() {
    let before = hashes(23);
    for changed in 0..23 {
        let mut after = hashes(37);
        after[changed] = leaf_hash(b"rewritten");
        let (before, after) = (Tree::from_leaves(&before), Tree::from_leaves(&after));
        let proof = after.prove_growth(23, 37).unwrap();
        assert_eq!(proof.verify(&before.root(), &after.root()), Err(Error::Proof("consistency")));
    }
}

#[test]
fn an_emptied_log_is_not_consistent() {
    let tree = Tree::from_leaves(&hashes(5));
    let proof = ConsistencyProof { old: 0, new: 5, path: vec![] };
    proof.verify(&Hash::empty_root(), &tree.root()).unwrap();
    assert!(proof.verify(&tree.root(), &tree.root()).is_err());
    let shrunk = ConsistencyProof { old: 5, new: 0, path: vec![] };
    assert!(shrunk.verify(&tree.root(), &Hash::empty_root()).is_err());
    let same = ConsistencyProof { old: 5, new: 5, path: vec![] };
    assert!(same.verify(&tree.root(), &Hash::empty_root()).is_err());
    assert!(ConsistencyProof { path: vec![tree.root()], ..same }.verify(&tree.root(), &tree.root()).is_err());
    let nothing = ConsistencyProof { old: 0, new: 0, path: vec![] };
    nothing.verify(&Hash::empty_root(), &Hash::empty_root()).unwrap();
    assert!(nothing.verify(&tree.root(), &tree.root()).is_err());
}

#[test]
fn what_is_not_in_the_tree_is_not_proven() {
    let tree = Tree::from_leaves(&hashes(5));
    let out = |what, found, size| Err(Error::OutOfRange { what, found, size });
    assert_eq!(tree.prove(5, 5), out("leaf", 5, 5));
    assert_eq!(tree.prove(0, 0), out("leaf", 0, 0));
    assert_eq!(tree.prove(0, 6), out("size", 6, 5));
    assert_eq!(
        tree.prove_growth(4, 3).map(|_| ()),
        Err(Error::OutOfRange { what: "older size", found: 4, size: 3 })
    );
    let missing = InclusionProof::make(0, 2, &|_: NodeId| None);
    assert_eq!(missing, Err(Error::MissingNode { level: 0, index: 1 }));
}

#[test]
fn proofs_at_the_largest_sizes_neither_panic_nor_hold() {
    let any = |_: NodeId| Some(Hash::new([1; 32]));
    for size in [1 << 62, (1 << 63) - 1, 1 << 63, u64::MAX - 1, u64::MAX] {
        for index in [0, 1, size / 2, size - 1] {
            let proof = InclusionProof::make(index, size, &any).unwrap();
            assert!(proof.path.len() <= 64);
            assert!(proof.verify(&Hash::new([1; 32]), &Hash::new([1; 32])).is_err());
            let proof = ConsistencyProof::make(index, size, &any).unwrap();
            assert!(proof.path.len() <= 65);
            assert!(proof.verify(&Hash::new([1; 32]), &Hash::new([2; 32])).is_err());
        }
    }
}

#[test]
fn a_frontier_survives_its_bytes_and_refuses_other_ones() {
    for size in 0..70 {
        let frontier = Frontier::from_leaves(&hashes(size));
        let bytes = frontier.to_bytes();
        assert_eq!(Frontier::from_bytes(&bytes).unwrap(), frontier);
        assert!(Frontier::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
        assert!(Frontier::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    }
    let huge = [&u64::MAX.to_be_bytes()[..], &[0; 64 * 32]].concat();
    assert_eq!(Frontier::from_bytes(&huge), Err(Error::Frontier("larger than any log")));
}

#[test]
fn appending_tells_each_complete_node_once() {
    let leaves = hashes(100);
    let (mut frontier, mut nodes) = (Frontier::new(), BTreeMap::new());
    for leaf in &leaves {
        frontier.append_with(*leaf, |id, hash| assert_eq!(nodes.insert(id, hash), None));
    }
    assert_eq!(nodes.len(), 100 + 50 + 25 + 12 + 6 + 3 + 1);
    for (id, hash) in &nodes {
        let first = (id.index << id.level) as usize;
        assert_eq!(*hash, naive(&leaves[first..first + (1 << id.level)]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_inclusion_verifies_and_any_flipped_bit_refuses(size in 1u64..3000, pick in any::<u64>(), bit in any::<usize>()) {
        let leaves = hashes(size);
        let tree = Tree::from_leaves(&leaves);
        let index = pick % size;
        let (leaf, root) = (leaves[index as usize], tree.root());
        let proof = tree.prove(index, size).unwrap();
        proof.verify(&leaf, &root).unwrap();

        let flip = |hash: &Hash, bit: usize| {
            let mut bytes = *hash.as_bytes();
            bytes[bit / 8 % 32] ^= 1 << (bit % 8);
            Hash::new(bytes)
        };
        prop_assert!(proof.verify(&flip(&leaf, bit), &root).is_err());
        prop_assert!(proof.verify(&leaf, &flip(&root, bit)).is_err());
        for place in 0..proof.path.len() {
            let mut bad = proof.clone();
            bad.path[place] = flip(&bad.path[place], bit);
            prop_assert!(bad.verify(&leaf, &root).is_err());
            let mut bad = proof.clone();
            bad.path.remove(place);
            prop_assert!(bad.verify(&leaf, &root).is_err());
            let mut bad = proof.clone();
            bad.path.insert(place, flip(&root, bit));
            prop_assert!(bad.verify(&leaf, &root).is_err());
        }
        let mut long = proof;
        long.path.push(root);
        prop_assert!(long.verify(&leaf, &root).is_err());
    }

    #[test]
    fn any_growth_verifies_and_any_flipped_bit_refuses(new in 2u64..2000, pick in any::<u64>(), bit in any::<usize>()) {
        let tree = Tree::from_leaves(&hashes(new));
        let old = 1 + pick % (new - 1);
        let (old_root, new_root) = (tree.root_at(old).unwrap(), tree.root());
        let proof = tree.prove_growth(old, new).unwrap();
        proof.verify(&old_root, &new_root).unwrap();
        prop_assert!(proof.verify(&new_root, &old_root).is_err());
        for place in 0..proof.path.len() {
            let mut bad = proof.clone();
            let mut bytes = *bad.path[place].as_bytes();
            bytes[bit / 8 % 32] ^= 1 << (bit % 8);
            bad.path[place] = Hash::new(bytes);
            prop_assert!(bad.verify(&old_root, &new_root).is_err());
            let mut bad = proof.clone();
            bad.path.remove(place);
            prop_assert!(bad.verify(&old_root, &new_root).is_err());
        }
    }

    #[test]
    fn what_a_proof_needs_is_exactly_what_it_reads(size in 1u64..5000, pick in any::<u64>()) {
        let tree = Tree::from_leaves(&hashes(size));
        let index = pick % size;
        let read = |needs: Vec<NodeId>| {
            let nodes: BTreeMap<_, _> = needs.into_iter().map(|id| (id, ledger::Nodes::node(&tree, id).unwrap())).collect();
            move |id: NodeId| nodes.get(&id).copied()
        };
        let nodes = read(InclusionProof::needs(index, size).unwrap());
        prop_assert_eq!(InclusionProof::make(index, size, &nodes).unwrap(), tree.prove(index, size).unwrap());
        let nodes = read(ConsistencyProof::needs(index, size).unwrap());
        prop_assert_eq!(ConsistencyProof::make(index, size, &nodes).unwrap(), tree.prove_growth(index, size).unwrap());
    }

    #[test]
    fn random_proofs_never_hold_and_never_panic(
        index in any::<u64>(), size in any::<u64>(), path in prop::collection::vec(any::<[u8; 32]>(), 0..70),
        leaf in any::<[u8; 32]>(), root in any::<[u8; 32]>(),
    ) {
        let path: Vec<_> = path.into_iter().map(Hash::new).collect();
        let (leaf, root) = (Hash::new(leaf), Hash::new(root));
        let inclusion = InclusionProof { index, size, path: path.clone() };
        prop_assert!(inclusion.verify(&leaf, &root).is_err());
        let growth = ConsistencyProof { old: index, new: size, path };
        prop_assert!(growth.verify(&leaf, &root).is_err());
    }
}
