//! The world that our tests and the demo live in.

use super::{Group, Label, Person, Project, Requirement, Right, Rule, World};

/// The account that reads evidence.
const READERS: &str = "exq-readers";
/// The account that reports and files requests.
const WRITERS: &str = "exq-writers";
const ADMINISTRATORS: &str = "Administrators";
const REGISTERED: &str = "Registered Users";

impl World {
    /// People alice, bob, carol, dave, erin; the service accounts `exq-reader` and `exq-writer`, which are no
    /// administrators; the projects `shop`, `app`, `requests`, `operations`; exactly the rights that are needed.
    ///
    /// bob, carol and dave may approve, so that two can be independent of any third. carol has a second address.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            people: vec![
                person("alice", "Alice Adams"),
                person("bob", "Bob Brown"),
                Person {
                    other_emails: vec!["carol.clark@example.org".into()],
                    ..person("carol", "Carol Clark")
                },
                person("dave", "Dave Davis"),
                person("erin", "Erin Evans"),
                Person { service_user: true, ..person("exq-reader", "Exequatur Reader") },
                Person { service_user: true, ..person("exq-writer", "Exequatur Writer") },
            ],
            groups: vec![
                group(READERS, &["exq-reader"], ADMINISTRATORS),
                group(WRITERS, &["exq-writer"], ADMINISTRATORS),
                group("developers", &["alice", "bob", "carol", "dave", "erin"], ADMINISTRATORS),
                group("approvers", &["bob", "carol", "dave"], ADMINISTRATORS),
                group("release-managers", &["carol", "dave"], ADMINISTRATORS),
                // What our own writer keeps: policy must never fill a role from it.
                group("exq-mirror", &["exq-writer"], WRITERS),
            ],
            projects: ["shop", "app", "requests", "operations"].map(project).into(),
            labels: vec![
                // Never negative: after the merge a vote can only rise.
                label("Deployed", &[(0, "Not rolled out"), (1, "Rolled out")]),
                label("Rollout-Plan", &[(-1, "Plan refused"), (0, "No plan"), (1, "Plan approved")]),
            ],
            requirements: ["shop", "app", "requests", "operations"].map(four_eyes).into(),
            rights: [everywhere(), in_requests(), in_operations()].concat(),
        }
    }
}

fn everywhere() -> Vec<Right> {
    let all = |reference, permission, group, rule| right("All-Projects", reference, permission, group, rule);
    vec![
        all("GLOBAL_CAPABILITIES", "viewAccess", READERS, Rule::Allow),
        all("GLOBAL_CAPABILITIES", "viewSecondaryEmails", READERS, Rule::Allow),
        all("refs/meta/config", "read", READERS, Rule::Allow),
        all("refs/heads/*", "read", READERS, Rule::Allow),
        all("refs/heads/*", "read", WRITERS, Rule::Allow),
        all("refs/heads/*", "editHashtags", WRITERS, Rule::Allow),
        all("refs/heads/*", "revert", WRITERS, Rule::Allow),
        all("refs/heads/*", "label-Deployed", WRITERS, Rule::Votes(0, 1)),
        all("refs/heads/*", "label-Code-Review", "approvers", Rule::Votes(-2, 2)),
        all("refs/heads/*", "label-Rollout-Plan", "approvers", Rule::Votes(-1, 1)),
        all("refs/heads/*", "submit", "approvers", Rule::Allow),
        // Everybody who is signed in may vote ±1 and push for review: not our own accounts (but the writer must be able to
        // make a change where it reverts one). In a section of its own: an ALLOW beside a BLOCK is an exception to it.
        all("refs/*", "label-Code-Review", READERS, Rule::BlockVotes(-1, 1)),
        all("refs/*", "label-Code-Review", WRITERS, Rule::BlockVotes(-1, 1)),
        all("refs/for/refs/*", "push", READERS, Rule::Block),
    ]
}

/// Only our writer makes changes, adds patch sets or submits there; nobody pushes past review.
fn in_requests() -> Vec<Right> {
    let only = |reference, permission, group| Right {
        exclusive: true,
        ..right("requests", reference, permission, group, Rule::Allow)
    };
    vec![
        only("refs/for/refs/heads/*", "push", WRITERS),
        only("refs/for/refs/heads/*", "addPatchSet", WRITERS),
        only("refs/heads/*", "submit", WRITERS),
        right("requests", "refs/heads/*", "push", REGISTERED, Rule::Block),
    ]
}

/// Only approvers submit; our writer makes no changes there. Direct pushes stay with administrators, as everywhere.
fn in_operations() -> Vec<Right> {
    vec![
        Right { exclusive: true, ..right("operations", "refs/heads/*", "submit", "approvers", Rule::Allow) },
        right("operations", "refs/for/refs/*", "push", WRITERS, Rule::Block),
    ]
}

fn person(username: &str, name: &str) -> Person {
    Person {
        username: username.into(),
        name: name.into(),
        email: format!("{username}@example.com"),
        other_emails: vec![],
        service_user: false,
    }
}

fn group(name: &str, members: &[&str], owner: &str) -> Group {
    Group { name: name.into(), members: members.iter().map(|&m| m.to_owned()).collect(), owner: owner.into() }
}

fn project(name: &str) -> Project {
    // Rebasing rewrites votes, and fast-forward refuses the second of two open requests.
    Project { name: name.into(), submit_type: "MERGE_IF_NECESSARY".into() }
}

fn label(name: &str, values: &[(i32, &str)]) -> Label {
    Label {
        name: name.into(),
        values: values.iter().map(|&(value, text)| (value, text.to_owned())).collect(),
    }
}

fn four_eyes(project: &str) -> Requirement {
    Requirement {
        project: project.into(),
        name: "Four-Eyes".into(),
        submittability: "label:Code-Review=MAX,user=non_contributor".into(),
        override_when: (project == "shop").then(|| "hashtag:\"break-glass\"".into()),
    }
}

fn right(project: &str, reference: &str, permission: &str, group: &str, rule: Rule) -> Right {
    Right {
        project: project.into(),
        reference: reference.into(),
        permission: permission.into(),
        group: group.into(),
        rule,
        exclusive: false,
    }
}
