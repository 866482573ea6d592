//! What must hold for any history.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which lie outside of test functions"
)]

mod common;

use common::*;
use evidence::{ChangeEvidence, ChangeInput, FindingCode, LabelRanges, ReviewRules, judge};
use notedb::testing::{Review, World, ident};
use notedb::{Kind, MapObjects, MapRefs, ObjectId};
use proptest::prelude::*;

/// One thing that somebody does to a change.
#[derive(Debug, Clone)]
enum Act {
    Vote(u64, i32),
    Upload(u64, bool),
    OnBehalf(u64, u64),
    Remove(u64),
    Comment(u64),
}

fn people() -> impl Strategy<Value = u64> {
    prop::sample::select(vec![OLIVIA, REX, RITA, SIMON, UMA])
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (people(), -2..=2).prop_map(|(who, value)| Act::Vote(who, value)),
        2 => (people(), any::<bool>()).prop_map(|(who, copies)| Act::Upload(who, copies)),
        1 => (people(), people()).prop_map(|(who, real)| Act::OnBehalf(who, real)),
        1 => people().prop_map(Act::Remove),
        1 => people().prop_map(Act::Comment),
    ]
}

fn play(acts: &[Act], rebases: bool) -> ChangeEvidence {
    let mut world = World::default();
    let mut review = change(&mut world);
    for act in acts {
        perform(&mut world, &mut review, act);
    }
    if rebases {
        let rebased = code(&mut world, &[], "rebased");
        review.submit_rebased(&mut world, SIMON, rebased, "");
    } else {
        review.submit(&mut world, SIMON);
    }
    judged(&world)
}

fn perform(world: &mut World, review: &mut Review, act: &Act) {
    match act {
        Act::Vote(who, value) => {
            review.vote(world, *who, &format!("Code-Review={value:+}"));
        }
        Act::Upload(who, copies) => {
            let revision = code(world, &[], &format!("patch set {}", review.patch_set + 1));
            let copied = format!("Copied-Label: Code-Review=+2, ab {}", ident(REX));
            review.upload(world, *who, revision, if *copies { &copied } else { "" });
        }
        Act::OnBehalf(who, real) => {
            review.act(
                world,
                &ident(*who),
                "",
                &format!("Label: Code-Review=+2, ab\nReal-user: {}", ident(*real)),
            );
        }
        Act::Remove(who) => {
            review.act(world, &ident(OLIVIA), "", &format!("Removed: {}", ident(*who)));
        }
        Act::Comment(who) => {
            review.act(world, &ident(*who), "Patch Set 1:\n\nLabel: Code-Review=+2", "");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_contributors_vote_never_makes_it_reviewed(acts in prop::collection::vec(act(), 0..12), rebases: bool, value in -2..=2) {
        let before = play(&acts, rebases);
        // Whoever takes back his own veto may well make it reviewed.
        prop_assume!(before.finding(FindingCode::Vetoed).is_none());
        for contributor in before.contributors() {
            let mut more = acts.clone();
            more.push(Act::Vote(contributor, value));
            prop_assert!(before.reviewed || !play(&more, rebases).reviewed, "by {contributor}");
        }
    }

    #[test]
    fn losing_a_counting_vote_never_helps(acts in prop::collection::vec(act(), 0..12), rebases: bool) {
        let before = play(&acts, rebases);
        for vote in before.counting_votes() {
            let mut less = acts.clone();
            less.push(Act::Vote(vote.account, 0));
            prop_assert!(before.reviewed || !play(&less, rebases).reviewed);
        }
    }

    #[test]
    fn a_comment_changes_no_verdict(acts in prop::collection::vec(act(), 0..10), at in 0_usize..10, who in people()) {
        let mut more = acts.clone();
        more.insert(at.min(acts.len()), Act::Comment(who));
        let key = |evidence: ChangeEvidence| {
            let votes: Vec<_> = evidence.votes.into_iter().map(|v| (v.label, v.value, v.account, v.patch_set, v.why)).collect();
            (evidence.reviewed, votes, evidence.findings)
        };
        prop_assert_eq!(key(play(&acts, false)), key(play(&more, false)));
    }

    #[test]
    fn reviewed_always_rests_on_an_independent_vote_on_the_merged_patch_set(acts in prop::collection::vec(act(), 0..12), rebases: bool) {
        let evidence = play(&acts, rebases);
        if evidence.reviewed {
            let contributors = evidence.contributors();
            prop_assert!(evidence.counting_votes().any(|vote| !contributors.contains(&vote.account)
                && vote.value == 2 && vote.real.is_none() && Some(vote.patch_set) == evidence.patch_set));
        }
    }

    #[test]
    fn any_bytes_at_all_are_judged_without_panic(
        message in prop::collection::vec(prop::sample::select(pieces()), 0..30),
        noise in prop::collection::vec(any::<u8>(), 0..40),
        at in any::<prop::sample::Index>(),
    ) {
        let mut text = format!(
            "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor {} 1700000000 +0000\ncommitter S <s@x> 1700000000 +0000\n\n{}",
            ident(OLIVIA), message.concat(),
        ).into_bytes();
        let at = at.index(text.len() + 1);
        text.splice(at..at, noise);
        let mut objects = MapObjects::new();
        let meta = objects.insert(Kind::Commit, text);
        let (labels, rules) = (LabelRanges::default(), ReviewRules::default());
        let refs = MapRefs::new();
        let input = ChangeInput { number: NUMBER, meta, refs: &refs, labels: &labels, rules: &rules, live: None };
        let evidence = judge(&objects, &input).unwrap();
        prop_assert!(!evidence.reviewed, "there is no branch that could have it");
    }
}

/// Pieces of messages, good and bad.
fn pieces() -> Vec<&'static str> {
    vec![
        "Create change\n\n",
        "Patch-set: 1\n",
        "Change-id: I1\n",
        "Branch: refs/heads/main\n",
        "Status: merged\n",
        "Status: new\n",
        "Commit: 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n",
        "Label: Code-Review=+2\n",
        "Label: SUBM=+1\n",
        "Label: -X\n",
        "Label: Code-Review=+2, ab X <7@s>\n",
        "Copied-Label: A=1, b C <1@d>,E <2@f>:\"g\"\n",
        "Copied-Label: \n",
        "Removed: X <7@s>\n",
        "Submitted-with: OK\n",
        "Submitted-with: OK: A: B <1@c>\n",
        "Submitted-with: \n",
        "Real-user: A <1@b>\n",
        "Current: true\n",
        "\n",
        "\n\n",
        ":",
        "<",
        ">",
        "\u{2028}",
        "\0",
        "Change has been successfully rebased as 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n",
        "Patch-set: 2 (DELETED)\n",
        "Submission-id: x\n",
        "Tag: y\n",
    ]
}

#[test]
fn a_long_history_with_large_footers_is_judged() {
    let mut world = World::default();
    let mut review = change(&mut world);
    let large = format!("Topic: {}", "x".repeat(100_000));
    review.act(&mut world, &ident(REX), "", &large);
    for _ in 0..2_000 {
        review.act(&mut world, &ident(RITA), "Again.", "");
    }
    review.vote(&mut world, REX, "Code-Review=+2");
    review.submit(&mut world, SIMON);
    assert!(judged(&world).reviewed);
}

#[test]
fn a_history_of_two_parents_or_of_no_commit_is_malformed() {
    let mut world = World::default();
    let review = approved(&mut world);
    let tip = world.refs[&notedb::meta_ref(NUMBER)];
    let tree = world.tree(&[]);
    let merged =
        world.commit(tree, &[tip, review.revision], &ident(REX), "S <s@x>", "Merge\n\nPatch-set: 1\n");
    for meta in [merged, tree, ObjectId::from_bytes([3; 20])] {
        world.set(&notedb::meta_ref(NUMBER), meta);
        let evidence = judged(&world);
        assert_eq!(evidence.findings.len(), 1);
        assert!(evidence.findings[0].reason.starts_with("commit "), "{}", evidence.findings[0].reason);
        assert_eq!((evidence.status, evidence.votes.len(), evidence.people.owner), (None, 0, None));
    }
}
