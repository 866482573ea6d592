//! Merging again: when a merge commit adds nothing, and when nobody can be sure of that.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which lie outside of test functions"
)]

use std::time::{Duration, Instant};

use evidence::{MergeVerdict, remerge};
use notedb::testing::World;
use notedb::{Entry, Kind, Mode, Object, ObjectId, Tree};

const FILE: u32 = 0o100_644;
const PROGRAM: u32 = 0o100_755;
const LINK: u32 = 0o120_000;

/// A commit at a second.
fn commit_at(world: &mut World, tree: ObjectId, parents: &[ObjectId], seconds: i64) -> ObjectId {
    let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
    let who = format!("A <a@example.com> {seconds} +0000");
    let text = format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\nSubject\n");
    world.objects.insert(Kind::Commit, text.into_bytes())
}

/// A tree of one level: mode, name, content.
fn tree(world: &mut World, files: &[(u32, &str, &[u8])]) -> ObjectId {
    let entries = files.iter().map(|(mode, name, content)| Entry {
        mode: Mode::from_bits(*mode),
        name: name.as_bytes().to_vec(),
        id: world.objects.insert(Kind::Blob, content.to_vec()),
    });
    let tree = Tree { entries: entries.collect() };
    world.objects.insert(Kind::Tree, tree.to_bytes())
}

/// Three trees and the tree of a commit that merges the second and third from the first.
fn merged(
    world: &mut World,
    base: ObjectId,
    ours: ObjectId,
    theirs: ObjectId,
    into: ObjectId,
) -> MergeVerdict {
    let base = commit_at(world, base, &[], 100);
    let (ours, theirs) = (commit_at(world, ours, &[base], 200), commit_at(world, theirs, &[base], 300));
    let merge = commit_at(world, into, &[ours, theirs], 400);
    remerge(&*world, merge, ours, theirs).unwrap()
}

/// The verdict on one file that both sides changed.
fn of_file(base: (u32, &[u8]), ours: (u32, &[u8]), theirs: (u32, &[u8]), into: (u32, &[u8])) -> MergeVerdict {
    let mut world = World::default();
    let trees = [base, ours, theirs, into].map(|(mode, content)| tree(&mut world, &[(mode, "f", content)]));
    merged(&mut world, trees[0], trees[1], trees[2], trees[3])
}

fn conflict(path: &str) -> MergeVerdict {
    MergeVerdict::Conflict(path.to_owned())
}

fn is_unreadable(verdict: &MergeVerdict, what: &str) -> bool {
    matches!(verdict, MergeVerdict::Unreadable(said) if said.contains(what))
}

const ONE: &[u8] = b"1\n2\n3\n4\n5\n";
const TOP: &[u8] = b"X\n2\n3\n4\n5\n";
const END: &[u8] = b"1\n2\n3\n4\nX\n";
const BOTH: &[u8] = b"X\n2\n3\n4\nX\n";

#[test]
fn lines_apart_merge_and_the_same_lines_conflict() {
    assert_eq!(of_file((FILE, ONE), (FILE, TOP), (FILE, END), (FILE, BOTH)), MergeVerdict::SameTree);
    assert_eq!(of_file((FILE, ONE), (FILE, TOP), (FILE, END), (FILE, TOP)), MergeVerdict::OtherTree);
    assert_eq!(of_file((FILE, ONE), (FILE, TOP), (FILE, b"Y\n2\n3\n4\n5\n"), (FILE, TOP)), conflict("f"));
}

#[test]
fn a_side_may_be_longer_than_all_else() {
    let long = [ONE, &b"more\n".repeat(100)].concat();
    let into = [TOP, &b"more\n".repeat(100)].concat();
    assert_eq!(of_file((FILE, ONE), (FILE, TOP), (FILE, &long), (FILE, &into)), MergeVerdict::SameTree);
    let mut world = World::default();
    let names: Vec<String> = (0..20).map(|n| format!("new-{n:02}")).collect();
    let many: Vec<(u32, &str, &[u8])> = names.iter().map(|name| (FILE, name.as_str(), ONE)).collect();
    let with =
        |f: &'static [u8], more: &[(u32, &'static str, &'static [u8])]| [&[(FILE, "f", f)], more].concat();
    let base = tree(&mut world, &with(ONE, &[]));
    let ours = tree(&mut world, &with(TOP, &[]));
    let theirs = tree(&mut world, &[&many[..], &[(FILE, "f", ONE)]].concat());
    let into = tree(&mut world, &[&many[..], &[(FILE, "f", TOP)]].concat());
    assert_eq!(merged(&mut world, base, ours, theirs, into), MergeVerdict::SameTree);
    assert_eq!(merged(&mut world, base, theirs, ours, into), MergeVerdict::SameTree);
}

#[test]
fn modes_merge_as_lines_do() {
    assert_eq!(of_file((FILE, ONE), (PROGRAM, TOP), (FILE, END), (PROGRAM, BOTH)), MergeVerdict::SameTree);
    assert_eq!(of_file((FILE, ONE), (FILE, TOP), (PROGRAM, ONE), (PROGRAM, TOP)), MergeVerdict::SameTree);
    // Added on both sides, and only one is a program.
    let mut world = World::default();
    let base = tree(&mut world, &[(FILE, "g", ONE)]);
    let ours = tree(&mut world, &[(FILE, "f", ONE), (FILE, "g", ONE)]);
    let theirs = tree(&mut world, &[(PROGRAM, "f", ONE), (FILE, "g", ONE)]);
    assert_eq!(merged(&mut world, base, ours, theirs, ours), conflict("f"));
}

#[test]
fn what_is_no_plain_file_has_no_lines_to_merge() {
    for [base, ours, theirs] in
        [[FILE, LINK, FILE], [FILE, FILE, LINK], [LINK, FILE, FILE], [LINK, LINK, LINK]]
    {
        let verdict = of_file((base, ONE), (ours, TOP), (theirs, END), (ours, BOTH));
        assert_eq!(verdict, conflict("f"), "{base:o} {ours:o} {theirs:o}");
    }
}

#[test]
fn a_file_with_a_nul_near_its_beginning_has_no_lines_either() {
    // As git has it: among the first 8,000 bytes.
    for (at, verdict) in [(7_999, conflict("f")), (8_000, MergeVerdict::SameTree)] {
        let with = |content: &[u8], nul: bool| {
            let mut all = content.to_vec();
            all.extend(b"y".repeat(at - content.len()));
            all.extend(if nul { b"\0" } else { b"y" });
            all.extend(b"\n");
            all
        };
        for nul in [[true, false, false], [false, true, false], [false, false, true], [true, true, true]] {
            let [in_base, in_ours, in_theirs] = nul;
            // Whoever has the byte alone changed the last line, which the others then leave as it is.
            let (base, ours) = (with(ONE, in_base), with(TOP, in_ours));
            let theirs = with(b"1\n2\nX\n4\n5\n", in_theirs);
            let last = if in_ours == in_theirs { in_ours } else { !in_base };
            let into = with(b"X\n2\nX\n4\n5\n", last);
            assert_eq!(
                of_file((FILE, &base), (FILE, &ours), (FILE, &theirs), (FILE, &into)),
                verdict,
                "a NUL at {at}: {nul:?}"
            );
        }
    }
}

#[test]
fn a_conflict_is_named_by_its_own_path() {
    let mut world = World::default();
    let base = world.tree(&[("a", "gone"), ("dir/b", "1\n"), ("dir/gone", "1\n"), ("z", "1\n")]);
    let ours = world.tree(&[("dir/b", "2\n"), ("z", "1\n")]);
    let theirs = world.tree(&[("a", "gone"), ("dir/b", "3\n"), ("dir/gone", "1\n"), ("z", "2\n")]);
    assert_eq!(merged(&mut world, base, ours, theirs, ours), conflict("dir/b"));
    let theirs = world.tree(&[("a", "gone"), ("dir/b", "1\n"), ("dir/gone", "1\n"), ("z", "2\n")]);
    let into = world.tree(&[("dir/b", "2\n"), ("z", "2\n")]);
    assert_eq!(merged(&mut world, base, ours, theirs, into), MergeVerdict::SameTree);
}

#[test]
fn a_file_here_and_a_folder_there_conflict() {
    let mut world = World::default();
    let base = world.tree(&[("b", "1\n")]);
    let ours = world.tree(&[("a", "1\n"), ("b", "1\n")]);
    let theirs = world.tree(&[("a/x", "1\n"), ("b", "1\n")]);
    assert_eq!(merged(&mut world, base, ours, theirs, ours), conflict("a"));
}

#[test]
fn the_empty_tree_needs_not_be_stored_and_every_other_does() {
    let mut world = World::default();
    let base = world.tree(&[("a", "1\n"), ("b", "1\n")]);
    let empty = Object::new(Kind::Tree, Vec::new()).id();
    let theirs = world.tree(&[("a", "1\n")]);
    assert_eq!(merged(&mut world, base, empty, theirs, empty), MergeVerdict::SameTree);
    let missing = ObjectId::from_bytes([9; 20]);
    assert!(is_unreadable(&merged(&mut world, base, missing, theirs, empty), "is not there"));
}

#[test]
fn what_an_entry_names_must_be_what_its_mode_says() {
    let mut world = World::default();
    let folder = |world: &mut World, mode, id| {
        let entry = Entry { mode, name: b"x".to_vec(), id };
        world.objects.insert(Kind::Tree, Tree { entries: vec![entry] }.to_bytes())
    };
    // The bytes of a tree, as a file, in the place of a folder.
    let contents = ["1\n", "2\n"].map(|content| world.tree(&[("f", content)]));
    let bytes = world.objects.iter().find(|(id, _)| **id == contents[1]).unwrap().1.data.to_vec();
    let posing = world.objects.insert(Kind::Blob, bytes);
    let other = world.tree(&[("f", "1\n"), ("g", "3\n")]);
    let (base, ours) = (folder(&mut world, Mode::TREE, contents[0]), folder(&mut world, Mode::TREE, posing));
    let theirs = folder(&mut world, Mode::TREE, other);
    assert!(is_unreadable(&merged(&mut world, base, ours, theirs, theirs), "is no tree"));
    // A tree in the place of a file.
    let file = Mode::from_bits(FILE);
    let blobs = ["1\n2\n", "1\n3\n"].map(|content| world.objects.insert(Kind::Blob, content.into()));
    let (base, ours) = (folder(&mut world, file, blobs[0]), folder(&mut world, file, contents[0]));
    let theirs = folder(&mut world, file, blobs[1]);
    assert!(is_unreadable(&merged(&mut world, base, ours, theirs, theirs), "is no file"));
    // A file that is not there.
    let ours = folder(&mut world, file, ObjectId::from_bytes([9; 20]));
    assert!(is_unreadable(&merged(&mut world, base, ours, theirs, theirs), "is not there"));
}

/// Two commits that went apart, each merged into both sides.
fn criss_cross(world: &mut World, contents: [&str; 6]) -> MergeVerdict {
    let [root, left, right, here, there, into] = contents.map(|content| world.tree(&[("a", content)]));
    let root = commit_at(world, root, &[], 100);
    let (left, right) = (commit_at(world, left, &[root], 200), commit_at(world, right, &[root], 201));
    let here = commit_at(world, here, &[left, right], 300);
    let there = commit_at(world, there, &[right, left], 301);
    let merge = commit_at(world, into, &[here, there], 400);
    remerge(&*world, merge, here, there).unwrap()
}

#[test]
fn two_merge_bases_are_one_base_together() {
    // From either base alone both sides changed the last line; from both together only one did.
    let (root, left, right) = ("1\n2\n3\n4\n5\n", "X\n2\n3\n4\n5\n", "1\n2\n3\n4\nX\n");
    let (here, there) = ("X\n2\n3\n4\nHERE\n", "X\n2\n3\n4\nX\n");
    let mut world = World::default();
    assert_eq!(criss_cross(&mut world, [root, left, right, here, there, here]), MergeVerdict::SameTree);
    assert_eq!(criss_cross(&mut world, [root, left, right, there, here, here]), MergeVerdict::SameTree);
    // The same with the first line, for the other base.
    let here = "HERE\n2\n3\n4\nX\n";
    assert_eq!(criss_cross(&mut world, [root, left, right, here, there, here]), MergeVerdict::SameTree);
}

#[test]
fn merge_bases_that_conflict_are_no_conflict_of_the_merge() {
    let mut world = World::default();
    let solved = "A and B\n";
    let contents = ["0\n", "A\n", "B\n", solved, solved, solved];
    assert_eq!(criss_cross(&mut world, contents), MergeVerdict::SameTree);
    let contents = [
        "0\nx\ny\nz\n1\n",
        "A\nx\ny\nz\n1\n",
        "B\nx\ny\nz\n1\n",
        "AB\nx\ny\nz\n1\n",
        "AB\nx\ny\nz\n2\n",
        "AB\nx\ny\nz\n2\n",
    ];
    assert_eq!(criss_cross(&mut world, contents), MergeVerdict::SameTree);
}

/// A line of so many commits, with the last one's tree.
fn line(world: &mut World, count: i64) -> ObjectId {
    let base = tree(world, &[(FILE, "f", ONE)]);
    (1..=count)
        .fold(None, |parent, n| {
            let parents: Vec<ObjectId> = parent.into_iter().collect();
            Some(commit_at(world, base, &parents, n))
        })
        .unwrap()
}

/// Both sides of a fork, and the merge of them that adds nothing.
fn fork(world: &mut World, base: ObjectId) -> (ObjectId, ObjectId, ObjectId) {
    let trees = [TOP, END, BOTH].map(|content| tree(world, &[(FILE, "f", content)]));
    let (ours, theirs) =
        (commit_at(world, trees[0], &[base], 10_000), commit_at(world, trees[1], &[base], 10_001));
    (ours, theirs, commit_at(world, trees[2], &[ours, theirs], 10_002))
}

#[test]
fn of_a_long_common_history_only_the_last_commit_is_a_base() {
    let mut world = World::default();
    let base = line(&mut world, 200);
    let (ours, theirs, merge) = fork(&mut world, base);
    assert_eq!(remerge(&world, merge, ours, theirs).unwrap(), MergeVerdict::SameTree);
}

#[test]
fn below_the_merge_base_history_may_end_and_above_it_not() {
    let mut world = World::default();
    let base = line(&mut world, 5);
    let (ours, theirs, merge) = fork(&mut world, base);
    let of = |world: &World, id: ObjectId| notedb::walk::links(world, &id).unwrap().unwrap().parents[0];
    let mut cut = world.clone();
    let below = of(&world, base);
    cut.objects.remove(&below);
    assert_eq!(remerge(&cut, merge, ours, theirs).unwrap(), MergeVerdict::SameTree, "a shallow store");
    let mut cut = world.clone();
    cut.objects.remove(&base);
    assert!(is_unreadable(&remerge(&cut, merge, ours, theirs).unwrap(), "is not there"));
    for gone in [ours, theirs, merge] {
        let mut cut = world.clone();
        cut.objects.remove(&gone);
        assert!(is_unreadable(&remerge(&cut, merge, ours, theirs).unwrap(), "is not there"));
    }
}

#[test]
fn a_commit_that_is_missing_between_a_side_and_the_base_is_no_end_of_history() {
    let mut world = World::default();
    let base = line(&mut world, 5);
    let between = fork(&mut world, base).0;
    let trees = [TOP, END, BOTH].map(|content| tree(&mut world, &[(FILE, "f", content)]));
    let ours = commit_at(&mut world, trees[0], &[between], 20_000);
    let theirs = commit_at(&mut world, trees[1], &[base], 20_001);
    let merge = commit_at(&mut world, trees[2], &[ours, theirs], 20_002);
    assert_eq!(remerge(&world, merge, ours, theirs).unwrap(), MergeVerdict::SameTree);
    world.objects.remove(&between);
    assert!(is_unreadable(&remerge(&world, merge, ours, theirs).unwrap(), "is not there"));
}

#[test]
fn histories_with_nothing_in_common_merge_from_nothing() {
    let mut world = World::default();
    let trees = [("a", "1\n"), ("b", "2\n")].map(|file| world.tree(&[file]));
    let (ours, theirs) = (commit_at(&mut world, trees[0], &[], 1), commit_at(&mut world, trees[1], &[], 2));
    let both = world.tree(&[("a", "1\n"), ("b", "2\n")]);
    let merge = commit_at(&mut world, both, &[ours, theirs], 3);
    assert_eq!(remerge(&world, merge, ours, theirs).unwrap(), MergeVerdict::SameTree);
}

/// Layers of commits, each of which merges two of the layer below, so that any two have many merge bases, which have
/// many merge bases.
fn ladder(world: &mut World, width: usize, height: i64) -> Vec<ObjectId> {
    let mut layer: Vec<ObjectId> = Vec::new();
    for at in 0..width {
        let content = format!("{at}\n2\n3\n4\n5\n");
        let tree = tree(world, &[(FILE, "f", content.as_bytes())]);
        layer.push(commit_at(world, tree, &[], 1));
    }
    for n in 0..height {
        let mut next = Vec::new();
        for at in 0..width {
            // First joins of all of the layer below, so that each of the next layer reaches all of it.
            let mut joined = layer[at];
            for step in 1..width {
                let content = format!("{n} {at} {step}\n2\n3\n4\n5\n");
                let tree = tree(world, &[(FILE, "f", content.as_bytes())]);
                joined =
                    commit_at(world, tree, &[joined, layer[(at + step) % width]], n * 100 + 10 + step as i64);
            }
            next.push(joined);
        }
        layer = next;
    }
    layer
}

#[test]
fn merge_bases_that_multiply_are_given_up() {
    let begin = Instant::now();
    let mut world = World::default();
    let top = ladder(&mut world, 4, 30);
    let tree = tree(&mut world, &[(FILE, "f", ONE)]);
    let merge = commit_at(&mut world, tree, &[top[0], top[1]], 100_000);
    let verdict = remerge(&world, merge, top[0], top[1]).unwrap();
    assert!(is_unreadable(&verdict, "merge bases"), "{verdict:?}");
    // Not so deep that this alone ends it.
    let mut world = World::default();
    let top = ladder(&mut world, 4, 12);
    let merge = commit_at(&mut world, tree, &[top[0], top[1]], 100_000);
    let verdict = remerge(&world, merge, top[0], top[1]).unwrap();
    assert!(is_unreadable(&verdict, "too many merges"), "{verdict:?}");
    let mut world = World::default();
    let top = ladder(&mut world, 40, 1);
    let merge = commit_at(&mut world, tree, &[top[0], top[1]], 100_000);
    assert!(is_unreadable(&remerge(&world, merge, top[0], top[1]).unwrap(), "too many merge bases"));
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}

/// A folder that holds the same folder ten times, and so on: a few objects, and more paths than can be walked.
fn bomb(world: &mut World, content: &[u8], depth: usize) -> ObjectId {
    let mut inner = tree(world, &[(FILE, "f", content)]);
    for _ in 0..depth {
        let entry = |n: u8| Entry { mode: Mode::TREE, name: vec![b'0' + n], id: inner };
        let tree = Tree { entries: (0..10).map(entry).collect() };
        inner = world.objects.insert(Kind::Tree, tree.to_bytes());
    }
    inner
}

#[test]
fn trees_that_repeat_themselves_are_merged_once() {
    let begin = Instant::now();
    let mut world = World::default();
    let [base, ours, theirs, into] = [ONE, TOP, END, BOTH].map(|content| bomb(&mut world, content, 40));
    assert_eq!(merged(&mut world, base, ours, theirs, into), MergeVerdict::SameTree);
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
}

#[test]
fn folders_in_folders_are_followed_and_not_for_ever() {
    let nested = |world: &mut World, content: &[u8], depth: usize| {
        let mut inner = tree(world, &[(FILE, "f", content)]);
        for _ in 0..depth {
            let tree = Tree { entries: vec![Entry { mode: Mode::TREE, name: b"d".to_vec(), id: inner }] };
            inner = world.objects.insert(Kind::Tree, tree.to_bytes());
        }
        inner
    };
    let mut world = World::default();
    let [base, ours, theirs, into] = [ONE, TOP, END, BOTH].map(|content| nested(&mut world, content, 120));
    assert_eq!(merged(&mut world, base, ours, theirs, into), MergeVerdict::SameTree);
    let [base, ours, theirs] = [ONE, TOP, END].map(|content| nested(&mut world, content, 5_000));
    assert!(is_unreadable(&merged(&mut world, base, ours, theirs, ours), "too deep"));
}
