//! Histories that nobody writes in good faith, or that are only very large: what comes out, and that it comes out soon.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which lie outside of test functions"
)]

mod common;

use std::time::{Duration, Instant};

use common::*;
use evidence::{FindingCode, RangeEvidence, ReviewRules, Why, offline};
use notedb::testing::{OTHER_SERVER, Review, World, ident, server_ident};
use notedb::{Kind, ObjectId, meta_ref};

/// What any of these may take: without optimisation, on a busy machine. Each takes far less than a second on a quiet one.
const SOON: Duration = Duration::from_secs(30);

/// Runs it, and it ends soon.
fn soon<T>(act: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let done = act();
    assert!(begin.elapsed() < SOON, "it took {:?}", begin.elapsed());
    done
}

/// A meta commit of any bytes behind the newest one.
fn raw(world: &mut World, message: &[u8]) -> ObjectId {
    let tip = world.refs[&meta_ref(NUMBER)];
    let tree = world.tree(&[]);
    let (who, server) = (ident(RITA), server_ident());
    let head = format!(
        "tree {tree}\nparent {tip}\nauthor {who} 1800000000 +0000\ncommitter {server} 1800000000 +0000\n\n"
    );
    let id = world.objects.insert(Kind::Commit, [head.as_bytes(), message].concat());
    world.set(&meta_ref(NUMBER), id);
    id
}

fn codes(world: &World) -> Vec<FindingCode> {
    let findings = judged(world).findings;
    findings.into_iter().map(|f| f.code).filter(|code| *code != FindingCode::AuthorUnresolved).collect()
}

#[test]
fn ten_thousand_votes_of_which_the_last_counts() {
    let mut world = World::default();
    let mut review = change(&mut world);
    for n in 0..10_000 {
        review.vote(&mut world, REX, if n % 2 == 0 { "Code-Review=-1" } else { "Code-Review=+2" });
    }
    review.submit(&mut world, SIMON);
    let evidence = soon(|| judged(&world));
    assert!(evidence.reviewed && evidence.votes.len() == 1);
}

#[test]
fn ten_thousand_patch_sets_with_a_vote_copied_from_each_to_the_next() {
    let mut world = World::default();
    let mut review = approved(&mut world);
    for n in 0..10_000 {
        let revision = code(&mut world, &[], &format!("patch set {n}"));
        review.upload(
            &mut world,
            OLIVIA,
            revision,
            &format!("Copied-Label: Code-Review=+2, ab {}", ident(REX)),
        );
    }
    review.submit(&mut world, SIMON);
    let evidence = soon(|| judged(&world));
    assert!(evidence.reviewed && evidence.votes[0].copied && evidence.patch_set == Some(10_001));
}

#[test]
fn ten_thousand_removals_of_a_reviewer_with_votes_on_many_patch_sets() {
    let mut world = World::default();
    let mut review = change(&mut world);
    for n in 0..300 {
        review.vote(&mut world, REX, "Code-Review=+2");
        let revision = code(&mut world, &[], &format!("patch set {n}"));
        review.upload(&mut world, OLIVIA, revision, "");
    }
    review.vote(&mut world, REX, "Code-Review=+2");
    let removed = vec![format!("Removed: {}", ident(REX)); 100].join("\n");
    for _ in 0..100 {
        review.act(&mut world, &ident(OLIVIA), "", &removed);
    }
    review.submit(&mut world, SIMON);
    let evidence = soon(|| judged(&world));
    assert!(!evidence.reviewed && evidence.votes.is_empty());
}

#[test]
fn a_commit_with_ten_thousand_votes_and_as_many_records() {
    let mut world = World::default();
    let mut review = approved(&mut world);
    let voters = 100_000..110_000_u64;
    let votes: Vec<_> =
        voters.clone().map(|n| format!("Copied-Label: Code-Review=-1, ab {}", ident(n))).collect();
    review.act(&mut world, &ident(RITA), "", &votes.join("\n"));
    let two = code(&mut world, &[], "two");
    review.upload(&mut world, OLIVIA, two, "");
    review.vote(&mut world, REX, "Code-Review=+2");
    let records: Vec<_> = voters.map(|n| format!("Submitted-with: OK: Code-Review: {}", ident(n))).collect();
    review.submit_with(&mut world, SIMON, &records.join("\n"));
    let evidence = soon(|| judged(&world));
    assert!(evidence.reviewed && evidence.finding(FindingCode::EvidenceWeak).is_some());
    assert_eq!(evidence.votes.len(), 10_001);
}

#[test]
fn footers_of_a_hundred_kilobytes() {
    let large = "x".repeat(100_000);
    for (footer, reviewed) in [
        (format!("Topic: {large}"), true),
        (format!("Hashtags: {large}"), true),
        (format!("{large}: x"), true),
        (format!("Branch: {large}"), false),
        (format!("Label: {large}=+2"), true),
        (format!("Label: Code-Review={large}"), false),
        (format!("Real-user: {large} <1@s>"), true),
        (format!("Real-user: {large}"), false),
    ] {
        let mut world = World::default();
        let mut review = approved(&mut world);
        review.act(&mut world, &ident(RITA), "", &footer);
        review.submit(&mut world, SIMON);
        assert_eq!(soon(|| judged(&world)).reviewed, reviewed, "{}", &footer[..20]);
    }
}

#[test]
fn a_message_of_twenty_megabytes_without_a_footer_is_malformed() {
    let mut world = World::default();
    approved(&mut world);
    raw(&mut world, &b"line\n".repeat(4 << 20));
    assert_eq!(soon(|| codes(&world)), [FindingCode::Malformed]);
}

#[test]
fn line_separators_that_are_none_end_no_footer() {
    for separator in ["\u{2028}", "\u{2029}", "\u{85}", "\u{b}", "\u{c}", "\r", "\0", "\u{1e}"] {
        let mut world = World::default();
        let mut review = change(&mut world);
        review.act(&mut world, &ident(RITA), "", &format!("Topic: a{separator}Label: Code-Review=+2"));
        review.submit(&mut world, SIMON);
        assert_eq!(codes(&world), [FindingCode::NoIndependentApproval], "{separator:?}");
    }
}

#[test]
fn a_nul_is_a_character_like_others() {
    let mut world = World::default();
    let mut review = approved(&mut world);
    review.act(&mut world, &ident(RITA), "a\0b", "Topic: a\0b");
    review.submit(&mut world, SIMON);
    assert!(judged(&world).reviewed);
    // In a key or in a value that has a form it is what Gerrit doesn't write.
    for (footer, malformed) in
        [("La\0bel: Code-Review=-2", false), ("Label: Code\0Review=+2", true), ("Status: merged\0", true)]
    {
        let mut world = World::default();
        let mut review = approved(&mut world);
        review.act(&mut world, &ident(RITA), "", footer);
        review.submit(&mut world, SIMON);
        assert_eq!(codes(&world) == [FindingCode::Malformed], malformed, "{footer:?}");
    }
}

#[test]
fn bytes_that_are_no_utf8_are_replaced_and_never_a_word() {
    let mut world = World::default();
    let mut review = approved(&mut world);
    raw(&mut world, b"Update\n\nPatch-set: 1\nTopic: \xff\xfe\xc0\x80\nHashtags: \xed\xa0\x80\n");
    let tip = world.refs[&meta_ref(NUMBER)];
    assert!(judged(&world).finding(FindingCode::Malformed).is_none());
    // What overlong bytes would spell is no digit, and what has no form is refused.
    for bad in [
        &b"Patch-set: \xc0\xb1\n"[..],
        b"Patch-set: 1\nLabel: Code-Review\xff=+2\n",
        b"Patch-set: 1\nStatus: merge\xc1\xa4\n",
    ] {
        world.set(&meta_ref(NUMBER), tip);
        raw(&mut world, &[b"Update\n\n", bad].concat());
        assert_eq!(codes(&world), [FindingCode::Malformed]);
    }
    let _ = review.submit(&mut world, SIMON);
}

#[test]
fn ten_thousand_votes_of_accounts_of_other_servers_are_foreign() {
    let mut world = World::default();
    let mut review = change(&mut world);
    for server in 0..100 {
        let votes: Vec<_> = (0..100)
            .map(|n| format!("Label: Code-Review=+2, ab X <{}@{OTHER_SERVER}-{server}>", REX + n))
            .collect();
        review.act(&mut world, &ident(RITA), "", &votes.join("\n"));
    }
    review.submit(&mut world, SIMON);
    let evidence = soon(|| judged(&world));
    assert_eq!(evidence.votes.len(), 10_000);
    assert!(evidence.votes.iter().all(|vote| vote.why == Some(Why::Foreign)) && !evidence.reviewed);
}

#[test]
fn a_server_id_that_looks_like_ours_is_another() {
    for server in [
        "",
        "0a1b2c3d-made-up ",
        "0A1B2C3D-MADE-UP",
        "0a1b2c3d-made-up@x",
        "0a1b2c3d-made-up\u{200b}",
        "0a1b2c3d",
    ] {
        let mut world = World::default();
        let mut review = change(&mut world);
        review.act(&mut world, &ident(RITA), "", &format!("Label: Code-Review=+2, ab X <{REX}@{server}>"));
        review.submit(&mut world, SIMON);
        assert!(!judged(&world).reviewed, "{server:?}");
    }
}

#[test]
fn meta_branches_that_were_merged_are_malformed() {
    let mut world = World::default();
    approved(&mut world);
    let ours = world.refs[&meta_ref(NUMBER)];
    let tree = world.tree(&[]);
    let message = "Merge\n\nPatch-set: 1\nStatus: merged\nLabel: SUBM=+1\n";
    for others in [vec![ours, ours], vec![ours, tree], vec![ours; 1000]] {
        let merge = world.commit(tree, &others, &ident(SIMON), &server_ident(), message);
        world.set(&meta_ref(NUMBER), merge);
        assert_eq!(codes(&world), [FindingCode::Malformed]);
    }
}

#[test]
fn more_commits_than_are_read_are_malformed() {
    let mut world = World::default();
    approved(&mut world);
    let mut tip = world.refs[&meta_ref(NUMBER)];
    let tree = world.tree(&[]);
    for _ in 0..notedb::meta::MAX_COMMITS {
        tip = world.commit(tree, &[tip], &ident(RITA), &server_ident(), "Hi\n\nPatch-set: 1\n");
    }
    world.set(&meta_ref(NUMBER), tip);
    let evidence = soon(|| judged(&world));
    assert!(
        evidence.findings[0].reason.contains(", line 1: the history has more than 100000 commits"),
        "{:?}",
        evidence.findings
    );
}

fn range(world: &World, base: ObjectId, tip: ObjectId) -> RangeEvidence {
    offline::range(world, base, tip, "refs/heads/main", &ReviewRules::default()).unwrap()
}

#[test]
fn a_range_of_ten_thousand_commits() {
    let mut world = World::default();
    let base = code(&mut world, &[], "base");
    let mut tip = base;
    for n in 0..10_000 {
        tip = code(&mut world, &[tip], &format!("{}", n % 100));
    }
    let mut review = Review::open(&mut world, NUMBER, OLIVIA, tip);
    review.vote(&mut world, REX, "Code-Review=+2");
    review.submit(&mut world, SIMON);
    let range = soon(|| range(&world, base, tip));
    assert!(!range.reviewed && range.commits.len() == 10_000);
    assert_eq!(range.commits.iter().filter(|commit| commit.is_reviewed()).count(), 1, "the tip alone");
}

#[test]
fn a_range_of_a_thousand_merges_of_branches_that_began_at_the_base() {
    let mut world = World::default();
    let base = code(&mut world, &[], "base");
    let mut tip = base;
    for n in 0..1_000 {
        let side = world.code(&[base], &[("file", "base"), ("side", &format!("{n}"))]);
        tip = world.code(&[tip, side], &[("file", "base"), ("side", &format!("{n}"))]);
    }
    world.set("refs/heads/main", tip);
    let range = soon(|| range(&world, base, tip));
    assert!(!range.reviewed && range.commits.len() == 2_000);
}

#[test]
fn a_commit_with_ten_thousand_parents() {
    let mut world = World::default();
    let base = code(&mut world, &[], "base");
    let sides: Vec<_> = (0..10_000).map(|n| code(&mut world, &[base], &format!("{n}"))).collect();
    let tip = code(&mut world, &sides, "octopus");
    world.set("refs/heads/main", tip);
    let range = soon(|| range(&world, base, tip));
    assert!(!range.reviewed && range.commits.len() == 10_001);
}
