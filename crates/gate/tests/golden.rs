//! Every situation and its answer, in a table that somebody who reads no Rust can check: `snapshots/golden__answers.snap`.
//!
//! `ALLOW` names whose review it rests on; of a deny the codes of what is in the way are given, with `…` where it can
//! still be supplied.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // these are tests

mod common;

use common::*;
use gate::revision;
use notedb::testing::OTHER_SERVER;
use serde_json::json;

type Situation = (&'static str, fn() -> Play);

/// A reviewed change, but one thing was otherwise.
fn but(what: impl FnOnce(&mut Play)) -> Play {
    let mut play = Play::default();
    play.open(42, OLIVIA);
    what(&mut play);
    play
}

fn ops(ops: Ops) -> Play {
    Play { ops, ..Play::reviewed() }
}

const REVIEW: &[Situation] = &[
    ("somebody else approved, a third submitted", Play::reviewed),
    ("nobody voted", || but(|p| p.submit(42, SIMON))),
    ("the owner approved himself", || {
        but(|p| {
            p.vote(42, OLIVIA, 2);
            p.submit(42, SIMON);
        })
    }),
    ("the owner approved himself, and somebody else did too", || {
        but(|p| {
            p.vote(42, OLIVIA, 2);
            p.vote(42, REX, 2);
            p.submit(42, SIMON);
        })
    }),
    ("the uploader of the last patch set approved", || {
        but(|p| {
            p.upload(42, REX, OLIVIA);
            p.vote(42, REX, 2);
            p.submit(42, SIMON);
        })
    }),
    ("the author approved, and somebody else uploaded it for him", || {
        let mut p = Play::default();
        p.open_by(42, OLIVIA, REX);
        p.vote(42, REX, 2);
        p.submit(42, SIMON);
        p
    }),
    ("a co-author approved", || {
        let mut p = Play::default();
        let message = format!("Together\n\nCo-authored-by: Rex <{}>\n", address(REX));
        let code = p.code(p.head, OLIVIA, OLIVIA, &message);
        p.stories.insert(42, Story::open(&mut p.world, 42, OLIVIA, code, MAIN));
        p.vote(42, REX, 2);
        p.submit(42, SIMON);
        p
    }),
    ("the approval is of the patch set before", || {
        but(|p| {
            p.vote(42, REX, 2);
            p.upload(42, OLIVIA, OLIVIA);
            p.submit(42, SIMON);
        })
    }),
    ("the approval was cast on behalf of the approver", || {
        but(|p| {
            let world = &mut p.world;
            p.stories.get_mut(&42).unwrap().vote_for(world, SIMON, REX, 2);
            p.submit(42, SIMON);
        })
    }),
    ("approved only after the merge", || {
        but(|p| {
            p.submit(42, SIMON);
            p.vote(42, REX, 2);
        })
    }),
    ("only a +1", || {
        but(|p| {
            p.vote(42, REX, 1);
            p.submit(42, SIMON);
        })
    }),
    ("a project owner lowered the maximum to +1, and that was given", || {
        but(|p| {
            p.stories.get_mut(&42).unwrap().range = 1;
            p.vote(42, REX, 1);
            p.submit(42, SIMON);
        })
    }),
    ("a project owner raised the maximum to +3, and +2 was given", || {
        but(|p| {
            p.stories.get_mut(&42).unwrap().range = 3;
            p.vote(42, REX, 2);
            p.submit(42, SIMON);
        })
    }),
    ("approved, and vetoed by another", || {
        but(|p| {
            p.vote(42, REX, 2);
            p.vote(42, RITA, -2);
            p.submit(42, SIMON);
        })
    }),
    ("the reviewer uploaded an earlier patch set", || {
        but(|p| {
            p.upload(42, REX, OLIVIA);
            p.upload(42, OLIVIA, OLIVIA);
            p.vote(42, REX, 2);
            p.submit(42, SIMON);
        })
    }),
    ("the reviewer uploaded an earlier patch set, and another reviewed too", || {
        but(|p| {
            p.upload(42, REX, OLIVIA);
            p.upload(42, OLIVIA, OLIVIA);
            p.vote(42, REX, 2);
            p.vote(42, RITA, 2);
            p.submit(42, SIMON);
        })
    }),
    ("the owner submitted what another approved", || {
        but(|p| {
            p.vote(42, REX, 2);
            p.submit(42, OLIVIA);
        })
    }),
    ("submitted on behalf of somebody", || {
        but(|p| {
            p.vote(42, REX, 2);
            let footers = format!("Real-user: {}", notedb::testing::ident(UMA));
            let world = &mut p.world;
            let story = p.stories.get_mut(&42).unwrap();
            story.submit(world, SIMON, &footers);
            p.head = p.stories[&42].review.revision;
        })
    }),
    ("a submit requirement was overridden", || {
        but(|p| {
            p.vote(42, REX, 2);
            let story = p.stories.get_mut(&42).unwrap();
            story.requirement("Tests", r#""overrideExpressionResult":{"status":"PASS"}"#, "OVERRIDDEN");
            p.submit(42, SIMON);
        })
    }),
    ("a submit requirement was overridden, and REST says it was met", || {
        but(|p| {
            p.vote(42, REX, 2);
            let story = p.stories.get_mut(&42).unwrap();
            story.requirement("Tests", r#""overrideExpressionResult":{"status":"PASS"}"#, "SATISFIED");
            p.submit(42, SIMON);
        })
    }),
    ("a submit requirement was met", || {
        but(|p| {
            p.vote(42, REX, 2);
            let story = p.stories.get_mut(&42).unwrap();
            story.requirement("Tests", r#""submittabilityExpressionResult":{"status":"PASS"}"#, "SATISFIED");
            p.submit(42, SIMON);
        })
    }),
    ("the record of the review can't be read", || {
        but(|p| {
            p.vote(42, REX, 2);
            p.submit(42, SIMON);
            let twice = "Update patch set 1\n\nPatch-set: 1\nPatch-set: 1\n";
            let world = &mut p.world;
            p.stories.get_mut(&42).unwrap().review.raw(world, &notedb::testing::ident(REX), twice);
        })
    }),
    ("the change isn't merged, though the branch has its commit", || {
        but(|p| {
            p.vote(42, REX, 2);
            p.head = p.stories[&42].review.revision;
            p.world.set(MAIN, p.head);
        })
    }),
];

const PEOPLE: &[Situation] = &[
    ("the approver's account is linked to nobody", || {
        but(|p| {
            p.vote(42, STRANGER, 2);
            p.submit(42, SIMON);
        })
    }),
    ("the owner's account is linked to nobody", || {
        let mut p = Play::default();
        p.open(42, STRANGER);
        p.vote(42, REX, 2);
        p.submit(42, SIMON);
        p
    }),
    ("an earlier patch set was uploaded by an account linked to nobody", || {
        but(|p| {
            p.upload(42, STRANGER, OLIVIA);
            p.upload(42, OLIVIA, OLIVIA);
            p.vote(42, REX, 2);
            p.submit(42, SIMON);
        })
    }),
    ("the owner approved with his second account", || {
        but(|p| {
            p.vote(42, OLIVIA_2, 2);
            p.submit(42, SIMON);
        })
    }),
    ("the uploader of an earlier patch set approved with her second account", || {
        but(|p| {
            p.upload(42, REX_2, OLIVIA);
            p.upload(42, OLIVIA, OLIVIA);
            p.vote(42, REX, 2);
            p.submit(42, SIMON);
        })
    }),
    ("the address of the author is no account's", || {
        let mut p = Play::default();
        p.open_by(42, OLIVIA, RITA);
        p.vote(42, REX, 2);
        p.submit(42, SIMON);
        p.unknown_addresses.insert(address(RITA));
        p
    }),
    ("two people needed, two approved", || {
        let mut p = Play { ops: Ops::people(2), ..Play::default() };
        p.open(42, OLIVIA);
        p.vote(42, REX, 2);
        p.vote(42, RITA, 2);
        p.submit(42, SIMON);
        p
    }),
    ("two people needed, one approved", || ops(Ops::people(2))),
    ("two people needed, one approved with both accounts", || {
        let mut p = Play { ops: Ops::people(2), ..Play::default() };
        p.open(42, OLIVIA);
        p.vote(42, REX, 2);
        p.vote(42, REX_2, 2);
        p.submit(42, SIMON);
        p
    }),
    ("two people needed, one approved and one whom nobody knows", || {
        let mut p = Play { ops: Ops::people(2), ..Play::default() };
        p.open(42, OLIVIA);
        p.vote(42, REX, 2);
        p.vote(42, STRANGER, 2);
        p.submit(42, SIMON);
        p
    }),
    ("two people needed, two approved one change and one the other", || {
        let mut p = Play { ops: Ops::people(2), ..Play::default() };
        for (number, voters) in [(42, [REX, RITA].as_slice()), (43, &[REX])] {
            p.open(number, OLIVIA);
            voters.iter().for_each(|voter| p.vote(number, *voter, 2));
            p.submit(number, SIMON);
        }
        p
    }),
    ("the record is that of another Gerrit server than the pinned one", || Play {
        twist: |case| case.server_id = OTHER_SERVER.to_owned(),
        ..Play::reviewed()
    }),
];

const RANGE: &[Situation] = &[
    ("two changes, both reviewed", || {
        let mut p = Play::reviewed();
        p.open(43, RITA);
        p.vote(43, REX, 2);
        p.submit(43, SIMON);
        p
    }),
    ("two changes, the first one not reviewed", || {
        let mut p = Play::default();
        p.open(42, OLIVIA);
        p.submit(42, SIMON);
        p.open(43, RITA);
        p.vote(43, REX, 2);
        p.submit(43, SIMON);
        p
    }),
    ("a commit was pushed below the reviewed change", || {
        let mut p = Play::default();
        p.push(OLIVIA);
        p.open(42, OLIVIA);
        p.vote(42, REX, 2);
        p.submit(42, SIMON);
        p
    }),
    ("a commit was pushed above the reviewed change", || {
        let mut p = Play::reviewed();
        p.push(OLIVIA);
        p
    }),
    ("nothing is new", || Play { base: Play::reviewed().head, ..Play::reviewed() }),
    ("it goes back to before what was granted", || {
        let mut p = Play::reviewed();
        p.base = p.head;
        p.open(43, RITA);
        p.vote(43, REX, 2);
        p.submit(43, SIMON);
        std::mem::swap(&mut p.base, &mut p.head);
        p
    }),
    ("the branch was rewound since", || {
        let mut p = Play::reviewed();
        p.world.set(MAIN, p.base);
        p
    }),
    ("the branch is gone", || {
        let mut p = Play::reviewed();
        p.world.refs.remove(MAIN);
        p
    }),
    ("the project's rules were changed by a push", || {
        let mut p = Play::reviewed();
        let pushed = p.world.code(&[], &[("project.config", "[access]")]);
        p.world.set(META_CONFIG, pushed);
        p.rules.now = Some(revision(&pushed));
        p
    }),
    ("the project's rules were changed by a reviewed change", || {
        let mut p = Play::reviewed();
        p.open_rules(50, OLIVIA);
        p.vote(50, REX, 2);
        p.submit(50, SIMON);
        p
    }),
    ("the project's rules were changed by a change that its owner approved with a second account", || {
        let mut p = Play::reviewed();
        p.open_rules(50, OLIVIA);
        p.vote(50, OLIVIA_2, 2);
        p.submit(50, SIMON);
        p
    }),
    ("the project's rules can't be read", || {
        let mut p = Play::reviewed();
        p.rules.now = None;
        p
    }),
    ("the base is a baseline, so its rules aren't known", || {
        let mut p = Play::reviewed();
        p.rules.base = None;
        p
    }),
];

const REST: &[Situation] = &[
    ("REST knows a vote more", || Play {
        lie: |d| {
            d["labels"]["Code-Review"]["all"] =
                json!([{"_account_id": REX, "value": 2}, {"_account_id": RITA, "value": 2}])
        },
        ..Play::reviewed()
    }),
    ("REST knows no vote", || Play {
        lie: |d| d["labels"]["Code-Review"]["all"] = json!([]),
        ..Play::reviewed()
    }),
    ("REST has no labels", || Play { lie: |d| d["labels"] = json!({}), ..Play::reviewed() }),
    ("REST says that it isn't merged", || Play { lie: |d| d["status"] = json!("NEW"), ..Play::reviewed() }),
    ("REST names another submitter", || Play {
        lie: |d| d["submitter"]["_account_id"] = json!(RITA),
        ..Play::reviewed()
    }),
    ("REST names no submitter", || Play {
        lie: |d| drop(d.as_object_mut().unwrap().remove("submitter")),
        ..Play::reviewed()
    }),
    ("REST speaks of another meta revision", || Play {
        lie: |d| d["meta_rev_id"] = json!("0123456789012345678901234567890123456789"),
        ..Play::reviewed()
    }),
    ("a meta revision that we saw is gone", || Play {
        twist: |case| {
            let read = case.changes.get_mut(&42).unwrap();
            read.seen.insert(case.base);
        },
        ..Play::reviewed()
    }),
];

const UNANSWERED: &[Situation] = &[
    ("REST says no meta revision", || Play {
        lie: |d| drop(d.as_object_mut().unwrap().remove("meta_rev_id")),
        ..Play::reviewed()
    }),
    ("REST says a meta revision that is none", || Play {
        lie: |d| d["meta_rev_id"] = json!("HEAD"),
        ..Play::reviewed()
    }),
    ("REST says nothing of submit requirements", || Play {
        lie: |d| drop(d.as_object_mut().unwrap().remove("submit_requirements")),
        ..Play::reviewed()
    }),
    ("REST has a status that we don't know", || Play {
        lie: |d| d["status"] = json!("DRAFT"),
        ..Play::reviewed()
    }),
    ("REST says no current revision", || Play {
        lie: |d| drop(d.as_object_mut().unwrap().remove("current_revision")),
        ..Play::reviewed()
    }),
    ("the answer is about another change", || Play { lie: |d| d["_number"] = json!(43), ..Play::reviewed() }),
    ("the answer is about another project", || Play {
        lie: |d| d["project"] = json!("shop2"),
        ..Play::reviewed()
    }),
    ("the answer is no change", || Play { lie: |d| *d = json!([]), ..Play::reviewed() }),
];

const RULES: &[Situation] = &[
    ("the rules of when it was opened and of now both allow", || Play {
        opened: Some(Ops { roles: "release: { people: [rex] }".into(), ..Ops::default() }),
        ..Play::reviewed()
    }),
    ("two people were needed when it was opened, one is now", || Play {
        opened: Some(Ops::people(2)),
        ..Play::reviewed()
    }),
    ("one person was needed when it was opened, two are now", || Play {
        ops: Ops::people(2),
        opened: Some(Ops::default()),
        ..Play::reviewed()
    }),
    ("the owner's second account was linked only after it was opened", || Play {
        opened: Some(Ops { links: Ops::default().links.replace("[1000, 1010]", "[1000]"), ..Ops::default() }),
        ..owner_with_second_account()
    }),
    ("the owner's second account was given to somebody else after it was opened", || Play {
        ops: Ops {
            links: Ops::default().links.replace("[1000, 1010]", "[1000]").replace("[1002]", "[1002, 1010]"),
            ..Ops::default()
        },
        opened: Some(Ops::default()),
        ..owner_with_second_account()
    }),
    ("a policy of the team forbids it now", || Play {
        ops: Ops::policy(NO_REX),
        opened: Some(Ops::default()),
        ..Play::reviewed()
    }),
    ("a policy of the team forbade it when it was opened", || Play {
        opened: Some(Ops::policy(NO_REX)),
        ..Play::reviewed()
    }),
    ("a policy of the team permits everything, and nobody reviewed it", || Play {
        ops: Ops::policy(PERMIT_ALL),
        ..but(|p| p.submit(42, SIMON))
    }),
    ("a policy of the team speaks of a role that who submitted has", || Play {
        ops: Ops { roles: "contractors: { people: [simon] }".into(), ..Ops::policy(NO_CONTRACTOR) },
        ..Play::reviewed()
    }),
    ("a policy of the team speaks of a role that who submitted hasn't", || Play {
        ops: Ops { roles: "contractors: { people: [uma] }".into(), ..Ops::policy(NO_CONTRACTOR) },
        ..Play::reviewed()
    }),
    ("the operation is gone now", || Play {
        ops: Ops { operation: String::new(), ..Ops::default() },
        opened: Some(Ops::default()),
        ..Play::reviewed()
    }),
    ("the environment is gone now", || Play {
        ops: Ops { operation: Ops::default().operation.replace("prod:", "stage:"), ..Ops::default() },
        opened: Some(Ops::default()),
        ..Play::reviewed()
    }),
    ("the operation is for another project now", || Play {
        ops: Ops {
            operation: Ops::default().operation.replace("project: shop", "project: shop2"),
            ..Ops::default()
        },
        opened: Some(Ops::default()),
        ..Play::reviewed()
    }),
    ("no plan can be made", || Play {
        ops: Ops {
            operation: Ops::default()
                .operation
                .replace("{ revision: \"{{ revision", "{ revision: \"{{ before.revision"),
            ..Ops::default()
        },
        ..Play::reviewed()
    }),
    ("an approval of the plan itself is wanted", || Play {
        ops: Ops {
            operation: Ops::default()
                .operation
                .replace("prod: {}", "prod: { approve: { role: release, people: 1 } }"),
            roles: "release: { people: [rex] }".into(),
            ..Ops::default()
        },
        ..Play::reviewed()
    }),
    ("a freeze is in force", || Play {
        twist: |case| case.freezes.extend(["year-end".to_owned()]),
        ..Play::reviewed()
    }),
    ("the facts are 60 seconds old", || Play {
        twist: |case| case.read_at = at(-60_000),
        ..Play::reviewed()
    }),
    ("the facts are a millisecond older", || Play {
        twist: |case| case.read_at = at(-60_001),
        ..Play::reviewed()
    }),
    ("the facts are of the future", || Play { twist: |case| case.read_at = at(60_001), ..Play::reviewed() }),
];

const NO_REX: &str = r#"@id("no-rex") @code("not-rex") @reason("Rex is on leave") @need("final")
forbid (principal, action == Action::"run", resource)
when { context.approvers.contains(Person::"rex") };"#;

const PERMIT_ALL: &str = r#"@id("all") permit (principal, action, resource);"#;

const NO_CONTRACTOR: &str = r#"@id("no-contractor") @code("contractor") @reason("Contractors don't submit") @need("final")
forbid (principal in Role::"contractors", action == Action::"run", resource);"#;

fn owner_with_second_account() -> Play {
    but(|p| {
        p.vote(42, OLIVIA_2, 2);
        p.submit(42, SIMON);
    })
}

/// A change to the operations project that these approved.
fn configuration(voters: &[u64]) -> Play {
    let mut p = Play::default();
    p.open(42, OLIVIA);
    voters.iter().for_each(|voter| p.vote(42, *voter, 2));
    p.submit(42, SIMON);
    p.accepting()
}

const ACCEPT: &[Situation] = &[
    ("two people who didn't contribute approved", || configuration(&[REX, RITA])),
    ("one person approved", || configuration(&[REX])),
    ("the author and one person approved", || configuration(&[OLIVIA, REX])),
    ("one person approved with both accounts", || configuration(&[REX, REX_2])),
    ("one person approved, and the author with a second account", || configuration(&[REX, OLIVIA_2])),
    ("one person approved, and one whom nobody knows", || configuration(&[REX, STRANGER])),
    ("two people approved, and one of them wrote it", || {
        let mut p = Play::default();
        p.open_by(42, OLIVIA, REX);
        p.vote(42, REX, 2);
        p.vote(42, RITA, 2);
        p.submit(42, SIMON);
        p.accepting()
    }),
    ("two people approved one change, one the other", || {
        let mut p = configuration(&[REX, RITA]);
        p.open(43, OLIVIA);
        p.vote(43, REX, 2);
        p.submit(43, SIMON);
        p
    }),
    ("a commit was pushed", || {
        let mut p = Play::default().accepting();
        p.push(OLIVIA);
        p
    }),
    ("it was set back", || {
        let mut p = configuration(&[REX, RITA]);
        std::mem::swap(&mut p.base, &mut p.head);
        p
    }),
    ("a policy of the team permits everything, and one person approved", || Play {
        ops: Ops::policy(PERMIT_ALL),
        ..configuration(&[REX])
    }),
];

#[test]
fn answers() {
    let mut text = String::new();
    for (title, situations) in [
        (
            "MAY IT RUN? One change, Olivia's, unless it says otherwise; one independent person is needed.",
            REVIEW,
        ),
        ("Who is who", PEOPLE),
        ("What the range brings", RANGE),
        ("REST tells another story than the record in git", REST),
        ("An answer that can't be used: nothing is decided", UNANSWERED),
        ("The rules when it was opened, and now", RULES),
        (
            "MAY IT BE IN FORCE? A commit of the operations project; two independent people are needed.",
            ACCEPT,
        ),
    ] {
        text.push_str(&format!("{title}\n\n"));
        for (name, play) in situations {
            text.push_str(&format!("  {name}\n      {}\n", play().line()));
        }
        text.push('\n');
    }
    insta::assert_snapshot!(text);
}
