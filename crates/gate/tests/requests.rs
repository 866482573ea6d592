//! Every situation of a request and its answer, in a table that somebody who reads no Rust can check:
//! `snapshots/requests__answers.snap`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // these are tests

mod common;

use common::*;
use gate::{Case, Matter, RequestMatter, decide, examine, revision};
use model::{
    AccountId, Answer, Canonical as _, Identity, Need, OperationName, Request, RequestId, Requester,
    RequesterKind,
};
use notedb::{MapObjects, Recorder, testing::Review};
use operations::Wish;

/// What nobody sets off but who asks for it.
const OPERATION: &str = r#"
operation: shop-web
title: Restart the web shop
mode: enforce
review: { people: PEOPLE }
inputs:
  ticket: { title: The incident }
environments:
  prod: {}
steps:
  - id: tell
    http: { post: "https://shop.example/restart", body: { ticket: "{{ inputs.ticket }}" }, expect: { status: 201 }, within: 60s }
"#;

const LINKS: &str = "
- { person: olivia, accounts: { main: [1000, 1010] }, identities: [{ issuer: \"https://idp\", subject: o }, { issuer: \"https://idp\", subject: o2 }] }
- { person: rex, accounts: { main: [1001, 1011] } }
- { person: rita, accounts: { main: [1002] } }
- { person: simon, accounts: { main: [1003] } }
- { person: uma, accounts: { main: [1004] } }
";

const HERE: &str = "{ server: main, project: shop, branch: main }";

fn rules(operation: &str) -> Ops {
    Ops {
        operation: operation.to_owned(),
        links: LINKS.to_owned(),
        requests: HERE.to_owned(),
        ..Ops::default()
    }
}

/// A request of Olivia's that Rex approved and we submitted. What is otherwise is changed before it is judged.
struct Asking {
    ops: Ops,
    /// The rules when it was opened, where those in force are others.
    opened: Option<Ops>,
    by: Requester,
    /// The file that the change adds; none: the request's own.
    file: Option<String>,
    /// Where it lies; none: where it should.
    path: Option<String>,
    /// What lies beside it.
    beside: Vec<(&'static str, &'static str)>,
    /// What was asked, beside what the change says.
    stored: fn(&mut Request),
    owner: u64,
    author: u64,
    change_id: Option<&'static str>,
    /// Patch sets after the first, by whom.
    more: Vec<u64>,
    votes: Vec<(u64, i32)>,
    /// None: it is open.
    submitter: Option<u64>,
    /// The branch moved by a pushed commit too, and a merge of both.
    pushed: bool,
    matter: fn(&mut RequestMatter),
    case: fn(&mut Case),
}

fn requester(kind: RequesterKind, subject: &str, person: Option<&str>) -> Requester {
    Requester {
        kind,
        identity: Identity { issuer: "https://idp".into(), subject: subject.into() },
        person: person.map(|key| key.parse().unwrap()),
        acts_for: None,
        shown: subject.to_owned(),
    }
}

impl Default for Asking {
    fn default() -> Self {
        Self {
            ops: rules(OPERATION),
            opened: None,
            by: requester(RequesterKind::Person, "o", None),
            file: None,
            path: None,
            beside: Vec::new(),
            stored: |_| {},
            owner: WRITER,
            author: WRITER,
            change_id: None,
            more: Vec::new(),
            votes: vec![(REX, 2)],
            submitter: Some(WRITER),
            pushed: false,
            matter: |_| {},
            case: |_| {},
        }
    }
}

fn but(what: impl FnOnce(&mut Asking)) -> Asking {
    let mut asking = Asking::default();
    what(&mut asking);
    asking
}

impl Asking {
    fn request(&self) -> Request {
        // It was made under the rules that it was opened under, unless a test says otherwise.
        let rulebook = self.opened.as_ref().unwrap_or(&self.ops);
        let asked = Ops { operation: OPERATION.to_owned(), ..rulebook.clone() };
        let configuration = operations::Configuration::parse(&asked.tree()).unwrap();
        let name: OperationName = "shop-web".parse().unwrap();
        let environment = "prod".parse().unwrap();
        let inputs = [("ticket".to_owned(), "INC-7".to_owned())].into();
        let wish = Wish { operation: &name, environment: &environment, inputs: &inputs };
        let plan = operations::requested(&configuration, &wish).unwrap().digest().unwrap();
        Request {
            schema: Request::SCHEMA.to_owned(),
            id: RequestId::derive(&[b"one"]),
            server: "main".parse().unwrap(),
            project: "shop".parse().unwrap(),
            branch: MAIN.parse().unwrap(),
            operation: name.clone(),
            environment: environment.clone(),
            inputs,
            justification: "The shop hangs".parse().unwrap(),
            by: self.by.clone(),
            plan,
            configuration: asked.commit(),
            made_at: at(-100_000),
            until: at(100_000),
        }
    }

    /// The play, with the stored request.
    fn play(&self) -> (Play, Request) {
        let mut request = self.request();
        let mut play = Play { ops: self.ops.clone(), opened: self.opened.clone(), ..Play::default() };
        let file = self.file.clone().unwrap_or_else(|| request.file());
        let path = self.path.clone().unwrap_or_else(|| request.path());
        let mut files = vec![("file", "base"), (path.as_str(), file.as_str())];
        files.retain(|(name, _)| !self.beside.iter().any(|(other, _)| other == name));
        files.extend(&self.beside);
        let name = |account| format!("User {account} <{}>", address(account));
        let tree = play.world.tree(&files);
        let commit =
            play.world.commit(tree, &[play.base], &name(self.author), &name(self.owner), "Request\n");
        let own = request.change_id().unwrap().to_string();
        let change_id = self.change_id.unwrap_or(&own);
        let review = Review::open_as(&mut play.world, 42, self.owner, commit, MAIN, change_id);
        play.stories.insert(42, Story::of(review, self.owner, commit));
        for by in &self.more {
            let tree = play.world.tree(&files);
            let again = play.world.commit(tree, &[play.base], &name(self.author), &name(*by), "Again\n");
            play.stories.get_mut(&42).unwrap().upload(&mut play.world, *by, again);
        }
        for (voter, value) in &self.votes {
            play.vote(42, *voter, *value);
        }
        match self.submitter {
            Some(submitter) => play.submit(42, submitter),
            None => play.head = play.stories[&42].review.revision,
        }
        if self.pushed {
            let merge = |play: &mut Play, parents: &[notedb::ObjectId]| {
                let tree = play.world.tree(&[&files[..], &[("pushed", "x")]].concat());
                play.world.commit(tree, parents, &name(SIMON), &name(SIMON), "Merge\n")
            };
            let other = play.code(play.base, SIMON, SIMON, "Pushed\n");
            let head = play.head;
            let below = merge(&mut play, &[head, other]);
            play.world.set(MAIN, below);
            play.head = below;
        }
        (self.stored)(&mut request);
        (play, request)
    }

    fn line(&self) -> String {
        let (play, request) = self.play();
        let first = play.stories[&42].uploaders[0].0;
        let (mut case, answers) = play.case();
        if self.pushed {
            // Its range begins where the branch stood before the last move.
            case.base = revision(&first);
        }
        let mut asked = RequestMatter {
            request,
            change: 42,
            revision: revision(&first),
            writer: AccountId(WRITER),
            ended: None,
            merged: None,
            version: 3,
        };
        if let Matter::Run(run) = &case.matter {
            asked.merged = Some(run.submission.id.clone());
        }
        (self.matter)(&mut asked);
        if self.submitter.is_none() {
            (case.tip, case.branch_tip) = (asked.revision, Some(case.base));
            case.matter = Matter::Submit(Box::new(asked));
        } else if let Matter::Run(run) = &mut case.matter {
            run.request = Some(Box::new(asked));
        }
        (self.case)(&mut case);
        let recorder = Recorder::new(&play.world.objects);
        let evidence = match examine(&case, &recorder, &answers) {
            Ok(evidence) => evidence,
            Err(why) => return format!("NOT DECIDED: {}", why.to_string().split(" is \"").next().unwrap()),
        };
        // From what was read alone it comes out the same: that is what a bundle rests on.
        let kept: MapObjects = recorder.into_recorded();
        assert_eq!(examine(&case, &kept, &answers).unwrap(), evidence);
        let [accepted, opened] = play.rulebooks();
        let judgement = match decide(&case, &evidence, &accepted, &opened, at(0)) {
            Ok(judgement) => judgement,
            Err(why) => return format!("NOT DECIDED: {why}"),
        };
        let decision = &judgement.decision;
        assert_eq!(decision.answer == Answer::Allow, decision.reasons.is_empty());
        if decision.answer == Answer::Allow {
            // What may be submitted has no plan that could be granted: nobody can take it for one that may run.
            assert_eq!(judgement.plan.is_some(), self.submitter.is_some());
            if let Some(plan) = &judgement.plan {
                let asked = &case.matter.request().unwrap().request;
                assert_eq!(
                    plan.requested().digest().unwrap(),
                    asked.plan,
                    "another plan runs than was asked for"
                );
            }
            let approvers: Vec<_> = judgement.approvers.iter().map(ToString::to_string).collect();
            return format!("ALLOW, reviewed by {}", approvers.join(", "));
        }
        for reason in &decision.reasons {
            assert!(
                !reason.text.is_empty()
                    && (reason.cure.is_some() || reason.policy.is_some())
                    && !reason.text.contains('{'),
                "{reason:?}"
            );
        }
        let waits = decision.reasons.iter().all(|reason| reason.need == Need::Waits);
        let codes: Vec<_> = decision
            .reasons
            .iter()
            .map(|r| if r.need == Need::Waits { format!("{}…", r.code) } else { r.code.clone() })
            .collect();
        format!("{}: {}", if waits { "WAITS" } else { "DENY" }, codes.join(", "))
    }
}

type Situation = (&'static str, fn() -> Asking);

const MERGED: &[Situation] = &[
    ("Rex approved, we submitted", Asking::default),
    ("nobody approved", || but(|a| a.votes.clear())),
    ("Rita was against it", || but(|a| a.votes.push((RITA, -2)))),
    ("two people are needed", || but(|a| a.ops.people = 2)),
];

const WHO: &[Situation] = &[
    ("Olivia approved it by her account", || but(|a| a.votes = vec![(OLIVIA, 2)])),
    ("Olivia approved it by her second account", || but(|a| a.votes = vec![(OLIVIA_2, 2)])),
    ("Olivia asked by a second identity, and approved it", || {
        but(|a| {
            a.by = requester(RequesterKind::Person, "o2", None);
            a.votes = vec![(OLIVIA, 2)];
        })
    }),
    ("only the provider's key says that it is Olivia, and she approved it", || {
        but(|a| {
            a.by = requester(RequesterKind::Person, "x", Some("olivia"));
            a.votes = vec![(OLIVIA, 2)];
        })
    }),
    ("the links say that it is Olivia, the provider's key says Rex: neither reviews it", || {
        but(|a| {
            a.by = requester(RequesterKind::Person, "o", Some("rex"));
            a.votes = vec![(OLIVIA, 2), (REX, 2)];
        })
    }),
    ("nobody knows who asked", || but(|a| a.by = requester(RequesterKind::Person, "x", None))),
    ("the provider's key is nobody's in the links", || {
        but(|a| a.by = requester(RequesterKind::Person, "x", Some("xaver")))
    }),
    ("another issuer's Olivia asked", || but(|a| a.by.identity.issuer = "https://other".into())),
    ("a service asked", || but(|a| a.by = requester(RequesterKind::Service, "ci", None))),
    ("a service asked for which Olivia answers, and Rex approved it", || {
        but(|a| a.by = requester(RequesterKind::Service, "o2", None))
    }),
    ("a service asked for which Olivia answers, and she approved it", || {
        but(|a| {
            a.by = requester(RequesterKind::Service, "o2", None);
            a.votes = vec![(OLIVIA, 2)];
        })
    }),
    ("an agent asked for nobody", || but(|a| a.by = requester(RequesterKind::Agent, "bot", None))),
    ("an agent asked for Olivia, and she approved it", || {
        but(|a| {
            a.by = requester(RequesterKind::Agent, "bot", None);
            a.by.acts_for = Some(Identity { issuer: "https://idp".into(), subject: "o".into() });
            a.votes = vec![(OLIVIA, 2)];
        })
    }),
    ("an agent asked for Olivia, and Rex approved it", || {
        but(|a| {
            a.by = requester(RequesterKind::Agent, "bot", None);
            a.by.acts_for = Some(Identity { issuer: "https://idp".into(), subject: "o".into() });
        })
    }),
    ("an agent asked for somebody whom no link names", || {
        but(|a| {
            a.by = requester(RequesterKind::Agent, "bot", None);
            a.by.acts_for = Some(Identity { issuer: "https://idp".into(), subject: "x".into() });
        })
    }),
    ("only our own writer approved it", || but(|a| a.votes = vec![(WRITER, 2)])),
    ("a link says that our writer's account is Rex's", || {
        but(|a| a.ops.links = LINKS.replace("[1001, 1011]", "[1001, 1011, 1050]"))
    }),
];

const HANDS: &[Situation] = &[
    ("somebody else made the change", || but(|a| (a.owner, a.author) = (UMA, UMA))),
    ("somebody else is its author", || but(|a| a.author = UMA)),
    ("somebody else added a patch set", || but(|a| a.more = vec![UMA])),
    ("our writer added a patch set", || but(|a| a.more = vec![WRITER])),
    ("somebody else added one, and our writer another", || but(|a| a.more = vec![UMA, WRITER])),
    ("somebody else submitted it", || but(|a| a.submitter = Some(SIMON))),
    ("its Change-Id is another", || but(|a| a.change_id = Some("I0123456789012345678901234567890123456789"))),
    ("it is another change than the one that we made", || but(|a| a.matter = |asked| asked.change = 41)),
    ("another revision of it than the one that we made", || {
        but(|a| a.matter = |asked| asked.revision = "ab".repeat(20).parse().unwrap())
    }),
    ("it was withdrawn", || but(|a| a.matter = |asked| asked.ended = Some("it was withdrawn".into()))),
    ("it was submitted after its time", || but(|a| a.stored = |r| r.until = at(-61_000))),
    ("a pushed commit came along below it", || but(|a| a.pushed = true)),
    ("it had been merged by another submission before", || {
        but(|a| a.matter = |asked| asked.merged = Some(model::SubmissionId::derive(&[b"before"])))
    }),
    ("its record knows of no merge", || but(|a| a.matter = |asked| asked.merged = None)),
    ("it came together with another", || {
        but(|a| {
            a.case = |case| {
                let Matter::Run(run) = &mut case.matter else { return };
                run.submission.changes.push(43);
            }
        })
    }),
];

const FILE: &[Situation] = &[
    ("the file says another justification", || {
        but(|a| a.stored = |r| r.justification = "Other words".parse().unwrap())
    }),
    ("the file says that somebody else asked", || {
        but(|a| a.stored = |r| r.by.identity.subject = "o2".into())
    }),
    ("the file names another plan", || {
        but(|a| a.file = Some(a.request().file().replace("plan: \"", "plan: \"0")))
    }),
    ("the file names another input", || but(|a| a.file = Some(a.request().file().replace("INC-7", "INC-8")))),
    ("the file has a line more", || but(|a| a.file = Some(a.request().file() + "\n"))),
    ("the file is empty", || but(|a| a.file = Some(String::new()))),
    ("it lies elsewhere", || but(|a| a.path = Some("requests/other.yaml".into()))),
    ("another file came along", || but(|a| a.beside = vec![("requests/x.yaml", "x")])),
    ("another file came along at the top", || but(|a| a.beside = vec![("evil", "x")])),
    ("a file was changed by the way", || but(|a| a.beside = vec![("file", "other")])),
];

const PLAN: &[Situation] = &[
    ("the plan was another when it was asked for", || {
        but(|a| a.stored = |r| r.plan = model::Digest::of(b"other"))
    }),
    ("the operation does something else now", || {
        but(|a| a.ops.operation = OPERATION.replace("/restart", "/stop"))
    }),
    ("the operation did something else when it was merged", || {
        but(|a| a.opened = Some(rules(&OPERATION.replace("/restart", "/stop"))))
    }),
    ("the operation is gone", || but(|a| a.ops.operation = OPERATION.replace("prod:", "stage:"))),
    ("a submission sets it off now", || {
        but(|a| {
            a.ops.requests = HERE.replace("shop", "requests");
            let trigger = "trigger: { merged: { server: main, project: shop, branch: main } }\ninputs:\n  ticket: { title: The incident }\n";
            a.ops.operation = OPERATION
                .replace("inputs:\n  ticket: { title: The incident }\n", trigger)
                .replace("{{ inputs.ticket }}", "x");
        })
    }),
    ("requests are made elsewhere now", || but(|a| a.ops.requests = HERE.replace("shop", "requests"))),
    ("the range begins elsewhere", || but(|a| a.case = |case| case.base = case.tip)),
];

const OPEN: &[Situation] = &[
    ("Rex approved", || but(|a| a.submitter = None)),
    ("nobody approved yet", || but(|a| (a.submitter, a.votes) = (None, vec![]))),
    ("only Olivia approved", || but(|a| (a.submitter, a.votes) = (None, vec![(OLIVIA, 2)]))),
    ("Rex gave a +1", || but(|a| (a.submitter, a.votes) = (None, vec![(REX, 1)]))),
    ("Rex approved, Rita has doubts", || {
        but(|a| (a.submitter, a.votes) = (None, vec![(REX, 2), (RITA, -1)]))
    }),
    ("two people are needed", || but(|a| (a.submitter, a.ops.people) = (None, 2))),
    ("somebody else added a patch set", || but(|a| (a.submitter, a.more) = (None, vec![UMA]))),
    ("the file says another input", || {
        but(|a| (a.submitter, a.file) = (None, Some(a.request().file().replace("INC-7", "INC-8"))))
    }),
    ("the operation does something else now", || {
        but(|a| (a.submitter, a.ops.operation) = (None, OPERATION.replace("/restart", "/stop")))
    }),
    ("there is a freeze", || {
        but(|a| {
            a.submitter = None;
            a.case = |case| {
                case.freezes.insert("christmas".into());
            };
        })
    }),
    ("nobody knows who asked", || {
        but(|a| (a.submitter, a.by) = (None, requester(RequesterKind::Person, "x", None)))
    }),
    ("the team's own rule is against it", || {
        but(|a| {
            a.submitter = None;
            a.ops.policy = "@id(\"not-olivia\")\n@reason(\"Olivia asks for nothing\")\nforbid (principal == Person::\"olivia\", \
                            action == Action::\"run\", resource);\n"
                .into();
        })
    }),
    ("another revision than the one to submit", || {
        but(|a| {
            a.submitter = None;
            a.case = |case| case.tip = case.base;
        })
    }),
];

#[test]
fn answers() {
    let mut text = String::new();
    for (title, situations) in [
        ("MAY IT RUN? A request of Olivia's; Rex approved its change, and we submitted it.", MERGED),
        ("Who asks, who approves", WHO),
        ("Whose hands", HANDS),
        ("What the change says", FILE),
        ("What would happen", PLAN),
        ("MAY IT BE SUBMITTED? The same, still open.", OPEN),
    ] {
        text.push_str(&format!("{title}\n\n"));
        for (name, asking) in situations {
            text.push_str(&format!("  {name}\n      {}\n", asking().line()));
        }
        text.push('\n');
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_case_speaks_of_one_request() {
    for (what, twist) in [
        ("the request's server", (|r| r.server = "east".parse().unwrap()) as fn(&mut Request)),
        ("the request's project", |r| r.project = "other".parse().unwrap()),
        ("the request's branch", |r| r.branch = "refs/heads/other".parse().unwrap()),
        ("the request's operation", |r| r.operation = "other".parse().unwrap()),
        ("the request's environment", |r| r.environment = "other".parse().unwrap()),
        ("the request's schema", |r| r.schema = "exequatur.request/2".into()),
    ] {
        let line = but(|a| a.stored = twist).line();
        assert!(line.starts_with("NOT DECIDED") && line.contains(what), "{what}: {line}");
    }
}
