//! Who has which role, and whose an account is, where more than the reviewed files says so.
#![allow(clippy::unwrap_used)] // the helpers of tests are tests

mod common;

use std::collections::BTreeSet;

use common::{OLIVIA, Ops, Play, REX, RITA, SIMON, STRANGER, at};
use gate::{
    Answers, Case, CaseError, Challenge, GerritGroupsRead, GroupTrouble, Link, LinkRead, SessionRead,
    StatedGroups, decide, examine, narrow,
};
use model::{AccountId, Answer, Digest, Identity, Need, Reason};
use serde_json::json;

const POLICY: &str = r#"
@id("ops-approve")
@reason("Nobody of the role ops approved it")
forbid (principal, action == Action::"run", resource)
unless { context.approver_roles.contains(Role::"ops") };
"#;
const UUID: &str = "00000000000000000000000000000000000000aa";
const OWNER: &str = "00000000000000000000000000000000000000bb";

fn play(roles: &str) -> Play {
    let ops = Ops { roles: roles.to_owned(), ..Ops::policy(POLICY) };
    Play { ops, ..Play::reviewed() }
}

fn by_provider() -> Play {
    play("ops: { idp_group: operators }\n")
}

fn by_gerrit() -> Play {
    play(&format!("ops: {{ gerrit_group: {{ server: main, uuid: \"{UUID}\" }} }}\n"))
}

/// What was decided, and why not.
fn judged(play: &Play, act: impl FnOnce(&mut Case, &mut Answers)) -> Result<Vec<Reason>, CaseError> {
    let (mut case, mut answers) = play.case();
    act(&mut case, &mut answers);
    let evidence = examine(&case, &play.world, &answers)?;
    let [accepted, opened] = play.rulebooks();
    let decision = decide(&case, &evidence, &accepted, &opened, at(0))?.decision;
    assert_eq!(decision.answer == Answer::Allow, decision.reasons.is_empty());
    Ok(decision.reasons)
}

fn codes(reasons: &[Reason]) -> Vec<&str> {
    reasons.iter().map(|reason| reason.code.as_str()).collect()
}

fn identity(subject: &str) -> Identity {
    Identity { issuer: "https://idp.example".to_owned(), subject: subject.to_owned() }
}

fn session(subject: &str, key: Option<&str>, groups: StatedGroups, asked_ms: i64) -> SessionRead {
    SessionRead {
        session: Digest::of(format!("{subject} {asked_ms}").as_bytes()),
        version: 1,
        identity: identity(subject),
        key: key.map(|key| key.parse().unwrap()),
        groups,
        asked_at: at(asked_ms),
    }
}

fn known(groups: &[&str]) -> StatedGroups {
    StatedGroups::Known(groups.iter().map(|group| (*group).to_owned()).collect())
}

/// What is decided when the provider says this of rex, who approved.
fn rex_is(groups: StatedGroups, asked_ms: i64) -> Vec<Reason> {
    judged(&by_provider(), |case, _| {
        case.sessions.push(session("r", Some("rex"), groups, asked_ms));
        case.sessions.push(session("s", Some("simon"), known(&[]), -1_000));
    })
    .unwrap()
}

#[test]
fn whom_the_provider_has_in_the_group_has_the_role_and_nobody_else() {
    assert_eq!(codes(&rex_is(known(&["operators", "others"]), -1_000)), [""; 0]);
    let none = rex_is(known(&["others"]), -1_000);
    assert_eq!(codes(&none), ["ops-approve"]);
    assert_eq!(none[0].need, Need::Final);
    let of_another = judged(&by_provider(), |case, _| {
        case.sessions.push(session("r", Some("rex"), known(&[]), -1_000));
        case.sessions.push(session("s", Some("simon"), known(&["operators"]), -1_000));
    });
    assert_eq!(codes(&of_another.unwrap()), ["ops-approve"], "who only submitted approved nothing");
}

/// Of whom nobody knows it, is said so, and it waits: for nobody is it taken for a no.
#[track_caller]
fn unknown(reasons: &[Reason], code: &str) {
    assert!(codes(reasons).contains(&code), "{reasons:?}");
    let about = reasons.iter().find(|reason| reason.code == code && reason.text.contains("rex"));
    assert!(about.is_some_and(|reason| reason.cure.is_some()), "{reasons:?}");
    assert!(reasons.iter().all(|reason| reason.need == Need::Waits), "{reasons:?}");
}

#[test]
fn groups_that_were_not_sent_are_not_no_groups() {
    unknown(&rex_is(StatedGroups::Missing, -1_000), "role-groups-missing");
}

#[test]
fn more_groups_than_are_sent_are_not_no_groups() {
    unknown(&rex_is(StatedGroups::Overage, -1_000), "role-groups-overage");
}

#[test]
fn what_the_provider_said_over_a_minute_ago_fills_no_role() {
    assert_eq!(codes(&rex_is(known(&["operators"]), -60_000)), [""; 0]);
    unknown(&rex_is(known(&["operators"]), -60_001), "role-groups-stale");
}

#[test]
fn who_is_not_signed_in_fills_no_role() {
    unknown(&judged(&by_provider(), |_, _| {}).unwrap(), "role-no-session");
}

#[test]
fn of_two_sessions_of_one_identity_what_was_said_last_counts() {
    for (first, second, allowed) in
        [(known(&["operators"]), known(&[]), false), (known(&[]), known(&["operators"]), true)]
    {
        let reasons = judged(&by_provider(), |case, _| {
            case.sessions.push(session("r", Some("rex"), first, -9_000));
            case.sessions.push(session("r", Some("rex"), second, -1_000));
        });
        assert_eq!(codes(&reasons.unwrap()).is_empty(), allowed);
    }
}

#[test]
fn the_reviewed_links_say_whose_an_identity_is_whatever_key_the_provider_says() {
    let links = format!(
        "{}- {{ person: eve, identities: [{{ issuer: \"https://idp.example\", subject: e }}] }}\n",
        Ops::default().links
    );
    let mut play = by_provider();
    play.ops.links = links;
    let reasons = judged(&play, |case, _| {
        case.sessions.push(session("e", Some("rex"), known(&["operators"]), -1_000));
    });
    unknown(&reasons.unwrap(), "role-no-session");
}

#[test]
fn of_a_role_that_no_rule_names_nothing_has_to_be_known() {
    let ops = Ops {
        roles: format!(
            "ops: {{ idp_group: x }}\nothers: {{ gerrit_group: {{ server: main, uuid: \"{UUID}\" }} }}\n"
        ),
        ..Ops::default()
    };
    let play = Play { ops, ..Play::reviewed() };
    assert_eq!(codes(&judged(&play, |_, _| {}).unwrap()), [""; 0]);
}

fn keep(answers: &mut Answers, value: &serde_json::Value) -> Digest {
    let bytes = format!(")]}}'\n{value}").into_bytes();
    let digest = Digest::of(&bytes);
    answers.insert(digest, bytes);
    digest
}

/// What is decided when the group has this owner and these members, and our accounts own these groups.
fn grouped(owner: &str, members: &[u64], ours: &serde_json::Value) -> Result<Vec<Reason>, CaseError> {
    judged(&by_gerrit(), |case, answers| {
        let members: Vec<_> = members.iter().map(|id| json!({"_account_id": id})).collect();
        let detail = keep(answers, &json!({"id": UUID, "owner_id": owner, "members": members}));
        let owned = keep(answers, ours);
        let read = GerritGroupsRead {
            fill: BTreeSet::from([UUID.to_owned()]),
            groups: [(UUID.to_owned(), Some(detail))].into(),
            owned: BTreeSet::from([owned]),
        };
        case.groups.0.insert("main".parse().unwrap(), read);
    })
}

#[test]
fn whose_account_is_in_the_group_on_gerrit_has_the_role_and_nobody_else() {
    assert_eq!(codes(&grouped(OWNER, &[REX], &json!({})).unwrap()), [""; 0]);
    assert_eq!(codes(&grouped(OWNER, &[RITA, OLIVIA, STRANGER], &json!({})).unwrap()), ["ops-approve"]);
}

/// A role that nobody can say who has allows nothing, also where nobody would have needed it.
#[test]
fn a_group_that_can_not_fill_a_role_allows_nothing_and_says_what_helps() {
    let mine = json!({"x": {"id": UUID}});
    for (owner, ours, trouble) in [
        (UUID, json!({}), GroupTrouble::OwnsItself(UUID.to_owned())),
        (OWNER, mine, GroupTrouble::Ours(UUID.to_owned())),
    ] {
        let reasons = grouped(owner, &[REX], &ours).unwrap();
        let reason = reasons.iter().find(|reason| reason.code == trouble.code()).unwrap();
        assert!(reason.text.contains("ops") && reason.need == Need::Waits, "{reason:?}");
        assert_eq!(reason.cure.as_deref(), Some(trouble.cure()));
    }
    let unseen = judged(&by_gerrit(), |case, _| {
        let read = GerritGroupsRead {
            fill: BTreeSet::from([UUID.to_owned()]),
            groups: [(UUID.to_owned(), None)].into(),
            owned: BTreeSet::new(),
        };
        case.groups.0.insert("main".parse().unwrap(), read);
    });
    assert!(codes(&unseen.unwrap()).contains(&"role-group-unseen"));
}

#[test]
fn a_case_without_the_group_that_fills_a_role_is_not_decided() {
    assert!(matches!(judged(&by_gerrit(), |_, _| {}), Err(CaseError::Missing { .. })));
}

fn link(account: u64, subject: &str, key: Option<&str>) -> LinkRead {
    let challenge = Challenge {
        identity: identity(subject),
        key: key.map(|key| key.parse().unwrap()),
        shown: subject.to_owned(),
        server: "main".parse().unwrap(),
        server_id: notedb::testing::SERVER.to_owned(),
        account: AccountId(account),
        account_shown: subject.to_owned(),
        nonce: "00".repeat(16),
        asked_at: at(-600_000),
    };
    let meta = model::Revision::from_bytes([1; 20]);
    LinkRead { link: Link { schema: Link::SCHEMA.to_owned(), challenge, change: 7, meta }, version: 1 }
}

/// Olivia's change, approved by an account that no file names; sam is a person of whom the file has no account.
fn by_stranger() -> Play {
    let mut play = Play::default();
    play.ops.links.push_str("- { person: sam }\n");
    play.open(42, OLIVIA);
    play.vote(42, STRANGER, 2);
    play.submit(42, SIMON);
    play
}

#[test]
fn a_vote_of_an_account_that_its_holder_linked_counts() {
    assert_eq!(codes(&judged(&by_stranger(), |_, _| {}).unwrap()), ["reviewer-unlinked"]);
    let linked = judged(&by_stranger(), |case, _| case.links.push(link(STRANGER, "s", Some("sam"))));
    assert_eq!(codes(&linked.unwrap()), [""; 0]);
    // Who is a person the file says: another key could be somebody's second one.
    let second = judged(&by_stranger(), |case, _| case.links.push(link(STRANGER, "s", Some("employee-7"))));
    assert_eq!(codes(&second.unwrap()), ["reviewer-unlinked"]);
}

#[test]
fn a_second_account_that_somebody_linked_is_the_same_person_and_approves_nothing_of_their_own() {
    let own = judged(&by_stranger(), |case, _| case.links.push(link(STRANGER, "x", Some("olivia")))).unwrap();
    assert!(codes(&own).contains(&"people-too-few"), "{own:?}");
}

#[test]
fn a_proven_link_takes_no_account_from_the_person_that_the_file_names() {
    // Olivia's own vote stays hers, whoever claims her account.
    let mut play = Play::default();
    play.open(42, OLIVIA);
    play.vote(42, OLIVIA, 2);
    play.submit(42, SIMON);
    let claimed = judged(&play, |case, _| case.links.push(link(OLIVIA, "m", Some("mallory"))));
    assert!(!claimed.unwrap().is_empty());
}

#[test]
fn a_link_of_an_identity_that_nobody_can_name_counts_for_nobody() {
    let nobody = judged(&by_stranger(), |case, _| case.links.push(link(STRANGER, "s", None)));
    assert_eq!(codes(&nobody.unwrap()), ["reviewer-unlinked"]);
}

#[test]
fn a_case_keeps_the_links_of_those_whom_it_names_and_no_others() {
    let play = by_stranger();
    let (mut case, answers) = play.case();
    case.links = vec![link(STRANGER, "s", Some("sam")), link(2_000, "x", Some("somebody-else"))];
    let evidence = examine(&case, &play.world, &answers).unwrap();
    let [accepted, _] = play.rulebooks();
    let named = narrow(&mut case, &evidence, &[&accepted], at(0)).unwrap();
    assert!(named.contains(&"sam".parse().unwrap()) && named.contains(&"olivia".parse().unwrap()));
    assert_eq!(case.links, [link(STRANGER, "s", Some("sam"))]);
}
