//! Ranges: how each commit that a revision brings is accounted for.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which lie outside of test functions"
)]

mod common;

use common::*;
use evidence::{
    Account, ImportRules, MergedChanges, RangeError, RangeEvidence, RangeFindingCode, RangeInput,
    ReviewRules, judge_range, offline,
};
use notedb::testing::{Review, World, ident};
use notedb::{ObjectId, Recorder, Refs as _};

const MAIN: &str = "refs/heads/main";

/// A repository whose main has one commit with three files.
fn start(world: &mut World) -> ObjectId {
    let base = world.code(&[], &[("a", "1\n2\n3\n4\n5\n"), ("b", "b\n"), ("dir/c", "c\n")]);
    world.set(MAIN, base);
    base
}

/// A change that was reviewed and merged on a branch, without moving it back.
fn reviewed_change(world: &mut World, number: u64, revision: ObjectId, branch: &str) {
    let mut review = Review::open_on(world, number, OLIVIA, revision, branch);
    review.vote(world, REX, "Code-Review=+2");
    review.submit(world, SIMON);
}

fn ranged(world: &World, base: ObjectId, tip: ObjectId) -> RangeEvidence {
    offline::range(world, base, tip, MAIN, &ReviewRules::default()).unwrap()
}

fn accounts(range: &RangeEvidence) -> Vec<(ObjectId, Account)> {
    range.commits.iter().map(|commit| (commit.sha, commit.account)).collect()
}

fn codes(range: &RangeEvidence) -> Vec<RangeFindingCode> {
    range.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_chain_of_reviewed_changes_is_reviewed_parents_first() {
    let mut world = World::default();
    let base = start(&mut world);
    let one = world.code(&[base], &[("a", "one")]);
    let two = world.code(&[one], &[("a", "two")]);
    reviewed_change(&mut world, 1, one, MAIN);
    reviewed_change(&mut world, 2, two, MAIN);
    let range = ranged(&world, base, two);
    assert!(range.reviewed);
    assert_eq!(accounts(&range), [(one, Account::Change), (two, Account::Change)]);
    assert_eq!(range.commits[1].change, Some(2));
}

#[test]
fn a_commit_pushed_below_a_reviewed_change_is_unaccounted() {
    let mut world = World::default();
    let base = start(&mut world);
    let pushed = world.code(&[base], &[("a", "pushed")]);
    let two = world.code(&[pushed], &[("a", "two")]);
    reviewed_change(&mut world, 2, two, MAIN);
    let range = ranged(&world, base, two);
    assert!(!range.reviewed);
    assert_eq!(accounts(&range), [(pushed, Account::Unaccounted), (two, Account::Change)]);
    assert_eq!((range.commits[0].change, range.commits[0].reviewed), (None, None));
}

#[test]
fn a_change_that_is_not_reviewed_spoils_the_range() {
    let mut world = World::default();
    let base = start(&mut world);
    let one = world.code(&[base], &[("a", "one")]);
    let mut review = Review::open(&mut world, 1, OLIVIA, one);
    review.submit(&mut world, SIMON);
    let range = ranged(&world, base, one);
    assert!(!range.reviewed);
    assert_eq!((range.commits[0].account, range.commits[0].reviewed), (Account::Change, Some(false)));
}

#[test]
fn the_commit_that_the_merge_message_names_is_the_change() {
    let mut world = World::default();
    let base = start(&mut world);
    let (one, landed) = (world.code(&[base], &[("a", "one")]), world.code(&[base], &[("a", "landed")]));
    let mut review = Review::open(&mut world, 1, OLIVIA, one);
    review.vote(&mut world, REX, "Code-Review=+2");
    let footers = review.merge_footers();
    review.act(
        &mut world,
        &ident(SIMON),
        &format!("Change has been successfully cherry-picked as {landed}"),
        &footers,
    );
    world.set(MAIN, landed);
    let range = ranged(&world, base, landed);
    assert!(range.reviewed, "{range:?}");
    assert_eq!(range.commits[0].change, Some(1));
}

#[test]
fn a_change_merged_on_another_branch_does_not_account() {
    let mut world = World::default();
    let base = start(&mut world);
    let one = world.code(&[base], &[("a", "one")]);
    reviewed_change(&mut world, 1, one, "refs/heads/other");
    world.set(MAIN, one);
    assert_eq!(accounts(&ranged(&world, base, one)), [(one, Account::Unaccounted)]);
}

/// Main and a reviewed change went apart from the base; what a submit with merges makes of them.
fn diverged(world: &mut World) -> (ObjectId, ObjectId, ObjectId) {
    let base = start(world);
    let ours = world.code(&[base], &[("a", "ONE\n2\n3\n4\n5\n"), ("b", "b\n"), ("dir/c", "c\n")]);
    let theirs =
        world.code(&[base], &[("a", "1\n2\n3\n4\nFIVE\n"), ("b", "b\n"), ("dir/c", "C\n"), ("dir/d", "d\n")]);
    reviewed_change(world, 1, ours, MAIN);
    reviewed_change(world, 2, theirs, MAIN);
    (base, ours, theirs)
}

const MERGED: [(&str, &str); 4] =
    [("a", "ONE\n2\n3\n4\nFIVE\n"), ("b", "b\n"), ("dir/c", "C\n"), ("dir/d", "d\n")];

#[test]
fn a_merge_that_adds_nothing_is_made_by_gerrit() {
    let mut world = World::default();
    let (base, ours, theirs) = diverged(&mut world);
    let merge = world.code(&[ours, theirs], &MERGED);
    world.set(MAIN, merge);
    let range = ranged(&world, base, merge);
    assert!(range.reviewed, "{range:?}");
    assert_eq!(range.commits.last().unwrap().account, Account::MergeMadeByGerrit);
}

#[test]
fn an_evil_merge_is_unaccounted() {
    let mut world = World::default();
    let (base, ours, theirs) = diverged(&mut world);
    let mut files = MERGED;
    files[1] = ("b", "evil\n");
    let merge = world.code(&[ours, theirs], &files);
    world.set(MAIN, merge);
    let range = ranged(&world, base, merge);
    assert!(!range.reviewed);
    assert_eq!(range.commits.last().unwrap().account, Account::Unaccounted);
    assert!(range.commits.last().unwrap().why.contains("another tree"));
}

#[test]
fn a_merge_whose_second_parent_nobody_reviewed_is_unaccounted() {
    let mut world = World::default();
    let base = start(&mut world);
    let ours = world.code(&[base], &[("a", "ONE\n")]);
    reviewed_change(&mut world, 1, ours, MAIN);
    let pushed = world.code(&[base], &[("a", "1\n2\n3\n4\n5\n"), ("b", "B\n"), ("dir/c", "c\n")]);
    let merge = world.code(&[ours, pushed], &[("a", "ONE\n"), ("b", "B\n")]);
    world.set(MAIN, merge);
    let range = ranged(&world, base, merge);
    assert_eq!(range.commits.iter().filter(|c| c.account == Account::Unaccounted).count(), 2);
}

#[test]
fn changed_here_and_gone_there_is_a_conflict_and_no_rename() {
    let mut world = World::default();
    let base = start(&mut world);
    let renamed = world.code(&[base], &[("A", "1\n2\n3\n4\n5\n"), ("b", "b\n"), ("dir/c", "c\n")]);
    let changed = world.code(&[base], &[("a", "1\n2\n3\n4\nFIVE\n"), ("b", "b\n"), ("dir/c", "c\n")]);
    reviewed_change(&mut world, 1, renamed, MAIN);
    reviewed_change(&mut world, 2, changed, MAIN);
    let merge =
        world.code(&[renamed, changed], &[("A", "1\n2\n3\n4\nFIVE\n"), ("b", "b\n"), ("dir/c", "c\n")]);
    world.set(MAIN, merge);
    let range = ranged(&world, base, merge);
    assert_eq!(range.commits.last().unwrap().account, Account::Unaccounted);
    assert!(range.commits.last().unwrap().why.contains("conflicts in a"), "{range:?}");
}

#[test]
fn several_merge_bases_are_merged_first() {
    let mut world = World::default();
    let base = start(&mut world);
    let (b, c) = (("b", "b\n"), ("dir/c", "c\n"));
    let left = world.code(&[base], &[("a", "ONE\n2\n3\n4\n5\n"), b, c]);
    let right = world.code(&[base], &[("a", "1\n2\n3\n4\nFIVE\n"), b, c]);
    let both = ("a", "ONE\n2\n3\n4\nFIVE\n");
    let here = world.code(&[left, right], &[both, b, c]);
    let there = world.code(&[right, left], &[both, ("b", "B\n"), c]);
    for (number, revision) in [(1, left), (2, right), (3, here), (4, there)] {
        reviewed_change(&mut world, number, revision, MAIN);
    }
    let merge = world.code(&[here, there], &[both, ("b", "B\n"), c]);
    world.set(MAIN, merge);
    let range = ranged(&world, base, merge);
    assert_eq!(range.commits.last().unwrap().account, Account::MergeMadeByGerrit, "{range:?}");
    assert!(range.reviewed);
}

/// A reviewed merge change that brings two commits, one of them a reviewed change of `stable`.
fn import(world: &mut World, votes: &[&str]) -> (ObjectId, ObjectId, ObjectId, ObjectId) {
    let base = start(world);
    let fix = world.code(&[base], &[("a", "fix\n")]);
    reviewed_change(world, 1, fix, "refs/heads/stable");
    let pushed = world.code(&[fix], &[("a", "pushed\n")]);
    let merge = world.code(&[base, pushed], &[("a", "resolved by hand\n")]);
    let mut review = Review::open(world, 2, OLIVIA, merge);
    for vote in votes {
        review.vote(world, REX, vote);
    }
    review.submit(world, SIMON);
    (base, fix, pushed, merge)
}

#[test]
fn what_a_reviewed_merge_change_brings_is_imported_and_offline_never_fine() {
    let mut world = World::default();
    let (base, fix, pushed, merge) = import(&mut world, &["Code-Review=+2"]);
    let range = ranged(&world, base, merge);
    assert_eq!(
        accounts(&range),
        [(fix, Account::Imported), (pushed, Account::Imported), (merge, Account::Change)]
    );
    assert_eq!((range.commits[0].change, range.commits[0].reviewed), (Some(1), Some(true)));
    assert!(range.commits[0].why.contains("refs/heads/stable"));
    assert_eq!(range.commits[1].change, None);
    assert!(!range.reviewed);
}

#[test]
fn what_a_merge_change_that_nobody_reviewed_brings_is_unaccounted() {
    let mut world = World::default();
    let (base, fix, pushed, merge) = import(&mut world, &[]);
    let range = ranged(&world, base, merge);
    assert_eq!(
        accounts(&range),
        [(fix, Account::Unaccounted), (pushed, Account::Unaccounted), (merge, Account::Change)]
    );
}

#[test]
fn policy_takes_imports_for_fine_by_source_or_by_a_vote() {
    for (votes, rules, reviewed) in [
        (&["Code-Review=+2"][..], ImportRules::default(), false),
        // The pushed commit is no change of the source.
        (
            &["Code-Review=+2"],
            ImportRules { sources: ["refs/heads/stable".to_owned()].into(), accepted_by: None },
            false,
        ),
        (
            &["Code-Review=+2", "Import=+1"],
            ImportRules { sources: Default::default(), accepted_by: Some("Import".to_owned()) },
            true,
        ),
        (
            &["Code-Review=+2"],
            ImportRules { sources: Default::default(), accepted_by: Some("Import".to_owned()) },
            false,
        ),
    ] {
        let mut world = World::default();
        let (base, _, _, tip) = import(&mut world, votes);
        let merged: MergedChanges = offline::all(&world, &ReviewRules::default()).unwrap().iter().collect();
        let branch_tip = world.tip(MAIN).unwrap();
        let input = RangeInput {
            base,
            tip,
            branch: MAIN,
            branch_tip,
            merged: &merged,
            imports: &rules,
            config: None,
        };
        assert_eq!(judge_range(&world, &input).unwrap().reviewed, reviewed, "{votes:?} {rules:?}");
    }
}

#[test]
fn nothing_of_everything_is_not_yes() {
    let mut world = World::default();
    let base = start(&mut world);
    let one = world.code(&[base], &[("a", "one")]);
    reviewed_change(&mut world, 1, one, MAIN);
    let same = ranged(&world, one, one);
    assert_eq!((codes(&same), same.reviewed), (vec![RangeFindingCode::EmptyRange], false));
    let back = ranged(&world, one, base);
    assert_eq!(codes(&back), [RangeFindingCode::EmptyRange, RangeFindingCode::BaseNotAncestor]);
}

#[test]
fn a_base_beside_the_tip_and_a_tip_beside_the_branch_are_found() {
    let mut world = World::default();
    let base = start(&mut world);
    let one = world.code(&[base], &[("a", "one")]);
    let beside = world.code(&[base], &[("a", "beside")]);
    reviewed_change(&mut world, 1, one, MAIN);
    assert_eq!(codes(&ranged(&world, beside, one)), [RangeFindingCode::BaseNotAncestor]);
    world.set(MAIN, beside);
    assert_eq!(codes(&ranged(&world, base, one)), [RangeFindingCode::TipNotOnBranch], "the branch was reset");
    world.refs.remove(MAIN);
    assert_eq!(codes(&ranged(&world, base, one)), [RangeFindingCode::BranchMissing]);
}

#[test]
fn a_base_or_tip_that_is_no_commit_is_an_error() {
    let mut world = World::default();
    let base = start(&mut world);
    let tree = world.tree(&[]);
    for (base, tip, end) in [(tree, base, "base"), (base, ObjectId::from_bytes([9; 20]), "tip")] {
        let error = offline::range(&world, base, tip, MAIN, &ReviewRules::default()).unwrap_err();
        assert!(matches!(error, RangeError::NoCommit { end: named, .. } if named == end));
    }
}

#[test]
fn the_projects_rules_may_change_by_reviewed_changes_only() {
    for reviewed in [true, false] {
        let mut world = World::default();
        let base = start(&mut world);
        let one = world.code(&[base], &[("a", "one")]);
        reviewed_change(&mut world, 1, one, MAIN);
        let from = world.code(&[], &[("project.config", "")]);
        let to = world.code(&[from], &[("project.config", "[label \"X\"]\n")]);
        if reviewed {
            reviewed_change(&mut world, 2, to, "refs/meta/config");
        }
        let merged: MergedChanges = offline::all(&world, &ReviewRules::default()).unwrap().iter().collect();
        let config = Some(evidence::ConfigRange { from, to });
        let imports = ImportRules::default();
        let input = RangeInput {
            base,
            tip: one,
            branch: MAIN,
            branch_tip: Some(one),
            merged: &merged,
            imports: &imports,
            config,
        };
        let range = judge_range(&world, &input).unwrap();
        assert_eq!(range.reviewed, reviewed);
        assert_eq!(codes(&range), if reviewed { vec![] } else { vec![RangeFindingCode::RulesChanged] });
    }
}

#[test]
fn the_json_goes_there_and_back_and_the_recording_gives_the_same_bytes() {
    let mut world = World::default();
    let (base, ours, theirs) = diverged(&mut world);
    let merge = world.code(&[ours, theirs], &MERGED);
    world.set(MAIN, merge);
    let merged: MergedChanges = offline::all(&world, &ReviewRules::default()).unwrap().iter().collect();
    let imports = ImportRules::default();
    let input = RangeInput {
        base,
        tip: merge,
        branch: MAIN,
        branch_tip: Some(merge),
        merged: &merged,
        imports: &imports,
        config: None,
    };
    let recorder = Recorder::new(&world);
    let json = serde_json::to_string(&judge_range(&recorder, &input).unwrap()).unwrap();
    assert!(
        json.starts_with("{\"schema\":\"exequatur.range/1\",\"branch\":\"refs/heads/main\",\"base\":"),
        "{json}"
    );
    let again: RangeEvidence = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), json);
    let recorded = recorder.into_recorded();
    assert!(recorded.len() < world.objects.len());
    assert_eq!(serde_json::to_string(&judge_range(&recorded, &input).unwrap()).unwrap(), json);
}

/// A commit of the files that are on main at the start.
fn all_files(world: &mut World, parents: &[ObjectId], a: &str, b: &str) -> ObjectId {
    world.code(parents, &[("a", a), ("b", b), ("dir/c", "c\n")])
}

#[test]
fn a_merge_that_adds_nothing_to_what_nobody_reviewed_is_unaccounted() {
    let mut world = World::default();
    let base = start(&mut world);
    let ours = all_files(&mut world, &[base], "ONE\n", "b\n");
    reviewed_change(&mut world, 1, ours, MAIN);
    let pushed = all_files(&mut world, &[base], "1\n2\n3\n4\n5\n", "B\n");
    let merge = all_files(&mut world, &[ours, pushed], "ONE\n", "B\n");
    world.set(MAIN, merge);
    let range = ranged(&world, base, merge);
    assert_eq!(range.commits.last().unwrap().account, Account::Unaccounted);
    assert!(range.commits.last().unwrap().why.contains("which nothing accounts for"), "{range:?}");
    assert!(!range.reviewed);
}

#[test]
fn a_commit_that_cannot_be_read_is_unaccounted_and_no_hole() {
    let mut world = World::default();
    let base = start(&mut world);
    // What git would never write; and what isn't there at all.
    let odd = world.objects.insert(notedb::Kind::Commit, b"tree x\nparent y\n".to_vec());
    for lost in [odd, ObjectId::from_bytes([9; 20])] {
        let merge = all_files(&mut world, &[base, lost], "ONE\n", "b\n");
        reviewed_change(&mut world, 7, merge, MAIN);
        let range = ranged(&world, base, merge);
        assert_eq!(accounts(&range), [(lost, Account::Unaccounted), (merge, Account::Change)]);
        assert!(!range.reviewed, "what lies behind it nobody knows");
    }
}

#[test]
fn a_reviewed_change_whose_commit_is_gone_is_unaccounted() {
    let mut world = World::default();
    let base = start(&mut world);
    let side = all_files(&mut world, &[base], "SIDE\n", "b\n");
    reviewed_change(&mut world, 1, side, MAIN);
    let merge = all_files(&mut world, &[base, side], "SIDE\n", "b\n");
    reviewed_change(&mut world, 2, merge, MAIN);
    assert!(ranged(&world, base, merge).reviewed);
    world.objects.remove(&side);
    let range = ranged(&world, base, merge);
    assert_eq!((range.commits[0].account, range.reviewed), (Account::Unaccounted, false));
}

#[test]
fn a_parent_that_git_does_not_see_hides_nothing() {
    let mut world = World::default();
    let root = start(&mut world);
    let pushed = all_files(&mut world, &[root], "PUSHED\n", "b\n");
    // The reviewed commit claims what was pushed beside it, behind its own headers.
    let tree = world.tree(&[("a", "1\n2\n3\n4\n5\n"), ("b", "B\n"), ("dir/c", "c\n")]);
    let who = "Ann <ann@example.com> 1700009999 +0000";
    let text =
        format!("tree {tree}\nparent {root}\nauthor {who}\ncommitter {who}\nparent {pushed}\n\nInnocent\n");
    let base = world.objects.insert(notedb::Kind::Commit, text.into_bytes());
    reviewed_change(&mut world, 1, base, MAIN);
    let merge = all_files(&mut world, &[base, pushed], "PUSHED\n", "B\n");
    world.set(MAIN, merge);
    let range = ranged(&world, base, merge);
    assert_eq!(accounts(&range), [(pushed, Account::Unaccounted), (merge, Account::Unaccounted)]);
}

#[test]
fn a_merge_of_which_something_is_missing_is_unaccounted() {
    let mut world = World::default();
    let (base, ours, theirs) = diverged(&mut world);
    let merge = world.code(&[ours, theirs], &MERGED);
    world.set(MAIN, merge);
    assert!(ranged(&world, base, merge).reviewed);
    let tree = notedb::walk::commit(&world, &theirs).unwrap().unwrap().tree;
    world.objects.remove(&tree);
    let range = ranged(&world, base, merge);
    assert_eq!(range.commits.last().unwrap().account, Account::Unaccounted);
    assert!(!range.reviewed && range.commits.last().unwrap().why.contains("can't be merged"), "{range:?}");
}

#[test]
fn what_two_ways_lead_to_is_listed_once() {
    let mut world = World::default();
    let base = start(&mut world);
    let shared = all_files(&mut world, &[base], "S\n2\n3\n4\n5\n", "b\n");
    let ours = all_files(&mut world, &[shared], "S\n2\n3\n4\nO\n", "b\n");
    let theirs = all_files(&mut world, &[shared], "S\n2\n3\n4\n5\n", "B\n");
    for (number, revision) in [(1, shared), (2, ours), (3, theirs)] {
        reviewed_change(&mut world, number, revision, MAIN);
    }
    let merge = all_files(&mut world, &[ours, theirs], "S\n2\n3\n4\nO\n", "B\n");
    world.set(MAIN, merge);
    let range = ranged(&world, base, merge);
    let shas: Vec<ObjectId> = range.commits.iter().map(|commit| commit.sha).collect();
    assert_eq!(shas, [shared, ours, theirs, merge], "parents first, the first parent's side first");
    assert!(range.reviewed);
}

#[test]
fn how_a_change_accounts_is_said_in_words() {
    let mut world = World::default();
    let base = start(&mut world);
    let one = world.code(&[base], &[("a", "one")]);
    let two = world.code(&[one], &[("a", "two")]);
    reviewed_change(&mut world, 1, one, MAIN);
    Review::open(&mut world, 2, OLIVIA, two).submit(&mut world, SIMON);
    let why: Vec<String> = ranged(&world, base, two).commits.into_iter().map(|commit| commit.why).collect();
    assert_eq!(why, ["change 1, reviewed", "change 2, not reviewed"]);
}

/// A range of main with these imports.
fn ranged_with(world: &World, base: ObjectId, tip: ObjectId, imports: &ImportRules) -> RangeEvidence {
    let merged: MergedChanges = offline::all(world, &ReviewRules::default()).unwrap().iter().collect();
    let branch_tip = world.tip(MAIN).unwrap();
    let input = RangeInput { base, tip, branch: MAIN, branch_tip, merged: &merged, imports, config: None };
    judge_range(world, &input).unwrap()
}

#[test]
fn an_import_is_fine_if_it_is_reviewed_and_of_a_source() {
    let stable = ImportRules { sources: ["refs/heads/stable".to_owned()].into(), accepted_by: None };
    for (branch, approved, fine) in [
        ("refs/heads/stable", true, true),
        ("refs/heads/stable", false, false),
        ("refs/heads/wild", true, false),
    ] {
        let mut world = World::default();
        let base = start(&mut world);
        let fix = world.code(&[base], &[("a", "fix\n")]);
        if approved {
            reviewed_change(&mut world, 1, fix, branch);
        } else {
            Review::open_on(&mut world, 1, OLIVIA, fix, branch).submit(&mut world, SIMON);
        }
        let merge = world.code(&[base, fix], &[("a", "by hand\n")]);
        reviewed_change(&mut world, 2, merge, MAIN);
        let range = ranged_with(&world, base, merge, &stable);
        assert_eq!(accounts(&range), [(fix, Account::Imported), (merge, Account::Change)]);
        assert_eq!(range.reviewed, fine, "{branch} {approved}");
    }
}

#[test]
fn of_two_merges_that_brought_it_one_is_enough_to_accept_it() {
    let mut world = World::default();
    let base = start(&mut world);
    let pushed = world.code(&[base], &[("a", "pushed\n")]);
    let first = world.code(&[base, pushed], &[("a", "by hand\n")]);
    let side = world.code(&[base], &[("b", "side\n")]);
    reviewed_change(&mut world, 1, side, MAIN);
    let other = world.code(&[side, pushed], &[("b", "by hand too\n")]);
    reviewed_change(&mut world, 2, other, MAIN);
    let mut review = Review::open(&mut world, 3, OLIVIA, first);
    review.vote(&mut world, REX, "Code-Review=+2");
    review.vote(&mut world, RITA, "Import=+1");
    review.submit(&mut world, SIMON);
    let both = world.code(&[first, other], &[("a", "both\n")]);
    reviewed_change(&mut world, 4, both, MAIN);
    let rules = ImportRules { sources: Default::default(), accepted_by: Some("Import".to_owned()) };
    let range = ranged_with(&world, base, both, &rules);
    let import = range.commits.iter().find(|commit| commit.sha == pushed).unwrap();
    assert_eq!(import.account, Account::Imported);
    assert!(
        import.why.ends_with("brought by merge change 2, 3") || import.why.ends_with("3, 2"),
        "{}",
        import.why
    );
    assert!(range.reviewed, "{range:?}");
}

#[test]
fn a_change_judged_again_replaces_what_was_known_of_it() {
    let mut world = World::default();
    let base = start(&mut world);
    let (one, two) = (world.code(&[base], &[("a", "one")]), world.code(&[base], &[("a", "two")]));
    reviewed_change(&mut world, 1, one, MAIN);
    reviewed_change(&mut world, 2, two, "refs/heads/other");
    let all = offline::all(&world, &ReviewRules::default()).unwrap();
    let imports = ImportRules::default();
    let verdict = |merged: &MergedChanges| {
        let input = RangeInput {
            base,
            tip: one,
            branch: MAIN,
            branch_tip: Some(one),
            merged,
            imports: &imports,
            config: None,
        };
        judge_range(&world, &input).unwrap().reviewed
    };
    let mut merged = MergedChanges::default();
    all.iter().for_each(|evidence| merged.insert(evidence));
    assert_eq!(merged, all.iter().collect());
    assert!(verdict(&merged));
    merged.insert(&evidence::ChangeEvidence { reviewed: false, ..all[0].clone() });
    assert!(!verdict(&merged), "it was told that it is not reviewed any more");
    merged.insert(&evidence::ChangeEvidence { status: Some(evidence::Status::New), ..all[0].clone() });
    assert!(!verdict(&merged), "it is not even merged any more");
    merged.insert(&all[0]);
    assert_eq!(merged, all.iter().rev().collect(), "in whichever order they came");
}

#[test]
fn of_two_changes_of_one_commit_the_one_that_is_not_reviewed_accounts() {
    let mut world = World::default();
    let base = start(&mut world);
    let one = world.code(&[base], &[("a", "one")]);
    reviewed_change(&mut world, 1, one, MAIN);
    reviewed_change(&mut world, 3, one, MAIN);
    assert_eq!(ranged(&world, base, one).commits[0].change, Some(1));
    Review::open(&mut world, 2, OLIVIA, one).submit(&mut world, SIMON);
    let range = ranged(&world, base, one);
    assert_eq!((range.commits[0].change, range.reviewed), (Some(2), false));
    let first: MergedChanges = offline::all(&world, &ReviewRules::default()).unwrap().iter().collect();
    let second: MergedChanges = offline::all(&world, &ReviewRules::default()).unwrap().iter().rev().collect();
    assert_eq!(first, second, "in whichever order they came");
}

#[test]
fn who_changed_the_rules_is_named() {
    let mut world = World::default();
    let base = start(&mut world);
    let one = world.code(&[base], &[("a", "one")]);
    reviewed_change(&mut world, 1, one, MAIN);
    let from = world.code(&[], &[("project.config", "")]);
    let fine = world.code(&[from], &[("project.config", "1")]);
    let pushed = world.code(&[fine], &[("project.config", "2")]);
    let to = world.code(&[pushed], &[("project.config", "3")]);
    reviewed_change(&mut world, 2, fine, "refs/meta/config");
    world.set("refs/meta/config", to);
    let merged: MergedChanges = offline::all(&world, &ReviewRules::default()).unwrap().iter().collect();
    let imports = ImportRules::default();
    let config = Some(evidence::ConfigRange { from, to });
    let input = RangeInput {
        base,
        tip: one,
        branch: MAIN,
        branch_tip: Some(one),
        merged: &merged,
        imports: &imports,
        config,
    };
    let range = judge_range(&world, &input).unwrap();
    assert!(range.findings[0].reason.contains(&format!("changed by {pushed}")), "{:?}", range.findings);
}
