//! Questions by name: the golden table, and what the removal of a policy has to change.
#![allow(unreachable_pub)] // a module of a test

use model::Need;
use policy::{Consent, Policies, Question, Verdict};

use crate::common::{accept, approved_by, but, change, change_but, codes, needing, people, person, run};

/// Findings that make a change unreviewed (EVIDENCE, "Findings", the rows with a cross).
pub const CHANGE_FINDINGS: &[&str] = &[
    "not-merged",
    "no-independent-approval",
    "vetoed",
    "requirement-overridden",
    "requirement-bypassed",
    "requirement-unsatisfied",
    "submitted-on-behalf",
    "pushed-directly",
    "not-on-branch",
    "history-rewritten",
    "rest-disagrees",
    "malformed",
    "other-server",
];

/// Findings of a range.
pub const RANGE_FINDINGS: &[&str] =
    &["empty-range", "base-not-ancestor", "tip-not-on-branch", "branch-missing", "rules-changed"];

/// Findings that only inform, and that no default forbids.
pub const INFORMING: &[&str] = &[
    "evidence-weak",
    "foreign-server-id",
    "reviewer-uploaded-earlier",
    "submitter-is-owner",
    "updated-after-merge",
];

/// Every question of the table.
pub fn table() -> Vec<(String, Question)> {
    let mut table: Vec<(String, Question)> = Vec::new();
    let mut row = |name: &str, question: Question| table.push((name.to_owned(), question));
    row("reviewed by somebody else", run());
    row("accept: two other people", accept());
    for (ask, name) in [(run as fn() -> Question, "run"), (accept, "accept")] {
        for code in CHANGE_FINDINGS {
            let question = change_but(but(ask(), |q| q.range.reviewed = false), |c| {
                c.reviewed = false;
                c.findings = codes(&[code]);
            });
            row(&format!("{name}: the change is {code}"), question);
        }
        for code in RANGE_FINDINGS {
            let question = but(ask(), |q| {
                q.range.reviewed = false;
                q.range.findings = codes(&[code]);
            });
            row(&format!("{name}: the range is {code}"), question);
        }
        row(&format!("{name}: informing findings"), change_but(ask(), |c| c.findings = codes(INFORMING)));
        row(&format!("{name}: an empty range"), but(ask(), |q| q.range.changes.clear()));
        row(&format!("{name}: called reviewed, a change is not"), change_but(ask(), |c| c.reviewed = false));
        row(
            &format!("{name}: a pushed commit below"),
            but(ask(), |q| {
                q.range.reviewed = false;
                q.range.commits = 2;
                q.range.unaccounted = 1;
            }),
        );
        row(
            &format!("{name}: author unresolved"),
            change_but(ask(), |c| c.findings = codes(&["author-unresolved"])),
        );
        row(&format!("{name}: approved by nobody"), change_but(ask(), |c| c.approvers.clear()));
        row(
            &format!("{name}: approved by its contributor"),
            change_but(ask(), |c| c.approvers = people(&["ada"])),
        );
        row(
            &format!("{name}: approved by who uploaded before"),
            change_but(ask(), |c| c.earlier_uploaders = c.approvers.clone()),
        );
        row(
            &format!("{name}: approved by accounts without a person"),
            change_but(ask(), |c| {
                c.approvers.clear();
                c.unlinked_approvers = 2;
            }),
        );
        row(
            &format!("{name}: a contributor without a person"),
            change_but(ask(), |c| c.unlinked_contributors = 1),
        );
        row(&format!("{name}: facts of 60 seconds"), but(ask(), |q| q.facts_age_s = 60));
        row(&format!("{name}: facts of 61 seconds"), but(ask(), |q| q.facts_age_s = 61));
        row(
            &format!("{name}: a freeze, a hold, drift"),
            but(ask(), |q| {
                q.freezes = codes(&["year-end"]);
                q.holds = codes(&["incident 7"]);
                q.drift = codes(&["shop-1"]);
            }),
        );
        row(
            &format!("{name}: asked for by the only reviewers"),
            but(ask(), |q| q.requester = Some(person("grace"))),
        );
        row(
            &format!("{name}: the second change has no reviewer"),
            but(ask(), |q| {
                q.range.changes.push(policy::ChangeFacts { approvers: people(&["ada"]), ..change(43) });
            }),
        );
    }
    row("accept: one other person", change_but(accept(), |c| c.approvers = people(&["grace"])));
    row("accept: its author and another", change_but(accept(), |c| c.approvers = people(&["ada", "grace"])));
    row(
        "accept: one linked and one not",
        change_but(accept(), |c| {
            c.approvers = people(&["grace"]);
            c.unlinked_approvers = 1;
        }),
    );
    row("two needed, one there", needing(run(), 2));
    row(
        "two needed, two there",
        change_but(needing(run(), 2), |c| c.approvers = people(&["grace", "linus"])),
    );
    row(
        "two needed, three there",
        change_but(needing(run(), 2), |c| c.approvers = people(&["grace", "linus", "ken"])),
    );
    row("none needed is one needed", change_but(needing(run(), 0), |c| c.approvers.clear()));
    approvals(&mut row);
    table
}

fn approvals(row: &mut impl FnMut(&str, Question)) {
    let consent = |key: &str, present| Consent { person: person(key), present };
    let asked = || approved_by(run(), "release-managers", 1, true);
    let with = |consents: Vec<Consent>| but(asked(), |q| q.consents = consents);
    row("approval: a vote is none", asked());
    row("approval: present and of the role", with(vec![consent("grace", true)]));
    row("approval: of the role but not present", with(vec![consent("grace", false)]));
    row("approval: present but not of the role", with(vec![consent("linus", true)]));
    row(
        "approval: of the role, but a contributor",
        change_but(with(vec![consent("grace", true)]), |c| {
            c.contributors = people(&["ada", "grace"]);
            c.approvers = people(&["linus"]);
        }),
    );
    row(
        "approval: by one person twice where two are asked for",
        but(approved_by(run(), "release-managers", 2, false), |q| {
            q.consents = vec![consent("grace", true), consent("grace", false)];
        }),
    );
    row("approval: a role that nobody has", approved_by(run(), "nobodies", 1, false));
    row("approval: of no people is of one", approved_by(run(), "release-managers", 0, false));
}

/// A verdict on one line, its reasons below.
pub fn show(name: &str, verdict: &Verdict) -> String {
    let mut text = format!(
        "{name}\n    {} by {}\n",
        if verdict.allow { "ALLOW" } else { "deny" },
        verdict.policies.join(", ")
    );
    for reason in &verdict.reasons {
        let need = if reason.need == Need::Waits { "waits" } else { "final" };
        text.push_str(&format!("      {need} {}: {}\n", reason.code, reason.text));
        if let Some(cure) = &reason.cure {
            text.push_str(&format!("            cure: {cure}\n"));
        }
    }
    text
}

/// The whole table under some policies.
pub fn answers(policies: &Policies) -> String {
    table().iter().map(|(name, question)| show(name, &policies.decide(question))).collect()
}
