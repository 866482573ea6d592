//! What must hold for any history.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which lie outside of test functions"
)]

mod common;

use common::*;
use evidence::{
    ChangeEvidence, ChangeInput, FindingCode, LabelRanges, LiveFacts, RestFacts, ReviewRules, Status, judge,
};
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

/// Everything that is in a history of these acts, with what it is judged to be.
fn world_of(acts: &[Act], rebases: bool) -> World {
    let mut world = World::default();
    let mut review = change(&mut world);
    for act in acts {
        perform(&mut world, &mut review, act);
    }
    if rebases {
        let rebased = code(&mut world, &[], "rebased");
        review.submit_rebased(
            &mut world,
            SIMON,
            rebased,
            &format!("Label: Code-Review=+2, ab {}", ident(REX)),
        );
    } else {
        review.submit(&mut world, SIMON);
    }
    world
}

/// The meta commits, newest first.
fn chain(world: &World) -> Vec<ObjectId> {
    let mut chain = Vec::new();
    let mut next = Some(world.refs[&notedb::meta_ref(NUMBER)]);
    while let Some(id) = next {
        chain.push(id);
        next = notedb::walk::links(world, &id).unwrap().unwrap().parents.first().copied();
    }
    chain
}

/// Judged live, by somebody who has seen these meta revisions before.
fn judged_by_witness(world: &World, meta: ObjectId, seen: &[ObjectId]) -> ChangeEvidence {
    let (labels, rules) = (LabelRanges::default(), ReviewRules::default());
    let before = judged(world);
    let submitter = before.submitted.as_ref().and_then(|submitted| submitted.by);
    let rest = RestFacts {
        meta: None,
        status: before.status.unwrap_or(Status::New),
        submitter,
        newest_patch_set: before.patch_set.unwrap_or_default(),
        votes: Default::default(),
        requirements: Vec::new(),
    };
    let live = LiveFacts {
        project: "p".into(),
        labels: LabelRanges::default(),
        accounts: Default::default(),
        rest,
        seen: seen.to_vec(),
    };
    let input =
        ChangeInput { number: NUMBER, meta, refs: world, labels: &labels, rules: &rules, live: Some(&live) };
    judge(world, &input).unwrap()
}

/// The chain written anew from the oldest on, as `change` makes each message. The former objects stay.
fn rewritten(world: &mut World, change: impl Fn(usize, String) -> Option<String>) -> ObjectId {
    let mut parent: Option<ObjectId> = None;
    for (at, id) in chain(world).into_iter().rev().enumerate() {
        let data =
            String::from_utf8(world.objects.iter().find(|(known, _)| **known == id).unwrap().1.data.to_vec())
                .unwrap();
        let lines = data.lines().filter(|line| !line.starts_with("parent ")).collect::<Vec<_>>().join("\n");
        let Some(text) = change(at, lines + "\n") else { continue };
        let text = match parent {
            Some(parent) => text.replacen("\nauthor ", &format!("\nparent {parent}\nauthor "), 1),
            None => text,
        };
        parent = Some(world.objects.insert(Kind::Commit, text.into_bytes()));
    }
    parent.unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_saw_a_history_before_sees_that_it_was_cut_or_rewritten(
        acts in prop::collection::vec(act(), 0..10),
        rebases: bool,
        cut in 1_usize..12,
        at in any::<prop::sample::Index>(),
    ) {
        let mut world = world_of(&acts, rebases);
        let seen = chain(&world);
        let cut_to = seen[cut.min(seen.len() - 1)];
        let without = at.index(seen.len() - 1) + 1;
        let left_out = rewritten(&mut world, |n, text| (n != without).then_some(text));
        let touched = rewritten(&mut world, |n, text| Some(if n == without { text + "X-Touched: 1\n" } else { text }));
        for meta in [cut_to, left_out, touched] {
            let evidence = judged_by_witness(&world, meta, &seen);
            prop_assert!(!evidence.reviewed);
            prop_assert!(evidence.finding(FindingCode::HistoryRewritten).is_some() || evidence.status.is_none());
        }
    }

    #[test]
    fn whatever_object_gets_lost_it_never_helps(
        acts in prop::collection::vec(act(), 0..10),
        rebases: bool,
        which in any::<prop::sample::Index>(),
    ) {
        let mut world = world_of(&acts, rebases);
        let before = judged(&world).reviewed;
        let objects: Vec<ObjectId> = world.objects.iter().map(|(id, _)| *id).collect();
        world.objects.remove(which.get(&objects));
        prop_assert!(before || !judged(&world).reviewed);
    }

    #[test]
    fn footers_that_nobody_knows_change_nothing(
        acts in prop::collection::vec(act(), 0..10),
        rebases: bool,
        footers in prop::collection::vec(("[A-Z][a-z]{2,8}-[A-Za-z-]{1,10}", "[^\n]{0,40}"), 1..4),
    ) {
        const KNOWN: [&str; 7] =
            ["Copied-Label", "Submission-Id", "Submitted-With", "Patch-Set", "Real-User", "Change-Id", "Merge-Strategy"];
        prop_assume!(footers.iter().all(|(key, _)| !KNOWN.iter().any(|known| known.eq_ignore_ascii_case(key))));
        let mut world = world_of(&acts, rebases);
        let key = |evidence: ChangeEvidence| {
            let votes: Vec<_> = evidence.votes.into_iter().map(|v| (v.label, v.value, v.account, v.patch_set, v.why)).collect();
            (evidence.reviewed, votes, evidence.findings)
        };
        let before = key(judged(&world));
        let more: String = footers.iter().map(|(key, value)| format!("{key}: {value}\n")).collect();
        let meta = rewritten(&mut world, |_, text| Some(text + &more));
        world.set(&notedb::meta_ref(NUMBER), meta);
        prop_assert_eq!(before, key(judged(&world)));
    }

    #[test]
    fn what_others_do_in_the_same_repository_changes_nothing(
        acts in prop::collection::vec(act(), 0..8),
        others in prop::collection::vec(act(), 0..8),
        rebases: bool,
        first: bool,
    ) {
        let alone = world_of(&acts, rebases);
        let mut world = if first { World::default() } else { alone.clone() };
        let mut other = Review::open_on(&mut world, 7, UMA, ObjectId::from_bytes([5; 20]), "refs/heads/other");
        for act in &others {
            perform(&mut world, &mut other, act);
        }
        other.submit(&mut world, REX);
        if first {
            // Objects of both, in whichever order they came.
            let mine = alone.objects.iter().map(|(_, object)| object.clone()).collect::<Vec<_>>();
            world.objects.extend(mine.into_iter().rev());
            world.refs.extend(alone.refs.clone());
        }
        prop_assert_eq!(judged(&world), judged(&alone));
    }

    #[test]
    fn taking_a_counting_vote_out_of_the_history_never_helps(acts in prop::collection::vec(act(), 0..12), rebases: bool) {
        let before = play(&acts, rebases);
        prop_assume!(before.finding(FindingCode::Vetoed).is_none());
        for vote in before.counting_votes() {
            // As if that person had never voted.
            let less: Vec<Act> = acts.iter().filter(|act| !matches!(act, Act::Vote(who, _) if *who == vote.account)).cloned().collect();
            prop_assert!(before.reviewed || !play(&less, rebases).reviewed);
        }
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
