//! The table of who may do what, and a team's own examples.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // the helpers of tests are tests

use std::{collections::BTreeSet, sync::Arc};

use gate::{Rulebook, RulebookError, Shown};
use model::Revision;
use operations::Tree;

const FILES: &[(&str, &str)] = &[
    (
        "operations/shop-web.yaml",
        "operation: shop-web\ntitle: Roll out the web shop\nmode: enforce\n\
         trigger: { merged: { server: main, project: shop, branch: main } }\nreview: { people: 2 }\n\
         environments:\n  dev: {}\n  prod: { approve: { role: release-managers, people: 1, present: true } }\n\
         steps:\n  - id: tell\n    exec: { run: [/bin/true], timeout: 30s, idempotent: true }\n",
    ),
    (
        "operations/shop-restart.yaml",
        "operation: shop-restart\ntitle: Restart the shop\nmode: enforce\nenvironments: { prod: {} }\n\
         steps:\n  - id: restart\n    exec: { run: [/bin/true], timeout: 30s, idempotent: true }\n",
    ),
    (
        "links.yaml",
        "- { person: ada, accounts: { main: [1] } }\n- { person: grace, accounts: { main: [2] } }\n",
    ),
    (
        "roles.yaml",
        "release-managers: { people: [grace] }\noperators: { idp_group: shop-operators }\n\
         owners: { gerrit_group: { server: main, uuid: \"00000000000000000000000000000000000000aa\" } }\n\
         retired: { people: [] }\n",
    ),
    ("requests.yaml", "server: main\nproject: requests\n"),
    (
        "workloads.yaml",
        "shop-ci:\n  issuer: https://ci.example\n  audience: https://exq.example\n  kind: service\n  \
         when: [{ claim: [sub], begins: \"repo:acme/shop:\" }]\n",
    ),
    (
        "policies/team.cedar",
        "@id(\"restart-operators\") @reason(\"No operator approved it\") @need(\"waits\")\n\
         forbid (principal, action == Action::\"run\", resource in Operation::\"shop-restart\")\n\
         unless { context.approver_roles.contains(Role::\"operators\") || context.approver_roles.contains(Role::\"sre\") };\n",
    ),
];

const EXAMPLES: &str = r"
- name: an operator's approval lets it be restarted
  operation: shop-restart
  environment: prod
  requester: ada
  approvers: [grace]
  roles: { grace: [operators] }
  expect: allow
- name: anybody else's doesn't
  operation: shop-restart
  environment: prod
  requester: ada
  approvers: [grace]
  expect: deny
  reasons: [restart-operators]
- name: this one is wrong
  operation: shop-web
  environment: prod
  contributors: [ada]
  approvers: [grace]
  expect: allow
- name: rules take two reviewers
  contributors: [ada]
  approvers: [grace]
  expect: deny
  reasons: [people-too-few]
";

fn rulebook(more: &[(&str, &str)]) -> Result<Arc<Rulebook>, RulebookError> {
    let files = FILES.iter().chain(more).map(|(path, text)| (*path, text.as_bytes().to_vec()));
    Rulebook::of_tree(Revision::from_bytes([0; 20]), &Tree::from_files(files).unwrap())
}

#[test]
fn the_table_of_who_may_do_what() {
    insta::assert_snapshot!("matrix", rulebook(&[]).unwrap().matrix());
}

#[test]
fn an_example_that_the_policies_answer_otherwise_is_found() {
    let rulebook = rulebook(&[("policies/tests/shop.yaml", EXAMPLES)]).unwrap();
    let shown: Vec<(String, Shown)> = rulebook
        .configuration
        .examples()
        .iter()
        .map(|example| (example.name.clone(), rulebook.show(example).unwrap()))
        .collect();
    let holds: Vec<bool> = shown.iter().map(|(_, shown)| shown.holds).collect();
    assert_eq!(holds, [true, true, false, true], "{shown:#?}");
    let wrong = &shown[2].1;
    assert!(!wrong.allow);
    let expected = BTreeSet::from(["approval-missing".to_owned(), "people-too-few".to_owned()]);
    assert!(wrong.reasons.is_subset(&expected) && !wrong.reasons.is_empty(), "{wrong:?}");
}

#[test]
fn an_example_about_nothing_is_a_mistake_with_its_place() {
    let wrong = "- { name: x, operation: shop-wbe, environment: prod, expect: allow }\n";
    let Err(RulebookError::Files(report)) = rulebook(&[("policies/tests/shop.yaml", wrong)]) else {
        panic!("it is taken");
    };
    let text = report.render(false);
    assert!(text.contains("no operation shop-wbe") && text.contains("policies/tests/shop.yaml"), "{text}");
}
