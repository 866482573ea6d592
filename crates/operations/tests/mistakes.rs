//! What people get wrong, and what they read then.

#![allow(clippy::unwrap_used, clippy::panic)] // the helpers of tests are tests

mod common;

use common::{sample, sample_with};
use operations::{Configuration, Report, Severity, Tree, check};

/// A sample operation with one line replaced.
fn operation(replace: &str, with: &str) -> Tree {
    let path = "operations/shop-web.yaml";
    let text = String::from_utf8(sample().get(path).unwrap().to_vec()).unwrap();
    assert!(text.contains(replace), "the sample has no {replace:?}");
    sample_with(&[(path, Some(&text.replacen(replace, with, 1)))])
}

fn refused(tree: &Tree) -> Report {
    let (configuration, report) = check(tree);
    assert!(configuration.is_none(), "it was let through");
    assert!(!report.is_ok());
    report
}

#[track_caller]
fn says(tree: &Tree, message: &str) {
    let report = refused(tree);
    let all: Vec<String> = report.problems.iter().map(|p| format!("{} | {:?}", p.message, p.hint)).collect();
    assert!(all.iter().any(|said| said.contains(message)), "{message:?} isn't said; said is {all:#?}");
}

#[test]
fn every_mistake_of_every_file_is_said_at_once_with_its_place() {
    let operation = r#"
operation: shop
tittle: Roll out
mode: enforced
trigger: { merged: { server: main, project: shop, branch: "a b", paths: [] } }
review: { people: 0 }
environments:
  on: { targets: shop-hosts }
  prod: { targets: shop-host, after: stage, approve: { role: release-manager } }
steps:
  - id: switch
    exec: { run: ["{{ revision }}", --force], timeout: 30 }
  - id: switch
    http: { get: "http://{{ target.name }}/x", within: 1w }
"#;
    let tree = sample_with(&[
        ("operations/shop-web.yaml", Some(operation)),
        ("roles.yaml", Some("release-managers: { people: [grcae] }\n")),
        ("calender.yaml", Some("freezes: []\n")),
    ]);
    insta::assert_snapshot!(refused(&tree).render(false));
}

#[test]
fn mistakes_of_meaning_are_said_at_once_with_their_place() {
    let operation = r#"
operation: shop-web
title: Roll out
trigger: { merged: { server: main, project: shop, branch: main, paths: ["web/[**"] } }
artifact: { image: registry.example/shop, builder: shop-ci }
environments:
  dev: { after: prod }
  prod: { targets: shop-host, after: dev, approve: { role: release-manager } }
steps:
  - id: switch
    exec: { run: [./shop/swich, "{{ inputs.force }}", "{{ target.rot }}"] }
    undo: { get: "http://localhost/" }
  - id: switch
    gerrit: { message: "on {{ target.name }}" }
inverse: shop-wbe
"#;
    insta::assert_snapshot!(
        refused(&sample_with(&[("operations/shop-web.yaml", Some(operation))])).render(false)
    );
}

#[test]
fn an_unknown_key_or_a_wrong_type_is_refused() {
    says(&operation("newer: replaces", "newer: replaces\nnotify: nobody"), "there is no key `notify` here");
    says(&operation("people: 1", "people: many"), "expected a whole number, found text");
    says(&operation("people: 1", "people: -1"), "a whole number from 0");
    says(&operation("title: Roll out the web shop", "title: 7"), "expected text, found a whole number");
    says(&operation("title: Roll out the web shop", "title:"), "expected text, found nothing");
    says(&operation("timeout: 30s", "timeout: 30"), "a number and s, m, h or d");
    says(&operation("idempotent: true", "idempotent: yes"), "expected true or false, found text");
}

#[test]
fn keys_that_yaml_1_1_reads_as_booleans_are_refused() {
    for word in ["on", "yes", "No", "OFF", "y", "true"] {
        says(&operation("prod:", &format!("{word}:")), "YAML 1.1 reads it as a boolean");
    }
}

#[test]
fn duplicates_are_refused() {
    says(&operation("newer: replaces", "newer: replaces\nnewer: queues"), "duplicate mapping key `newer`");
    says(&operation("id: healthy", "id: switch"), "a second step switch");
    let link = "- { person: ada, accounts: { main: [1] } }\n- { person: grace, accounts: { main: [1] } }\n";
    says(&sample_with(&[("links.yaml", Some(link))]), "account 1 on main is also ada's");
    let twice = "- { person: ada }\n- { person: ada }\n";
    says(&sample_with(&[("links.yaml", Some(twice))]), "ada stands twice");
    let baselines = String::from_utf8(sample().get("baselines.yaml").unwrap().to_vec()).unwrap();
    let (_, lines) = baselines.split_once("\n- ").unwrap();
    says(&sample_with(&[("baselines.yaml", Some(&format!("- {lines}- {lines}")))]), "a second baseline");
}

#[test]
fn a_circle_of_environments_is_named() {
    let circle = "a: { after: c }\n  b: { after: a }\n  c: { after: b }";
    says(&operation("prod: { targets: shop-hosts }", circle), "a circle: a after c after b after a");
    says(&operation("prod: { targets: shop-hosts }", "a: { after: a }"), "a circle: a after a");
    says(&operation("prod: { targets: shop-hosts }", "a: { after: b }\n  b: {}"), "stands above it");
    // a circle that doesn't come back to where one looks is still found from its own members
    says(
        &operation("prod: { targets: shop-hosts }", "a: { after: b }\n  b: { after: c }\n  c: { after: b }"),
        "a circle: b after c after b",
    );
}

#[test]
fn alias_bombs_deep_and_huge_documents_are_refused_fast() {
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n";
    says(&sample_with(&[("roles.yaml", Some(bomb))]), "anchors and aliases");
    says(&sample_with(&[("roles.yaml", Some("a: *b\n"))]), "anchors and aliases");
    says(&sample_with(&[("roles.yaml", Some("a: { people: [], <<: { title: x } }\n"))]), "merge key");
    refused(&sample_with(&[("roles.yaml", Some(&"[".repeat(100_000)))]));
    refused(&sample_with(&[("roles.yaml", Some(&"- ".repeat(100_000)))]));
    says(&sample_with(&[("roles.yaml", Some(&"# x\n".repeat(100_000)))]), "such a file may have");
    refused(&sample_with(&[("roles.yaml", Some(&"- x\n".repeat(60_000)))]));
    refused(&sample_with(&[("roles.yaml", Some("--- {}\n--- {}\n"))]));
    refused(&sample_with(&[("roles.yaml", Some("!!binary x: {}\n"))]));
}

#[test]
fn text_that_hides_what_it_says_is_refused() {
    for hidden in ["\u{202e}", "\u{200b}", "\u{2066}", "\u{7}", "\u{feff}", "\u{85}"] {
        says(&operation("Roll out", &format!("Roll{hidden} out")), "can hide what a text says");
    }
    says(&operation("title: Roll out", "title: \"\\u202e\" # "), "can hide what a text says");
    says(&sample_with(&[("policies/shop.cedar", Some("// \u{202e}\n"))]), "can hide what a text says");
    let windows =
        String::from_utf8(sample().get("roles.yaml").unwrap().to_vec()).unwrap().replace('\n', "\r\n");
    assert!(check(&sample_with(&[("roles.yaml", Some(&windows))])).1.is_ok());
}

#[test]
fn a_substituted_value_is_never_the_program() {
    says(&operation("[./shop/switch, \"{{ revision }}\"", "[\"./{{ revision }}\""), "can't be the program");
    says(&operation("[./shop/switch", "[sh, -c"), "aren't looked for in a search path");
    says(&operation("[./shop/switch", "[./shop/swtich"), "did you mean ./shop/switch?");
    says(&operation("[./shop/switch", "[./../switch"), "there is no file");
    says(&operation("[./shop/switch", "[/usr/../bin/sh"), "an absolute path without");
    says(
        &operation("run: [./shop/switch, \"{{ revision }}\", \"{{ target.root }}\"]", "run: []"),
        "the list is empty",
    );
}

#[test]
fn a_substituted_value_is_never_a_host() {
    for bad in [
        "http://{{ target.name }}/version",
        "http://example.org{{ target.name }}/version",
        "http://example.org:{{ target.name }}/version",
        "{{ revision }}/version",
        "{{ change.project }}",
        "{{ target.url }}.example.org/version",
        "{{ target.url }}{{ target.name }}",
        "{{ target.name }}/version",
        "ftp://example.org/x",
        "http://user:secret@example.org/x",
        "http:///x",
        "http://example.org\\\\@evil.example/x",
        "//example.org/x",
        "/version",
    ] {
        refused(&operation("{{ target.url }}/version", bad));
    }
    for good in [
        "http://example.org:8080",
        "https://example.org?rev={{ revision }}",
        "http://[::1]:80/{{ revision }}",
    ] {
        assert!(check(&operation("{{ target.url }}/version", good)).1.is_ok(), "{good}");
    }
}

#[test]
fn unknown_paths_are_refused_with_what_was_meant() {
    says(&operation("\"{{ revision }}\"", "\"{{ revison }}\""), "did you mean `revision`?");
    says(&operation("target.root", "target.rot"), "did you mean `root`?");
    says(&operation("\"{{ revision }}\"", "\"{{ inputs.x }}\""), "is given by a request");
    says(&operation("{{ target.url }}", "{{ environment.url }}"), "prod has no url");
    says(&operation("\"{{ revision }}\"", "\"{{ revision\""), "`{{` without `}}`");
}

#[test]
fn a_step_is_one_thing_and_never_a_vote() {
    says(
        &operation("undo: { run:", "gerrit: { message: x }\n    undo: { run:"),
        "exactly one of exec, http and gerrit",
    );
    let vote = "gerrit: { vote: { Code-Review: 2 } }\n  - id: healthy";
    says(
        &operation(
            "exec: { run: [./shop/switch, \"{{ revision }}\", \"{{ target.root }}\"], timeout: 30s, idempotent: true }\n    undo: { run: [./shop/switch, \"{{ before.revision }}\", \"{{ target.root }}\"] }\n  - id: healthy",
            vote,
        ),
        "there is no key `vote` here",
    );
    says(
        &operation("within: 60s", "within: 60s, post: \"http://x/\""),
        "exactly one of get, post, put and delete",
    );
}

#[test]
fn files_that_nothing_reads_are_named() {
    says(&sample_with(&[("role.yaml", Some("{}"))]), "did you mean `roles.yaml`?");
    says(&sample_with(&[("operations/shop.yml", Some("{}"))]), "NAME.yaml");
    says(&sample_with(&[("policies/deep/x.cedar", Some(""))]), "NAME.cedar");
    says(&sample_with(&[("links.yaml", None)]), "the file is missing");
    says(
        &sample_with(&[(
            "operations/other.yaml",
            Some(
                "operation: shop-web\ntitle: x\nenvironments: { a: {} }\nsteps: [{ id: a, exec: { run: [/bin/true] } }]\n",
            ),
        )]),
        "the file is called operations/other.yaml",
    );
}

#[test]
fn a_role_has_exactly_one_source_and_a_group_has_to_be_one() {
    let roles = |text: &str| sample_with(&[("roles.yaml", Some(text))]);
    says(&roles("release-managers: { title: x }\n"), "exactly one of people, idp_group and gerrit_group");
    says(&roles("release-managers: { people: [grace], idp_group: x }\n"), "is not one source");
    says(&roles("release-managers: { idp_group: \"\" }\n"), "1 to 256 bytes");
    for uuid in ["release-managers", "ldap:cn=x", "global:Registered-Users", "00AA"] {
        let text = format!("release-managers: {{ gerrit_group: {{ server: main, uuid: \"{uuid}\" }} }}\n");
        says(&roles(&text), "40 lower-case hex digits");
    }
}

#[test]
fn a_rule_for_workloads_that_lets_in_more_than_it_says_is_refused() {
    let rule = |when: &str| {
        let text =
            format!("ci: {{ issuer: \"https://ci.example\", audience: exq, kind: service, when: {when} }}\n");
        sample_with(&[("workloads.yaml", Some(&text))])
    };
    assert!(check(&rule("[{ claim: [sub], begins: \"repo:acme/shop:\" }]")).0.is_some());
    says(&rule("[]"), "everybody whom the issuer knows");
    says(&rule("[{ claim: [sub], begins: \"repo:acme/shop\" }]"), "ends in : or /");
    says(&rule("[{ claim: [], equals: x }]"), "by its path");
    says(&rule("[{ claim: [sub] }]"), "exactly one of equals");
    says(&rule("[{ claim: [sub], equals: x, begins: \"y:\" }]"), "exactly one of equals");
    says(&rule("[{ claim: [sub], one_of: [] }]"), "never one");
    let kind = "ci: { issuer: \"https://ci.example\", audience: exq, kind: person, when: [{ claim: [sub], equals: x }] }\n";
    says(&sample_with(&[("workloads.yaml", Some(kind))]), "expected service or agent");
}

#[test]
fn an_empty_role_is_nobody_and_said() {
    let (configuration, report) =
        check(&sample_with(&[("roles.yaml", Some("release-managers: { people: [] }\n"))]));
    let problem = report.problems.first().unwrap();
    assert_eq!(problem.severity, Severity::Advice);
    assert_eq!(problem.hint.as_deref(), Some("an empty list means nobody"));
    let configuration = configuration.unwrap();
    assert!(configuration.links().persons().all(|p| configuration.roles().listed(&p.key).is_empty()));
}

#[test]
fn what_can_not_be_verified_yet_is_refused_and_not_ignored() {
    let artifact = "artifact: { image: registry.example/shop, builder: shop-ci }\nnewer: replaces";
    says(&operation("newer: replaces", artifact), "can't be verified yet");
}

#[test]
fn calendars_have_whole_freezes_only() {
    let calendar = |text: &str| sample_with(&[("calendar.yaml", Some(text))]);
    let freeze = |from: &str, until: &str, more: &str| {
        calendar(&format!("freezes: [{{ name: x, from: {from}, until: {until}, reason: y{more} }}]\n"))
    };
    assert!(check(&freeze("2026-12-20T00:00:00Z", "2027-01-02T00:00:00Z", "")).1.is_ok());
    says(&freeze("2027-01-02T00:00:00Z", "2026-12-20T00:00:00Z", ""), "ends before it begins");
    says(&freeze("2026-12-20", "2027-01-02T00:00:00Z", ""), "in UTC, to the second");
    says(&freeze("2026-12-20T00:00:00+01:00", "2027-01-02T00:00:00Z", ""), "in UTC, to the second");
    says(&freeze("2026-12-20T00:00:00Z", "2027-01-02T00:00:00Z", ", operations: []"), "freezes nothing");
    says(
        &freeze("2026-12-20T00:00:00Z", "2027-01-02T00:00:00Z", ", operations: [shop-wbe]"),
        "did you mean `shop-web`?",
    );
}

#[test]
fn a_freeze_holds_from_its_beginning_to_just_before_its_end() {
    let text = "freezes: [{ name: x, from: 2026-12-20T00:00:00Z, until: 2026-12-21T00:00:00Z, environments: [prod], reason: y }]\n";
    let configuration = Configuration::parse(&sample_with(&[("calendar.yaml", Some(text))])).unwrap();
    let names = |at: &str, environment: &str| {
        let (operation, environment) = ("shop-web".parse().unwrap(), environment.parse().unwrap());
        configuration.calendar().in_force(at.parse().unwrap(), &operation, &environment).count()
    };
    assert_eq!(names("2026-12-19T23:59:59.999Z", "prod"), 0);
    assert_eq!(names("2026-12-20T00:00:00.000Z", "prod"), 1);
    assert_eq!(names("2026-12-20T23:59:59.999Z", "prod"), 1);
    assert_eq!(names("2026-12-21T00:00:00.000Z", "prod"), 0);
    assert_eq!(names("2026-12-20T12:00:00.000Z", "dev"), 0);
}
