//! What only a live reader knows: addresses, REST, and meta revisions seen before.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which lie outside of test functions"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::*;
use evidence::{
    ChangeEvidence, ChangeInput, FindingCode, LabelRanges, LiveFacts, RestFacts, RestVote, ReviewRules,
    Status, judge,
};
use notedb::testing::{Review, World, ident, server_ident};
use notedb::{MapObjects, ObjectId, Recorder, Refs as _, meta_ref};

fn rest(status: Status, submitter: Option<u64>, votes: &[(u64, i32)]) -> RestFacts {
    let vote = |&(account, value): &(u64, i32)| RestVote { label: "Code-Review".to_owned(), account, value };
    let votes = votes.iter().map(vote).collect();
    RestFacts { meta: None, status, submitter, newest_patch_set: 1, votes, requirements: Vec::new() }
}

/// REST agrees on a change that Rex approved and Simon submitted; Ann's address is Olivia's.
fn facts() -> LiveFacts {
    LiveFacts {
        project: "shop".to_owned(),
        labels: LabelRanges::default(),
        accounts: BTreeMap::from([("ann@example.com".to_owned(), BTreeSet::from([OLIVIA]))]),
        rest: rest(Status::Merged, Some(SIMON), &[(REX, 2)]),
        seen: Vec::new(),
    }
}

fn merged(world: &mut World) -> Review {
    let mut review = approved(world);
    review.submit(world, SIMON);
    review
}

fn live(world: &World, facts: &LiveFacts) -> ChangeEvidence {
    let meta = world.tip(&meta_ref(NUMBER)).unwrap().unwrap();
    let (labels, rules) = (LabelRanges::default(), ReviewRules::default());
    judge(
        world,
        &ChangeInput { number: NUMBER, meta, refs: world, labels: &labels, rules: &rules, live: Some(facts) },
    )
    .unwrap()
}

#[test]
fn agreement_is_reviewed_with_nothing_to_say() {
    let mut world = World::default();
    merged(&mut world);
    let evidence = live(&world, &facts());
    assert!(evidence.reviewed);
    assert_eq!(evidence.findings, []);
    assert_eq!(evidence.change.project.as_deref(), Some("shop"));
    assert_eq!((evidence.people.author, evidence.people.committer), (Some(OLIVIA), Some(OLIVIA)));
    assert_eq!(evidence.contributors(), BTreeSet::from([OLIVIA]));
}

#[test]
fn every_disagreement_with_rest_is_found() {
    let mut world = World::default();
    merged(&mut world);
    let wrong: [fn(&mut RestFacts); 6] = [
        |rest| rest.status = Status::New,
        |rest| rest.submitter = Some(REX),
        |rest| rest.votes.clear(),
        |rest| rest.newest_patch_set = 2,
        |rest| rest.requirements.push(serde_json::from_str(r#"{"name":"R","status":"SATISFIED"}"#).unwrap()),
        |rest| rest.meta = Some(ObjectId::from_bytes([1; 20])),
    ];
    for change in wrong {
        let mut facts = facts();
        change(&mut facts.rest);
        let evidence = live(&world, &facts);
        assert!(!evidence.reviewed);
        assert_eq!(evidence.findings[0].code, FindingCode::RestDisagrees, "{:?}", facts.rest);
    }
}

#[test]
fn a_vote_raised_after_the_merge_is_no_disagreement() {
    let mut world = World::default();
    let mut review = change(&mut world);
    review.vote(&mut world, REX, "Code-Review=+1");
    review.submit(&mut world, SIMON);
    review.vote(&mut world, REX, "Code-Review=+2");
    assert!(live(&world, &facts()).finding(FindingCode::RestDisagrees).is_none());
}

#[test]
fn a_meta_revision_that_is_gone_is_history_rewritten() {
    let mut world = World::default();
    let mut review = change(&mut world);
    let seen = review.vote(&mut world, REX, "Code-Review=+2");
    review.submit(&mut world, SIMON);
    let still_there = LiveFacts { seen: vec![seen], ..facts() };
    assert!(live(&world, &still_there).reviewed);
    let gone = LiveFacts { seen: vec![seen, ObjectId::from_bytes([1; 20])], ..facts() };
    let evidence = live(&world, &gone);
    assert!(evidence.finding(FindingCode::HistoryRewritten).is_some() && !evidence.reviewed);
}

#[test]
fn of_an_unmerged_change_only_four_findings_refuse() {
    let mut world = World::default();
    approved(&mut world);
    let facts = LiveFacts {
        rest: rest(Status::New, None, &[]),
        seen: vec![ObjectId::from_bytes([1; 20])],
        ..facts()
    };
    let codes: Vec<_> = live(&world, &facts).findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [FindingCode::NotMerged, FindingCode::HistoryRewritten, FindingCode::RestDisagrees]);
}

/// A merged change whose code was written, committed and co-authored by these.
fn written_by(author: &str, committer: &str, message: &str) -> World {
    let mut world = World::default();
    let tree = world.tree(&[]);
    let revision = world.commit(tree, &[], author, committer, message);
    let mut review = Review::open(&mut world, NUMBER, OLIVIA, revision);
    review.vote(&mut world, REX, "Code-Review=+2");
    review.submit(&mut world, SIMON);
    world
}

#[test]
fn a_proven_author_committer_or_co_author_cannot_approve() {
    let ann = "Ann <ann@example.com>";
    let rex = "Rex <rex@example.com>";
    let mut facts = facts();
    facts.accounts.insert("rex@example.com".to_owned(), BTreeSet::from([REX]));
    for (author, committer, message) in
        [(rex, ann, "S\n"), (ann, rex, "S\n"), (ann, ann, "S\n\nCo-authored-by: Rex <rex@example.com>\n")]
    {
        let evidence = live(&written_by(author, committer, message), &facts);
        assert!(!evidence.reviewed, "{author} {committer} {message}");
        assert!(evidence.contributors().contains(&REX));
    }
    assert!(live(&written_by(ann, ann, "S\n\nReviewed-by: Rex <rex@example.com>\n"), &facts).reviewed);
}

#[test]
fn an_address_of_nobody_or_of_several_is_unresolved_and_bars_all_of_them() {
    let ann = "Ann <ann@example.com>";
    let world = written_by(ann, ann, "S\n");
    let nobody = LiveFacts { accounts: BTreeMap::new(), ..facts() };
    let evidence = live(&world, &nobody);
    assert!(evidence.finding(FindingCode::AuthorUnresolved).is_some() && evidence.people.author.is_none());
    let mut several = facts();
    several.accounts.insert("ann@example.com".to_owned(), BTreeSet::from([OLIVIA, REX]));
    let evidence = live(&world, &several);
    assert!(evidence.finding(FindingCode::AuthorUnresolved).is_some());
    assert!(!evidence.reviewed, "Rex may have written it");
}

#[test]
fn the_server_as_committer_is_exempt_and_as_author_is_not() {
    let ann = "Ann <ann@example.com>";
    assert!(
        live(&written_by(ann, &server_ident(), "S\n"), &facts())
            .finding(FindingCode::AuthorUnresolved)
            .is_none()
    );
    assert!(
        live(&written_by(&server_ident(), ann, "S\n"), &facts())
            .finding(FindingCode::AuthorUnresolved)
            .is_some()
    );
}

#[test]
fn the_recording_of_one_judgement_gives_the_same_bytes() {
    let mut world = World::default();
    let mut review = merged(&mut world);
    review.act(&mut world, &ident(RITA), "Later.", "");
    let facts = facts();
    let meta = world.tip(&meta_ref(NUMBER)).unwrap().unwrap();
    let (labels, rules) = (LabelRanges::default(), ReviewRules::default());
    let input = ChangeInput {
        number: NUMBER,
        meta,
        refs: &world.refs,
        labels: &labels,
        rules: &rules,
        live: Some(&facts),
    };
    let recorder = Recorder::new(&world.objects);
    let first = serde_json::to_string(&judge(&recorder, &input).unwrap()).unwrap();
    let recorded: MapObjects = recorder.into_recorded();
    assert_eq!(serde_json::to_string(&judge(&recorded, &input).unwrap()).unwrap(), first);
    let back: ChangeEvidence = serde_json::from_str(&first).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), first);
}

#[test]
fn rest_speaks_of_the_meta_revision_that_is_judged() {
    let mut world = World::default();
    let first = {
        let mut review = change(&mut world);
        let first = review.vote(&mut world, REX, "Code-Review=+2");
        review.submit(&mut world, SIMON);
        first
    };
    let tip = world.tip(&meta_ref(NUMBER)).unwrap();
    let mut facts = facts();
    facts.rest.meta = tip;
    assert!(live(&world, &facts).reviewed);
    facts.rest.meta = Some(first);
    assert!(live(&world, &facts).finding(FindingCode::RestDisagrees).is_some());
}

#[test]
fn rest_lists_the_votes_that_stand_on_the_newest_patch_set() {
    let mut world = World::default();
    let mut review = change(&mut world);
    review.vote(&mut world, RITA, "Code-Review=+2");
    let two = code(&mut world, &[], "two");
    review.upload(&mut world, OLIVIA, two, "");
    review.vote(&mut world, UMA, "Code-Review=+1");
    review.vote(&mut world, UMA, "Code-Review=0");
    review.vote(&mut world, REX, "Code-Review=+2");
    // Also a comment on a patch set that nobody made is a comment on none.
    review.act_on(&mut world, 3, &ident(RITA), "Hm.", "");
    let mut facts = facts();
    facts.rest = rest(Status::New, None, &[(REX, 2)]);
    facts.rest.newest_patch_set = 2;
    let codes = |facts: &LiveFacts| -> Vec<FindingCode> {
        live(&world, facts).findings.iter().map(|finding| finding.code).collect()
    };
    assert_eq!(codes(&facts), [FindingCode::NotMerged]);
    for votes in [&[(REX, 2), (UMA, 1)][..], &[(REX, 2), (RITA, 2)], &[(REX, 1)], &[]] {
        let mut other = facts.clone();
        other.rest.votes = rest(Status::New, None, votes).votes;
        assert!(codes(&other).contains(&FindingCode::RestDisagrees), "{votes:?}");
    }
}

#[test]
fn the_first_of_the_meta_revisions_that_are_gone_is_named() {
    let mut world = World::default();
    merged(&mut world);
    let gone = [1, 2].map(|byte| ObjectId::from_bytes([byte; 20]));
    let evidence = live(&world, &LiveFacts { seen: gone.to_vec(), ..facts() });
    assert!(evidence.finding(FindingCode::HistoryRewritten).unwrap().reason.contains(&gone[0].to_string()));
}

/// A change whose commit has this committer and message.
fn committed(world: &mut World, committer: &str, message: &str) {
    let base = code(world, &[], "base");
    let tree = world.tree(&[("file", "one")]);
    let revision = world.commit(tree, &[base], "Ann <ann@example.com>", committer, message);
    let mut review = Review::open(world, NUMBER, OLIVIA, revision);
    review.vote(world, REX, "Code-Review=+2");
    review.submit(world, SIMON);
}

#[test]
fn the_servers_own_ident_is_no_committer_even_if_it_changed_later() {
    let mut world = World::default();
    committed(&mut world, &server_ident(), "Revert\n");
    assert_eq!(live(&world, &facts()).findings, []);
    // A server that was renamed.
    let tip = world.tip(&meta_ref(NUMBER)).unwrap().unwrap();
    let tree = world.tree(&[]);
    let renamed =
        world.commit(tree, &[tip], &ident(RITA), "Renamed <other@example.com>", "Hi\n\nPatch-set: 1\n");
    world.set(&meta_ref(NUMBER), renamed);
    let codes: Vec<_> = live(&world, &facts()).findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [FindingCode::UpdatedAfterMerge]);
}

#[test]
fn who_is_not_proven_is_said_once_and_why() {
    let mut world = World::default();
    let message =
        "S\n\nCo-authored-by: X <x@y>\nCo-authored-by: Z <z@y>\nCo-authored-by: Ann <ann@example.com>\n";
    committed(&mut world, "Ann <ann@example.com>", message);
    let mut facts = facts();
    let evidence = live(&world, &facts);
    let reason =
        |evidence: &ChangeEvidence| evidence.finding(FindingCode::AuthorUnresolved).unwrap().reason.clone();
    assert_eq!(reason(&evidence), "the co-author could not be proven to be an account");
    assert_eq!(evidence.people.co_authors, [OLIVIA]);
    facts.accounts.insert("x@y".to_owned(), BTreeSet::from([REX, RITA]));
    let evidence = live(&world, &facts);
    assert!(reason(&evidence).starts_with("the address of the co-author is that of several accounts"));
    assert!(!evidence.reviewed, "both are barred");
}
