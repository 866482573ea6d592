//! The built-in policies: a table that people can read, and the proof that each policy matters.
#![allow(clippy::unwrap_used, clippy::panic)] // the helpers of tests are tests

mod common;
#[path = "common/table.rs"]
mod table;

use std::collections::BTreeSet;

use common::{accept, approved_by, but, change_but, codes, defaults, people, run};
use model::{Need, from_canonical, to_canonical};
use policy::{Policies, Question, default_texts};
use table::{CHANGE_FINDINGS, RANGE_FINDINGS, answers, table};

#[test]
fn the_table_is_as_people_read_it() {
    insta::assert_snapshot!(answers(&defaults()));
}

/// The defaults without one policy, as texts.
fn without(id: &str) -> Vec<(String, String)> {
    let marker = format!("@id(\"{id}\")");
    let texts = default_texts().iter().map(|(path, text)| {
        let kept: Vec<&str> =
            text.split_inclusive("};\n").filter(|policy| !policy.contains(&marker)).collect();
        ((*path).to_owned(), kept.concat())
    });
    texts.collect()
}

#[test]
fn each_default_matters() {
    let all = defaults();
    let before = answers(&all);
    for id in all.ids() {
        let fewer = Policies::replay(&without(id)).unwrap_or_else(|wrong| panic!("without {id}: {wrong:#?}"));
        assert_eq!(fewer.ids().count() + 1, all.ids().count(), "{id} wasn't taken out alone");
        assert!(!fewer.has_our_defaults());
        assert_ne!(answers(&fewer), before, "nothing notices that {id} is gone");
    }
}

#[test]
fn each_finding_that_evidence_marks_has_its_own_reason_and_it_is_final() {
    let policies = defaults();
    for code in CHANGE_FINDINGS.iter().chain(RANGE_FINDINGS) {
        for ask in [run(), accept()] {
            let question = change_but(ask, |c| c.findings = codes(&[code]));
            let verdict = policies.decide(&question);
            assert!(!verdict.allow, "{code} alone is let through");
            let reason = verdict.reasons.iter().find(|r| r.code == *code).unwrap();
            assert_eq!(reason.need, Need::Final);
            assert!(reason.cure.is_some() && reason.policy.is_some());
        }
    }
}

#[test]
fn a_deny_always_has_a_reason_and_an_allow_none() {
    for (name, question) in table() {
        let verdict = defaults().decide(&question);
        assert_eq!(verdict.allow, verdict.reasons.is_empty(), "{name}");
        assert_eq!(verdict.errors, Vec::<String>::new(), "{name}");
        for reason in &verdict.reasons {
            assert!(!reason.text.contains(['{', '}']), "{name}: {}", reason.text);
            assert!(!reason.text.is_empty() && !reason.text.contains("  "), "{name}: {:?}", reason.text);
        }
    }
}

#[test]
fn what_can_not_be_supplied_stands_before_what_can() {
    let question =
        change_but(but(run(), |q| q.freezes = codes(&["year-end"])), |c| c.findings = codes(&["vetoed"]));
    let needs: Vec<Need> = defaults().decide(&question).reasons.iter().map(|r| r.need).collect();
    assert_eq!(needs, [Need::Final, Need::Waits]);
}

#[test]
fn one_person_in_two_roles_fills_one_seat() {
    let question = but(approved_by(run(), "release-managers", 2, false), |q| {
        q.roles.values_mut().for_each(|roles| {
            roles.insert("operators".parse().unwrap());
        });
        q.consents = vec![policy::Consent { person: common::person("grace"), present: true }; 3];
    });
    assert_eq!(question.approvals(), 1);
    assert!(!defaults().decide(&question).allow);
}

#[test]
fn no_role_is_exempt_from_separation_of_duties() {
    for role in ["administrators", "release-managers", "owners"] {
        let question = change_but(run(), |c| c.approvers = people(&["ada"]));
        let question = but(question, |q| {
            q.roles.insert(common::person("ada"), BTreeSet::from([role.parse().unwrap()]));
        });
        assert!(!defaults().decide(&question).allow, "{role}");
    }
}

#[test]
fn a_question_is_the_same_after_it_was_stored() {
    for (name, question) in table() {
        let bytes = to_canonical(&question).unwrap();
        let again: Question = from_canonical(&bytes).unwrap();
        assert_eq!(again, question, "{name}");
        assert_eq!(defaults().decide(&again), defaults().decide(&question), "{name}");
    }
}

#[test]
fn policies_are_asked_again_from_their_texts() {
    let team = [(
        "policies/a.cedar",
        "@id(\"a\") @reason(\"no\") forbid (principal, action == Action::\"run\", resource);",
    )];
    let policies = common::with(&team);
    let texts: Vec<_> = policies.texts().collect();
    let again = Policies::replay(&texts).unwrap();
    assert!(again.has_our_defaults());
    assert_eq!(again.digest(), policies.digest());
    assert_eq!(again.decide(&run()), policies.decide(&run()));
    assert_ne!(policies.digest(), defaults().digest());
}

#[test]
fn policies_can_be_shared_by_threads() {
    fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    shared(&defaults());
}
