//! The rows of the tables of evidence, each with the situation that has it and the near miss that hasn't.
//!
//! `docs/EVIDENCE.md` shows this list; the tests below hold both against each other, against the codes that evidence knows,
//! and against the names of the suite.

/// One row of a table.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The table: `why`, `finding`, `account`, `range finding`, `range`.
    pub table: &'static str,
    /// The row: a code of that table, or what a range is made of.
    pub row: &'static str,
    /// The situations that have it, `module::name`.
    pub has: &'static [&'static str],
    /// What nearly has it.
    pub near_miss: &'static [&'static str],
}

const fn rule(
    table: &'static str,
    row: &'static str,
    has: &'static [&'static str],
    near_miss: &'static [&'static str],
) -> Rule {
    Rule { table, row, has, near_miss }
}

/// Every row.
pub const RULES: &[Rule] = &[
    rule("why", "after-submit", &["standing::after_submit"], &["standing::nearly_after_submit"]),
    rule("why", "foreign", &["standing::foreign"], &["standing::nearly_foreign"]),
    rule(
        "why",
        "on-behalf",
        &[
            "standing::on_behalf",
            "standing::on_behalf_laundered_by_a_submit_that_rebases",
            "standing::on_behalf_laundered_by_a_submit_that_picks",
            "standing::on_behalf_laundered_by_a_copy",
        ],
        &[
            "standing::nearly_on_behalf",
            "standing::nearly_laundered_by_a_submit",
            "standing::nearly_laundered_by_a_copy",
        ],
    ),
    rule(
        "why",
        "self",
        &[
            "contributors::the_owner_approved",
            "contributors::the_uploader_approved",
            "contributors::the_author_approved",
            "contributors::the_committer_approved",
            "contributors::a_co_author_approved",
            "contributors::a_second_address_is_an_accounts",
            "strategies::the_owner_of_a_rebased_change_approved_it",
            "strategies::the_owner_of_a_picked_change_approved_it",
        ],
        &[
            "contributors::nearly_the_owner_approved",
            "contributors::nearly_the_uploader_approved",
            "contributors::nearly_the_author_approved",
            "contributors::nearly_the_committer_approved",
            "contributors::nearly_a_co_author_approved",
            "contributors::nearly_a_second_address",
            "strategies::rebase_always",
            "strategies::cherry_pick",
        ],
    ),
    rule("why", "stale", &["standing::stale"], &["standing::nearly_stale"]),
    rule(
        "why",
        "not-max",
        &["standing::not_max", "standing::not_max_where_the_project_lowered_the_maximum"],
        &["standing::nearly_not_max"],
    ),
    rule(
        "finding",
        "not-merged",
        &["standing::not_merged", "strategies::fast_forward_only"],
        &["standing::merged_with_one_independent_approval"],
    ),
    rule(
        "finding",
        "no-independent-approval",
        &["findings::no_independent_approval", "standing::taken_back"],
        &["standing::merged_with_one_independent_approval"],
    ),
    rule("finding", "vetoed", &["findings::vetoed"], &["findings::nearly_vetoed"]),
    rule(
        "finding",
        "requirement-overridden",
        &[
            "requirements::overridden",
            "requirements::an_override_hides_beside_the_former_patch_set",
            "requirements::an_override_hides_behind_a_pick",
            "requirements::an_override_hides_behind_an_abandon",
        ],
        &[
            "requirements::nearly_overridden",
            "requirements::nearly_an_override_beside_the_former_patch_set",
            "requirements::nearly_an_override_behind_an_abandon",
        ],
    ),
    rule(
        "finding",
        "requirement-bypassed",
        &["requirements::forced_by_a_push_that_submits"],
        &["requirements::nearly_forced"],
    ),
    rule(
        "finding",
        "requirement-unsatisfied",
        &["requirements::unsatisfied"],
        &["requirements::nearly_unsatisfied"],
    ),
    rule(
        "finding",
        "submitted-on-behalf",
        &["findings::submitted_on_behalf"],
        &["findings::nearly_submitted_on_behalf"],
    ),
    rule("finding", "pushed-directly", &["findings::pushed_directly"], &["findings::nearly_pushed_directly"]),
    rule("finding", "not-on-branch", &["findings::not_on_branch"], &["findings::nearly_not_on_branch"]),
    rule(
        "finding",
        "history-rewritten",
        &["findings::history_rewritten"],
        &["findings::nearly_history_rewritten"],
    ),
    rule("finding", "rest-disagrees", &["findings::rest_disagrees"], &["findings::nearly_rest_disagrees"]),
    rule("finding", "malformed", &["findings::malformed"], &["findings::nearly_malformed"]),
    rule(
        "finding",
        "evidence-weak",
        &["findings::evidence_weak", "findings::pushed_directly"],
        &["findings::nearly_evidence_weak"],
    ),
    rule("finding", "foreign-server-id", &["standing::foreign"], &["standing::nearly_foreign"]),
    rule(
        "finding",
        "author-unresolved",
        &["contributors::an_address_is_nobodys"],
        &["contributors::a_second_address_is_an_accounts", "contributors::nearly_the_author_approved"],
    ),
    rule(
        "finding",
        "reviewer-uploaded-earlier",
        &["contributors::nearly_the_uploader_approved"],
        &["contributors::the_uploader_approved", "standing::nearly_stale"],
    ),
    rule("finding", "submitter-is-owner", &["findings::submitter_is_owner"], &["findings::nothing_to_find"]),
    rule(
        "finding",
        "updated-after-merge",
        &["findings::updated_after_merge"],
        &["findings::nothing_to_find"],
    ),
    rule(
        "account",
        "change",
        &["ranges::a_chain", "ranges::strategies_that_rewrite", "ranges::a_revert"],
        &["ranges::a_pushed_commit_below_a_reviewed_one"],
    ),
    rule(
        "account",
        "merge-made-by-gerrit",
        &["ranges::a_merge_made_by_gerrit", "ranges::nearly_an_evil_merge"],
        &["ranges::an_evil_merge"],
    ),
    rule(
        "account",
        "imported",
        &["ranges::an_import"],
        &["ranges::a_commit_pushed_just_below_a_merge_change"],
    ),
    rule(
        "account",
        "unaccounted",
        &[
            "ranges::a_pushed_commit_below_a_reviewed_one",
            "ranges::an_evil_merge",
            "ranges::a_commit_pushed_just_below_a_merge_change",
        ],
        &["ranges::nearly_a_pushed_commit_below", "ranges::nearly_an_evil_merge", "ranges::an_import"],
    ),
    rule(
        "range finding",
        "empty-range",
        &["ranges::nothing_and_the_way_back"],
        &["ranges::the_least_that_is_a_range"],
    ),
    rule(
        "range finding",
        "base-not-ancestor",
        &["ranges::a_base_that_is_no_ancestor", "ranges::nothing_and_the_way_back"],
        &["ranges::the_least_that_is_a_range"],
    ),
    rule(
        "range finding",
        "tip-not-on-branch",
        &["ranges::a_branch_that_was_reset"],
        &["ranges::nearly_a_pushed_commit_below"],
    ),
    rule(
        "range finding",
        "branch-missing",
        &["ranges::a_branch_that_is_gone"],
        &["ranges::a_branch_that_came_back"],
    ),
    rule(
        "range finding",
        "rules-changed",
        &["ranges::rules_that_changed"],
        &["ranges::rules_that_changed_before", "ranges::rules_that_changed_by_a_reviewed_change"],
    ),
    rule(
        "range",
        "a chain of which one is not reviewed",
        &["ranges::a_chain_with_one_that_its_author_approved"],
        &["ranges::a_chain", "ranges::nearly_a_chain_with_one_that_its_author_approved"],
    ),
    rule(
        "range",
        "an open change that was pushed",
        &["ranges::an_open_change_that_was_pushed"],
        &["ranges::the_least_that_is_a_range"],
    ),
];

/// The table as `docs/EVIDENCE.md` shows it.
#[must_use]
pub fn table() -> String {
    let mut text = String::from("| table | row | has it | near miss |\n|---|---|---|---|\n");
    for rule in RULES {
        let names = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        };
        text += &format!(
            "| {} | `{}` | {} | {} |\n",
            rule.table,
            rule.row,
            names(rule.has),
            names(rule.near_miss)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use evidence::{Account, FindingCode, RangeFindingCode, Why};
    use serde_json::to_value;

    use super::*;
    use crate::SITUATIONS;

    fn rows(table: &str) -> Vec<&'static str> {
        RULES.iter().filter(|rule| rule.table == table).map(|rule| rule.row).collect()
    }

    fn codes<T: serde::Serialize>(all: &[T]) -> Vec<String> {
        all.iter().map(|code| to_value(code).unwrap().as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn each_row_of_each_table_is_there_once_and_in_order() {
        let whys = [Why::AfterSubmit, Why::Foreign, Why::OnBehalf, Why::Own, Why::Stale, Why::NotMax];
        assert_eq!(rows("why"), codes(&whys));
        assert_eq!(rows("finding"), codes(&FindingCode::ALL));
        let accounts = [Account::Change, Account::MergeMadeByGerrit, Account::Imported, Account::Unaccounted];
        assert_eq!(rows("account"), codes(&accounts));
        let findings = [
            RangeFindingCode::EmptyRange,
            RangeFindingCode::BaseNotAncestor,
            RangeFindingCode::TipNotOnBranch,
            RangeFindingCode::BranchMissing,
            RangeFindingCode::RulesChanged,
        ];
        assert_eq!(rows("range finding"), codes(&findings));
    }

    #[test]
    fn each_rule_names_situations_of_the_suite_on_both_sides() {
        let known: BTreeSet<&str> = SITUATIONS.iter().copied().collect();
        assert_eq!(known.len(), SITUATIONS.len(), "a name stands twice");
        let mut used = BTreeSet::new();
        for rule in RULES {
            assert!(!rule.has.is_empty() && !rule.near_miss.is_empty(), "{rule:?}");
            for name in rule.has.iter().chain(rule.near_miss) {
                assert!(known.contains(name), "{name} of {} is no situation", rule.row);
                used.insert(*name);
            }
            assert!(
                rule.has.iter().all(|name| !rule.near_miss.contains(name)),
                "{rule:?} is its own near miss"
            );
        }
        let merges =
            ["strategies::merge_if_necessary", "strategies::merge_always", "strategies::rebase_if_necessary"];
        let unused: Vec<&str> =
            known.difference(&used).copied().filter(|name| !merges.contains(name)).collect();
        assert!(unused.is_empty(), "of no rule: {unused:?}");
    }

    #[test]
    fn the_page_shows_this_list() {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/EVIDENCE.md");
        let page = std::fs::read_to_string(page).unwrap();
        assert!(page.contains(&table()), "docs/EVIDENCE.md has to show:\n{}", table());
    }
}
