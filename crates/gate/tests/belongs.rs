//! What doesn't belong together is not decided; what does gives the same bytes, wherever it is decided.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // these are tests

mod common;

use common::*;
use gate::{Case, CaseError, Matter, Rules, decide, examine, revision};
use model::{Answer, Canonical as _, Digest, Need, Revision, to_canonical};
use notedb::{MapObjects, ObjectId, Objects as _};

type Twist = fn(&mut Case);

fn run_matter(case: &mut Case) -> &mut gate::RunMatter {
    match &mut case.matter {
        Matter::Run(matter) => matter,
        Matter::Accept | Matter::Submit(_) => panic!("it is about a configuration"),
    }
}

#[test]
fn what_runs_is_the_end_of_the_range_that_was_judged_or_nothing_is_decided() {
    let play = Play::reviewed();
    let (good, answers) = play.case();
    let evidence = examine(&good, &play.world, &answers).unwrap();
    let [accepted, opened] = play.rulebooks();
    let twists: [(&str, Twist); 6] = [
        ("tip", |case| run_matter(case).submission.tip = Revision::from_bytes([7; 20])),
        ("project", |case| run_matter(case).submission.project = "shop2".parse().unwrap()),
        ("branch", |case| run_matter(case).submission.branch = "refs/heads/dev".parse().unwrap()),
        ("server", |case| run_matter(case).submission.server = "other".parse().unwrap()),
        ("id", |case| run_matter(case).submission.id = model::SubmissionId::derive(&[b"other"])),
        ("schema", |case| case.schema = "exequatur.case/2".into()),
    ];
    for (what, twist) in twists {
        let mut case = good.clone();
        twist(&mut case);
        let error = decide(&case, &evidence, &accepted, &opened, at(0)).unwrap_err();
        assert!(matches!(error, CaseError::Contradiction(_)) && error.to_string().contains(what), "{error}");
        assert!(matches!(examine(&case, &play.world, &answers), Err(CaseError::Contradiction(_))), "{what}");
    }
}

#[test]
fn evidence_of_another_case_is_not_decided_on() {
    let play = Play::reviewed();
    let (good, answers) = play.case();
    let evidence = examine(&good, &play.world, &answers).unwrap();
    let [accepted, opened] = play.rulebooks();
    let twists: [Twist; 5] = [
        |case| case.base = case.tip,
        |case| case.branch = "refs/heads/dev".parse().unwrap(),
        |case| drop(case.changes.remove(&42)),
        |case| {
            let read = case.changes[&42].clone();
            case.changes.insert(43, read);
        },
        |case| case.changes.get_mut(&42).unwrap().meta = Revision::from_bytes([7; 20]),
    ];
    for (number, twist) in twists.into_iter().enumerate() {
        let mut case = good.clone();
        case.matter = Matter::Accept;
        twist(&mut case);
        let error = decide(&case, &evidence, &accepted, &opened, at(0)).unwrap_err();
        assert!(matches!(error, CaseError::Contradiction(_)), "{number}: {error}");
    }
}

#[test]
fn only_the_rulebooks_that_the_case_names_decide() {
    let play = Play { opened: Some(Ops::people(2)), ..Play::reviewed() };
    let (case, answers) = play.case();
    let evidence = examine(&case, &play.world, &answers).unwrap();
    let [accepted, opened] = play.rulebooks();
    assert!(decide(&case, &evidence, &accepted, &opened, at(0)).is_ok());
    // The one that would allow, twice; and each in the other's place.
    for (one, other) in [(&accepted, &accepted), (&opened, &opened), (&opened, &accepted)] {
        let error = decide(&case, &evidence, one, other, at(0)).unwrap_err();
        assert!(matches!(error, CaseError::Contradiction(_)), "{error}");
    }
    let (case, _) = Play { opened: None, ..play }.accepting().case();
    assert!(decide(&case, &evidence, &accepted, &accepted, at(0)).is_ok());
    assert!(matches!(decide(&case, &evidence, &accepted, &opened, at(0)), Err(CaseError::Contradiction(_))));
}

#[test]
fn an_answer_that_is_missing_or_has_other_bytes_is_no_decision() {
    let play = Play::reviewed();
    let (case, answers) = play.case();
    for digest in [case.changes[&42].detail, case.accounts[&address(OLIVIA)]] {
        let mut without = answers.clone();
        without.remove(&digest);
        assert!(matches!(examine(&case, &play.world, &without), Err(CaseError::Missing { .. })));
        let mut other = answers.clone();
        other.get_mut(&digest).unwrap().push(b' ');
        assert!(matches!(examine(&case, &play.world, &other), Err(CaseError::Answer { .. })));
    }
}

/// A search ends where an object isn't there: what lies behind it must not be taken for granted.
#[test]
fn a_range_with_a_hole_is_no_decision() {
    let mut play = Play::default();
    play.push(OLIVIA);
    let pushed = play.head;
    play.open(42, OLIVIA);
    play.vote(42, REX, 2);
    play.submit(42, SIMON);
    assert!(play.line().contains("unaccounted-commits"));
    let (case, answers) = play.case();
    let without = without(&play.world.objects, &pushed);
    let error = examine(&case, &without, &answers).unwrap_err();
    assert!(matches!(&error, CaseError::Missing { what } if what.contains(&pushed.to_string())), "{error}");
}

#[test]
fn rules_with_a_hole_in_their_history_are_no_decision() {
    let mut play = Play::reviewed();
    let config = play.world.refs.get(META_CONFIG).copied().unwrap();
    let pushed = play.world.code(&[config], &[("project.config", "[access]")]);
    play.world.set(META_CONFIG, pushed);
    play.open_rules(50, OLIVIA);
    play.vote(50, REX, 2);
    play.submit(50, SIMON);
    assert_eq!(play.line(), "DENY: not-reviewed, rules-changed");
    let (case, answers) = play.case();
    let error = examine(&case, &without(&play.world.objects, &pushed), &answers).unwrap_err();
    assert!(matches!(&error, CaseError::Missing { what } if what.contains(&pushed.to_string())), "{error}");
}

fn without(objects: &MapObjects, id: &ObjectId) -> MapObjects {
    let mut rest = MapObjects::new();
    rest.extend(objects.iter().filter(|(other, _)| *other != id).map(|(_, object)| object.clone()));
    rest
}

#[test]
fn base_or_tip_that_is_no_commit_is_no_decision() {
    let play = Play { twist: |case| case.base = Revision::from_bytes([7; 20]), ..Play::reviewed() };
    assert!(matches!(play.decide(), Err(CaseError::Range(_))));
}

#[test]
fn the_same_case_gives_the_same_bytes_and_so_do_the_recorded_objects_alone() {
    let plays: [fn() -> Play; 3] = [
        Play::reviewed,
        || {
            let mut play = Play::default();
            play.push(OLIVIA);
            play.open(42, OLIVIA);
            play.upload(42, REX, RITA);
            play.vote(42, REX, 2);
            play.submit(42, SIMON);
            play
        },
        || Play { opened: Some(Ops::people(2)), ops: Ops::policy("// none\n"), ..Play::reviewed() },
    ];
    for play in plays {
        let (case, answers) = play().case();
        let (evidence, recorded) = play().recorded();
        let again = examine(&case, &recorded, &answers).unwrap();
        assert_eq!(to_canonical(&again).unwrap(), to_canonical(&evidence).unwrap());
        // Also what the JSON doesn't show: who uploaded before.
        assert_eq!(again, evidence);
        let [accepted, opened] = play().rulebooks();
        let decided = |evidence| decide(&case, evidence, &accepted, &opened, at(0)).unwrap();
        let (one, other) = (decided(&evidence), decided(&again));
        assert_eq!(to_canonical(&one.decision).unwrap(), to_canonical(&other.decision).unwrap());
        assert_eq!((one.plan, one.question, one.approvers), (other.plan, other.question, other.approvers));
    }
}

#[test]
fn a_decision_names_what_it_rests_on() {
    let play = Play::reviewed();
    let (case, answers) = play.case();
    let evidence = examine(&case, &play.world, &answers).unwrap();
    let judgement = play.decide().unwrap();
    let decision = &judgement.decision;
    let (plan, question) = (judgement.plan.unwrap(), judgement.question.unwrap());
    assert_eq!(decision.answer, Answer::Allow);
    assert_eq!(decision.plan, plan.digest().unwrap());
    assert_eq!(decision.question, question.digest().unwrap());
    assert_eq!(decision.evidence, evidence.digest().unwrap());
    assert_eq!(decision.configuration, play.ops.commit());
    assert_eq!(decision.policies, ["default-run-reviewed"]);
    assert_eq!((decision.facts_at, decision.at), (case.read_at, at(0)));
    assert_eq!((plan.triggered_by.revision, plan.triggered_by.base), (case.tip, case.base));
    assert_eq!(plan.configuration, play.ops.commit());
    // Another moment is another decision.
    let [accepted, opened] = play.rulebooks();
    let later = decide(&case, &evidence, &accepted, &opened, at(1)).unwrap();
    assert_ne!(later.decision.id, decision.id);
}

#[test]
fn the_plan_is_made_of_the_configuration_that_it_was_opened_under() {
    let now = Ops { operation: Ops::default().operation.replace("/rollouts", "/other"), ..Ops::default() };
    let play = Play { ops: now, opened: Some(Ops::default()), ..Play::reviewed() };
    let judgement = play.decide().unwrap();
    let plan = judgement.plan.unwrap();
    assert_eq!(judgement.decision.answer, Answer::Allow);
    assert_eq!(plan.configuration, Ops::default().commit());
    assert!(format!("{plan:?}").contains("/rollouts"));
    assert_eq!(judgement.decision.configuration, play.ops.commit());
}

#[test]
fn a_deny_without_a_plan_is_about_no_plan() {
    let play = Play { ops: Ops { operation: String::new(), ..Ops::default() }, ..Play::reviewed() };
    let judgement = play.decide().unwrap();
    assert!(judgement.plan.is_none());
    assert_eq!(judgement.decision.plan, Digest::of(b""));
    let codes: Vec<_> = judgement.decision.reasons.iter().map(|r| r.code.as_str()).collect();
    assert_eq!(codes, ["operation-gone", "no-plan"]);
}

#[test]
fn who_can_supply_what_is_missing_is_said() {
    let mut play = Play::default();
    play.open(42, STRANGER);
    play.vote(42, STRANGER + 1, 2);
    play.submit(42, SIMON);
    for code in ["reviewer-unlinked", "contributor-unlinked"] {
        let reason = play.reason(code);
        assert_eq!(reason.need, Need::Waits);
        assert!(reason.cure.unwrap().contains("links.yaml"));
    }
    // Once it is supplied, it is no longer in the way: nothing else about the change has to be done again.
    let links = format!(
        "{}- {{ person: zoe, accounts: {{ main: [1099] }} }}\n- {{ person: yan, accounts: {{ main: [1100] }} }}\n",
        Ops::default().links
    );
    play.ops = Ops { links, ..Ops::default() };
    assert_eq!(play.line(), "ALLOW, reviewed by yan");
}

#[test]
fn what_waits_for_one_rulebook_and_is_final_for_another_is_final() {
    let freeze = |need| {
        Ops::policy(&format!(
            "@id(\"not-now\") @code(\"not-now\") @reason(\"Not now\") @need(\"{need}\")\nforbid (principal, action == Action::\"run\", resource);"
        ))
    };
    for (now, then) in [("waits", "final"), ("final", "waits")] {
        let play = Play { ops: freeze(now), opened: Some(freeze(then)), ..Play::reviewed() };
        let reasons = play.decide().unwrap().decision.reasons;
        let needs: Vec<_> = reasons.iter().map(|reason| reason.need).collect();
        assert_eq!(needs.len(), 2, "{reasons:?}");
        assert!(needs.contains(&Need::Final));
    }
}

#[test]
fn who_submitted_is_known_only_where_all_changes_agree() {
    let submitter = |play: &Play| {
        let question = play.decide().unwrap().question.unwrap();
        question.submitter.map(|person| person.to_string())
    };
    let mut play = Play::reviewed();
    assert_eq!(submitter(&play).as_deref(), Some("simon"));
    // The change that is the tip says it; if none is, those of the submission, and these don't agree.
    play.open(43, RITA);
    play.vote(43, REX, 2);
    play.submit(43, UMA);
    assert_eq!(submitter(&play).as_deref(), Some("uma"));
    play.push(OLIVIA);
    assert_eq!(submitter(&play), None);
}

#[test]
fn a_baseline_says_nothing_of_rules_and_that_is_all_that_it_spares() {
    let mut play = Play::reviewed();
    play.rules.base = None;
    assert_eq!(play.line(), "ALLOW, reviewed by rex");
    // Rules that can't be read are another thing.
    play.rules = Rules { base: None, now: None };
    let error = play.decide().unwrap_err();
    assert!(
        matches!(&error, CaseError::Missing { what } if what.contains("refs/meta/config of shop")),
        "{error}"
    );
    let mut pushed = Play::reviewed();
    pushed.rules.base = None;
    pushed.push(OLIVIA);
    assert!(pushed.line().starts_with("DENY"));
}

#[test]
fn the_tip_is_the_branchs_own_commit() {
    let play = Play::reviewed();
    assert!(play.world.get(&play.head).unwrap().is_some());
    assert_eq!(play.case().0.tip, revision(&play.head));
}
