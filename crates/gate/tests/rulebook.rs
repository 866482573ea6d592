//! How the operations project is read from git.
#![allow(clippy::unwrap_used, clippy::panic)] // these are tests

mod common;

use common::Ops;
use gate::{CaseError, Rulebook, RulebookError, read_tree, revision};
use notedb::testing::World;
use notedb::{Entry, Kind, Mode, ObjectId, Tree};

fn commit(world: &mut World, tree: ObjectId) -> model::Revision {
    revision(&world.commit(tree, &[], "A <a@b>", "A <a@b>", "x\n"))
}

fn entry(bits: u32, name: &str, id: ObjectId) -> Entry {
    Entry { mode: Mode::from_bits(bits), name: name.as_bytes().to_vec(), id }
}

#[test]
fn a_commit_of_the_operations_project_is_what_its_files_say() {
    let mut world = World::default();
    let tree = Ops::default().tree();
    let files: Vec<_> =
        tree.files().map(|(path, bytes)| (path, std::str::from_utf8(bytes).unwrap())).collect();
    let id = world.tree(&files);
    let commit = commit(&mut world, id);
    assert_eq!(read_tree(&world, &commit).unwrap(), tree);
    let rulebook = Rulebook::at(&world, &commit).unwrap();
    assert_eq!(rulebook.commit, commit);
    assert_eq!(rulebook.configuration.operations().count(), 1);
}

#[test]
fn links_and_submodules_are_no_files() {
    let mut world = World::default();
    let blob = world.objects.insert(Kind::Blob, b"x".to_vec());
    let entries = vec![
        entry(0o100_755, "file", blob),
        entry(0o120_000, "link", blob),
        entry(0o160_000, "module", blob),
    ];
    let tree = world.objects.insert(Kind::Tree, Tree { entries }.to_bytes());
    let commit = commit(&mut world, tree);
    let read = read_tree(&world, &commit).unwrap();
    assert_eq!(read.files().collect::<Vec<_>>(), [("file", b"x".as_slice())]);
}

#[test]
fn what_is_missing_is_no_configuration_with_less_in_it() {
    let mut world = World::default();
    let nowhere = ObjectId::from_bytes([9; 20]);
    let missing = |world: &World, commit| {
        let error = read_tree(world, &commit).unwrap_err();
        assert!(matches!(error, RulebookError::Case(CaseError::Missing { .. })), "{error}");
    };
    missing(&world, revision(&nowhere));
    for bits in [0o100_644, 0o040_000] {
        let tree = Tree { entries: vec![entry(bits, "policies", nowhere)] };
        let tree = world.objects.insert(Kind::Tree, tree.to_bytes());
        let commit = commit(&mut world, tree);
        missing(&world, commit);
    }
}

#[test]
fn names_that_are_paths_or_hide_something_are_refused() {
    let mut world = World::default();
    let blob = world.objects.insert(Kind::Blob, b"x".to_vec());
    for name in ["policies/team.cedar", "..", ".git", "a\nb", "a\\b"] {
        let tree = Tree { entries: vec![entry(0o100_644, name, blob)] };
        let tree = world.objects.insert(Kind::Tree, tree.to_bytes());
        let commit = commit(&mut world, tree);
        let error = read_tree(&world, &commit).unwrap_err();
        assert!(matches!(error, RulebookError::Tree(_)), "{name:?}: {error}");
    }
    // The same name twice: a reader of the diff sees one of them.
    let other = world.objects.insert(Kind::Blob, b"y".to_vec());
    let tree = Tree { entries: vec![entry(0o100_644, "a", blob), entry(0o100_644, "a", other)] };
    let tree = world.objects.insert(Kind::Tree, tree.to_bytes());
    let commit = commit(&mut world, tree);
    assert!(read_tree(&world, &commit).is_err());
}

/// Each folder holds the one below it ten times: 16 objects, and 10^15 paths.
#[test]
fn a_tree_of_many_paths_to_few_objects_ends_soon() {
    let mut world = World::default();
    let mut tree = world.objects.insert(Kind::Tree, Vec::new());
    for _ in 0..15 {
        let entries = (0..10).map(|n| entry(0o040_000, &n.to_string(), tree)).collect();
        tree = world.objects.insert(Kind::Tree, Tree { entries }.to_bytes());
    }
    let commit = commit(&mut world, tree);
    let error = read_tree(&world, &commit).unwrap_err();
    assert!(error.to_string().contains("folders"), "{error}");
}

#[test]
fn a_tree_with_mistakes_says_all_of_them_and_is_no_rulebook() {
    let ops = Ops { operation: "operation: other\nmode: enforce\nsteps: []\n".into(), ..Ops::default() };
    let Err(RulebookError::Files(report)) = Rulebook::of_tree(ops.commit(), &ops.tree()) else {
        panic!("it is one")
    };
    assert!(!report.is_ok());
    let ops = Ops::policy("permit (principal, action, resource) when { context.nothing };");
    assert!(matches!(Rulebook::of_tree(ops.commit(), &ops.tree()), Err(RulebookError::Policies(_))));
}
