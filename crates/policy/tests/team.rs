//! What a team adds, and what it can't take away.
#![allow(clippy::unwrap_used, clippy::panic)] // the helpers of tests are tests

mod common;

use common::{accept, but, change_but, codes, needing, people, person, run, with};
use model::Need;
use policy::Policies;

fn team(text: &str) -> Policies {
    with(&[("policies/team.cedar", text)])
}

#[test]
fn a_team_forbids_in_its_own_words() {
    let policies = team(
        r#"@id("two-for-payments") @code("payments") @reason("{operation} in {environment} had {independent} reviewers") @cure("Ask payments") @need("waits")
        forbid (principal, action == Action::"run", resource in Operation::"shop-web") when { context.independent < 2 };"#,
    );
    let verdict = policies.decide(&run());
    assert!(!verdict.allow);
    let reason = verdict.reasons.first().unwrap();
    assert_eq!((reason.code.as_str(), reason.need), ("payments", Need::Waits));
    assert_eq!(reason.text, "shop-web in prod had 1 reviewers");
    assert_eq!(reason.policy.as_deref(), Some("two-for-payments"));
    assert!(policies.decide(&change_but(run(), |c| c.approvers = people(&["grace", "linus"]))).allow);
}

#[test]
fn a_team_speaks_of_roles_environments_and_informing_findings() {
    let policies = team(
        r#"@id("role") @reason("no release manager looked at every change")
        forbid (principal, action == Action::"run", resource == Environment::"shop-web/prod") unless { context.approver_roles.contains(Role::"release-managers") };
        @id("owner") @reason("the owner submitted")
        forbid (principal, action, resource) when { context.findings.contains("submitter-is-owner") };
        @id("submitter") @reason("ada doesn't submit")
        forbid (principal == Person::"ada", action == Action::"accept", resource);"#,
    );
    assert!(policies.decide(&run()).allow);
    let by_linus = change_but(run(), |c| c.approvers = people(&["linus"]));
    assert_eq!(policies.decide(&by_linus).policies, ["role"]);
    let owner = change_but(run(), |c| c.findings = codes(&["submitter-is-owner"]));
    assert_eq!(policies.decide(&owner).policies, ["owner"]);
    assert_eq!(policies.decide(&accept()).policies, ["submitter"]);
    let by_grace = but(accept(), |q| q.submitter = Some(person("grace")));
    assert!(policies.decide(&by_grace).allow);
}

#[test]
fn a_permit_takes_no_default_away() {
    let policies = team(r#"@id("everything") permit (principal, action, resource);"#);
    let self_approved = change_but(run(), |c| c.approvers = people(&["ada"]));
    for question in [
        self_approved,
        needing(run(), 2),
        but(run(), |q| q.range.reviewed = false),
        but(run(), |q| q.range.unaccounted = 1),
        but(run(), |q| q.range.changes.clear()),
        but(accept(), |q| q.range.changes.iter_mut().for_each(|c| c.approvers = people(&["grace"]))),
        change_but(run(), |c| c.findings = codes(&["author-unresolved"])),
        change_but(run(), |c| c.unlinked_contributors = 1),
        but(run(), |q| q.facts_age_s = 61),
    ] {
        assert!(!policies.decide(&question).allow, "{question:?}");
    }
}

#[test]
fn a_policy_that_errors_denies_whatever_it_would_have_said() {
    for effect in ["forbid", "permit"] {
        let policies = team(&format!(
            r#"@id("broken") @reason("x") {effect} (principal, action == Action::"run", resource) when {{ context.commits * 9223372036854775807 > 9223372036854775806 && context.changes > 100 }};"#
        ));
        let question = but(run(), |q| q.range.commits = 2);
        let verdict = policies.decide(&question);
        assert!(!verdict.allow, "{effect}");
        assert_eq!(verdict.errors.len(), 1);
        assert_eq!(verdict.reasons.first().unwrap().code, "policy-error");
        assert!(policies.decide(&accept()).allow, "it speaks of run only, so accept doesn't evaluate it");
    }
}

#[track_caller]
fn refused(text: &str, says: &str) {
    let wrong = Policies::parse(&[("policies/team.cedar", text)]).unwrap_err();
    let said: Vec<String> = wrong.iter().map(|d| format!("{} | {:?}", d.message, d.hint)).collect();
    assert!(said.iter().any(|s| s.contains(says)), "{says:?} isn't said; said is {said:#?}");
    for diagnostic in &wrong {
        assert_eq!(diagnostic.file, "policies/team.cedar");
        let span = diagnostic.span.unwrap();
        assert!(text.get(span.start..span.start + span.len).is_some(), "{diagnostic:?} isn't in its file");
    }
}

const SCOPE: &str = "(principal, action == Action::\"run\", resource)";

#[test]
fn mistakes_are_refused_at_load_with_their_place() {
    refused(&format!("forbid {SCOPE};"), "has no @id");
    refused(&format!("@id(\"a\") forbid {SCOPE};"), "without a @reason");
    refused(&format!("@id(\"a\") @reson(\"x\") permit {SCOPE};"), "there is no annotation @reson");
    refused(&format!("@id(\"a\") @reason(\"{{people}}\") forbid {SCOPE};"), "no fact that a text can name");
    refused(&format!("@id(\"a\") @reason(\"x\") @need(\"later\") forbid {SCOPE};"), "@need(\"later\")");
    refused(&format!("@id(\"default-a\") permit {SCOPE};"), "those of the built-in policies");
    refused(
        &format!("@id(\"a\") permit {SCOPE}; @id(\"a\") permit {SCOPE};"),
        "a second policy with the id a",
    );
    refused(&format!("@id(\"a\") permit {SCOPE}"), "doesn't end in `;`");
    refused(&format!("@id(\"a\") permit {SCOPE} when {{ context.reveiwed }};"), "reveiwed");
    refused(&format!("@id(\"a\") permit {SCOPE} when {{ context.reviewed == 1 }};"), "types");
    refused("@id(\"a\") permit (principal, action == Action::\"deploy\", resource);", "deploy");
    refused("@id(\"a\") permit (principal == ?principal, action, resource);", "template");
    refused(
        "@id(\"a\") permit (principal, action, resource) when { principal like \"\u{202e}\" };",
        "can hide",
    );
    refused(
        &format!("@id(\"a\") permit {SCOPE} when {{ {}true{} }};", "(".repeat(60), ")".repeat(60)),
        "nested more than",
    );
}

#[test]
fn every_mistake_is_said_and_not_just_the_first() {
    let text = format!(
        "permit {SCOPE};\n@id(\"b\") permit {SCOPE} when {{ context.x }};\npermit nonsense;\n@id(\"c\") forbid {SCOPE};\n"
    );
    let wrong = Policies::parse(&[("a.cedar", text.as_str()), ("b.cedar", "nonsense;")]).unwrap_err();
    let starts: Vec<(&str, usize)> = wrong
        .iter()
        .map(|d| {
            (d.file.as_str(), text.get(..d.span.unwrap().start).unwrap_or_default().matches('\n').count())
        })
        .collect();
    for place in [("a.cedar", 0), ("a.cedar", 1), ("a.cedar", 2), ("a.cedar", 3), ("b.cedar", 0)] {
        assert!(starts.contains(&place), "{place:?} isn't among {starts:?}");
    }
}

#[test]
fn long_chains_are_refused_or_read_but_never_bring_the_process_down() {
    for expression in [
        format!("context{}", ".server".repeat(1100)),
        format!("true{}", " && true".repeat(900)),
        format!("{}true", "if true then true else ".repeat(340)),
        "!".repeat(7000),
        "[".repeat(31),
        format!("1{} > 0", " + 1".repeat(1800)),
    ] {
        let text = format!("@id(\"a\") permit {SCOPE} when {{ {expression} }};");
        if let Ok(policies) = Policies::parse(&[("a.cedar", text)]) {
            let _ = policies.decide(&run());
        }
    }
}

#[test]
fn the_sample_policy_loads_and_lets_the_sample_operation_run() {
    let policies = team(include_str!("../../operations/samples/shop/policies/shop.cedar"));
    assert!(policies.decide(&run()).allow);
}
