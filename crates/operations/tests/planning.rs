//! From operations to plans: targets, values, paths.

#![allow(clippy::unwrap_used, clippy::panic)] // the helpers of tests are tests

mod common;

use std::collections::BTreeMap;

use common::{commit, sample, sample_with, triggered_by};
use model::{Action, Canonical, Gerrit, Plan, Program, RequestedPlan, TriggeredBy};
use operations::{Ask, Configuration, PlanError, Tree, Wish, check, plan, requested};

const HEAD: &str = "operation: shop-web\ntitle: Roll out\n";

fn tree(operation: &str) -> Tree {
    sample_with(&[
        ("operations/shop-web.yaml", Some(&format!("{HEAD}{operation}"))),
        (
            "targets.yaml",
            Some(
                "two:\n  - { name: a, url: \"http://a:1/\", flag: --all }\n  - { name: b, url: \"http://b/base\", flag: plain }\n",
            ),
        ),
        ("baselines.yaml", None),
        ("shop/lib/common", Some("x")),
        ("elsewhere/other", Some("x")),
    ])
}

fn asked(tree: &Tree, by: &TriggeredBy, inputs: &[(&str, &str)]) -> Result<Plan, PlanError> {
    let (configuration, report) = check(tree);
    let configuration = configuration.unwrap_or_else(|| panic!("{}", report.render(false)));
    let inputs: BTreeMap<String, String> =
        inputs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let (operation, environment) = ("shop-web".parse().unwrap(), "prod".parse().unwrap());
    let ask = Ask {
        commit: commit(),
        operation: &operation,
        environment: &environment,
        triggered_by: by,
        inputs: &inputs,
        before: None,
    };
    plan(&configuration, &ask)
}

fn planned(operation: &str) -> Plan {
    asked(&tree(operation), &triggered_by(), &[]).unwrap()
}

#[test]
fn steps_are_done_whole_on_one_target_before_the_next_and_once_on_gerrit() {
    let plan = planned(
        r#"
environments: { prod: { targets: two } }
steps:
  - { id: begin, gerrit: { message: "begins on {{ environment.name }}: {{ change.number }} of {{ change.project }}, {{ change.branch }}" } }
  - { id: switch, exec: { run: [./shop/switch, "{{ target.name }}"] } }
  - { id: look, http: { get: "{{ target.url }}/v?r={{ revision }}" } }
  - { id: end, gerrit: { hashtag: { add: ["on-{{ environment.name }}"] } } }
"#,
    );
    let order: Vec<String> = plan
        .steps
        .iter()
        .map(|s| format!("{}@{}", s.id, s.target.as_ref().map_or("-", |t| t.name.as_str())))
        .collect();
    assert_eq!(order, ["begin@-", "switch@a", "look@a", "switch@b", "look@b", "end@-"]);
    let Action::Gerrit(Gerrit::Message { text }) = &plan.steps[0].action else { panic!("{plan:?}") };
    assert_eq!(text, "begins on prod: 42 of shop, main");
    let urls: Vec<&str> = plan
        .steps
        .iter()
        .filter_map(|s| match &s.action {
            Action::Http(http) => Some(http.url.as_str()),
            _ => None,
        })
        .collect();
    let revision = "ab".repeat(20);
    assert_eq!(urls, [format!("http://a:1/v?r={revision}"), format!("http://b/base/v?r={revision}")]);
}

#[test]
fn a_program_brings_what_lies_beside_it_and_nothing_else() {
    let plan = planned("environments: { prod: {} }\nsteps: [{ id: a, exec: { run: [./shop/switch] } }]\n");
    assert_eq!(plan.files.keys().collect::<Vec<_>>(), ["shop/lib/common", "shop/switch"]);
    let Action::Exec(exec) = &plan.steps[0].action else { panic!("{plan:?}") };
    let Program::Operations { path, sha256 } = &exec.program else { panic!("{plan:?}") };
    assert_eq!(plan.files.get(path), Some(sha256));
    assert_eq!(*sha256, model::Digest::of(sample().get("shop/switch").unwrap()));
    let host = planned("environments: { prod: {} }\nsteps: [{ id: a, exec: { run: [/bin/true] } }]\n");
    assert!(host.files.is_empty());
}

#[test]
fn another_byte_in_a_program_or_beside_it_is_another_plan() {
    let operation = format!(
        "{HEAD}environments: {{ prod: {{}} }}\nsteps: [{{ id: a, exec: {{ run: [./shop/switch] }} }}]\n"
    );
    let digest = |beside: &str| {
        let tree = sample_with(&[("operations/shop-web.yaml", Some(&operation)), ("shop/lib", Some(beside))]);
        model::Canonical::digest(&asked(&tree, &triggered_by(), &[]).unwrap()).unwrap()
    };
    assert_ne!(digest("x"), digest("y"));
}

#[test]
fn no_value_becomes_an_option() {
    let operation = |argument: &str| {
        format!(
            "environments: {{ prod: {{ targets: two }} }}\nsteps: [{{ id: a, exec: {{ run: [./shop/switch, \"{argument}\"] }} }}]\n"
        )
    };
    for bad in ["{{ target.flag }}", "{{ target.flag }}{{ revision }}"] {
        let answer = asked(&tree(&operation(bad)), &triggered_by(), &[]);
        assert!(matches!(answer, Err(PlanError::Option { .. })), "{bad}: {answer:?}");
    }
    for good in ["--flag={{ target.flag }}", "-{{ target.flag }}", "x{{ target.flag }}"] {
        assert!(asked(&tree(&operation(good)), &triggered_by(), &[]).is_ok(), "{good}");
    }
}

#[test]
fn an_empty_value_lets_no_option_through() {
    let operation = r#"
environments: { prod: {} }
inputs: { a: { title: One }, b: { title: Another } }
steps: [{ id: a, exec: { run: [/bin/echo, "{{ inputs.a }}{{ inputs.b }}"] } }, { id: b, exec: { run: [/bin/echo, "{{ inputs.a }}-x"] } }]
"#;
    for b in ["--force", "fine"] {
        let answer = asked(&tree(operation), &triggered_by(), &[("a", ""), ("b", b)]);
        assert!(matches!(answer, Err(PlanError::Option { .. })), "{answer:?}");
    }
}

#[test]
fn inputs_are_those_that_the_operation_asks_for_and_visible() {
    let operation = "environments: { prod: {} }\ninputs: { a: { title: One } }\nsteps: [{ id: a, exec: { run: [/bin/echo, \"{{ inputs.a }}\"] } }]\n";
    assert!(asked(&tree(operation), &triggered_by(), &[("a", "x")]).is_ok());
    for inputs in [&[][..], &[("b", "x")], &[("a", "x"), ("b", "x")]] {
        assert!(matches!(asked(&tree(operation), &triggered_by(), inputs), Err(PlanError::Inputs { .. })));
    }
    for value in ["a\nb", "a\0b", "a\u{202e}b", &"x".repeat(1025)] {
        assert!(matches!(
            asked(&tree(operation), &triggered_by(), &[("a", value)]),
            Err(PlanError::Value { .. })
        ));
    }
}

#[test]
fn a_value_stays_one_part_of_an_address() {
    let operation = "environments: { prod: {} }\ninputs: { a: { title: One } }\nsteps: [{ id: a, http: { get: \"http://h/x/{{ inputs.a }}/y?q={{ inputs.a }}\" } }]\n";
    let url = |value: &str| match asked(&tree(operation), &triggered_by(), &[("a", value)]) {
        Ok(plan) => match &plan.steps[0].action {
            Action::Http(http) => Some(http.url.clone()),
            other => panic!("{other:?}"),
        },
        Err(PlanError::Url { .. }) => None,
        Err(other) => panic!("{other}"),
    };
    assert_eq!(url("a/b").unwrap(), "http://h/x/a%2Fb/y?q=a%2Fb");
    assert_eq!(url("?#&=%").unwrap(), "http://h/x/%3F%23%26%3D%25/y?q=%3F%23%26%3D%25");
    assert_eq!(url("@evil.example").unwrap(), "http://h/x/%40evil.example/y?q=%40evil.example");
    assert_eq!(url("%2e%2e").unwrap(), "http://h/x/%252e%252e/y?q=%252e%252e");
    for bad in [".", ".."] {
        assert_eq!(url(bad), None, "{bad}");
    }
}

#[test]
fn before_the_first_rollout_a_step_that_needs_it_has_no_plan() {
    let operation = "environments: { prod: {} }\nsteps: [{ id: a, exec: { run: [/bin/echo, \"{{ before.revision }}\"] } }]\n";
    let answer = asked(&tree(operation), &triggered_by(), &[]);
    assert!(matches!(answer, Err(PlanError::Nothing { .. })), "{answer:?}");
}

#[test]
fn texts_of_a_body_are_values_not_json() {
    let operation = "environments: { prod: {} }\ninputs: { a: { title: One } }\nsteps: [{ id: a, http: { post: \"http://h/\", body: { b: [\"{{ inputs.a }}\", 1, true, null] }, expect: { status: 201, json: { ok: true, \"n\": 3 } } } }]\n";
    let plan = asked(&tree(operation), &triggered_by(), &[("a", "\",\"x\":\"")]).unwrap();
    let Action::Http(http) = &plan.steps[0].action else { panic!("{plan:?}") };
    assert_eq!(http.body.as_deref(), Some(r#"{"b":["\",\"x\":\"",1,true,null]}"#));
    assert_eq!(http.expect.json, BTreeMap::from([("n".into(), "3".into()), ("ok".into(), "true".into())]));
}

#[test]
fn only_submissions_to_the_branch_that_change_the_paths_match() {
    let operation = "trigger: { merged: { server: main, project: shop, branch: main, paths: [\"web/**\", \"*.md\"] } }\nenvironments: { prod: {} }\nsteps: [{ id: a, exec: { run: [/bin/true] } }]\n";
    let configuration = Configuration::parse(&tree(operation)).unwrap();
    let matches = |server: &str, project: &str, branch: &str, paths: &[&str]| {
        let (server, project, branch) =
            (server.parse().unwrap(), project.parse().unwrap(), branch.parse().unwrap());
        !configuration.matches(&server, &project, &branch, paths).is_empty()
    };
    let main = "refs/heads/main";
    assert!(matches("main", "shop", main, &["docs/x", "web/a/b.html"]));
    assert!(matches("main", "shop", main, &["README.md"]));
    assert!(!matches("main", "shop", main, &["docs/README.md"]));
    assert!(!matches("main", "shop", main, &["website/x"]));
    assert!(!matches("main", "shop", main, &[]));
    assert!(!matches("other", "shop", main, &["web/x"]));
    assert!(!matches("main", "shop2", main, &["web/x"]));
    assert!(!matches("main", "shop", "refs/heads/main2", &["web/x"]));
}

fn wished(tree: &Tree, inputs: &[(&str, &str)]) -> Result<RequestedPlan, PlanError> {
    let (configuration, report) = check(tree);
    let configuration = configuration.unwrap_or_else(|| panic!("{}", report.render(false)));
    let inputs: BTreeMap<String, String> =
        inputs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let (operation, environment) = ("shop-web".parse().unwrap(), "prod".parse().unwrap());
    requested(&configuration, &Wish { operation: &operation, environment: &environment, inputs: &inputs })
}

#[test]
fn a_requests_plan_is_known_before_it_and_is_the_one_that_runs() {
    let tree = tree(
        "environments: { prod: { targets: two } }\ninputs: { why: { title: Why } }\n\
         steps: [{ id: a, exec: { run: [./shop/switch, \"{{ inputs.why }}\", \"{{ target.name }}\"] } }]\n",
    );
    let wished = wished(&tree, &[("why", "because")]).unwrap();
    assert_eq!((wished.steps.len(), wished.files.len()), (2, 2));
    let plan = asked(&tree, &triggered_by(), &[("why", "because")]).unwrap();
    assert_eq!(plan.requested(), wished);
    assert_eq!(wished.clone().into_plan(commit(), triggered_by()), plan);
    // What happens is in its hash; what else stands in the operations project isn't.
    let digest = |plan: &RequestedPlan| Canonical::digest(plan).unwrap();
    let other = RequestedPlan { inputs: [("why".to_owned(), "other".to_owned())].into(), ..wished.clone() };
    assert_ne!(digest(&wished), digest(&other));
}

#[test]
fn nothing_of_a_request_comes_from_the_change_that_it_becomes() {
    for place in ["revision", "change.number", "change.project", "change.branch", "before.revision"] {
        let operation = format!(
            "environments: {{ prod: {{}} }}\nsteps: [{{ id: a, exec: {{ run: [/bin/echo, \"x{{{{ {place} }}}}\"] }} }}]\n"
        );
        let why = wished(&tree(&operation), &[]).unwrap_err();
        assert!(matches!(why, PlanError::Nothing { .. }), "{place}: {why}");
    }
}

#[test]
fn what_a_submission_sets_off_can_not_be_asked_for() {
    let why = wished(&sample(), &[]).unwrap_err();
    assert!(why.to_string().contains("a submission sets it off"), "{why}");
}

#[test]
fn the_requests_project_is_named_and_nothing_else_lies_there() {
    let with = |text: &str| check(&sample_with(&[("requests.yaml", Some(text))]));
    let (configuration, _) = with("server: main\nproject: requests\n");
    let at = configuration.unwrap().requests().cloned().unwrap();
    assert_eq!((at.project.as_str(), at.branch.as_str()), ("requests", "refs/heads/main"));
    assert_eq!(check(&sample()).0.unwrap().requests(), None);
    let (configuration, report) = with("server: main\nproject: shop\n");
    assert!(configuration.is_none());
    assert!(
        report.render(false).contains("a submission to shop sets shop-web off"),
        "{}",
        report.render(false)
    );
}
