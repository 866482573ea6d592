//! Submissions as the engine shows them: one refused, one waiting, one that ran, one that runs.

use std::collections::BTreeMap;

use engine::surface::{AccessView, Deed, RoleView};
use engine::surface::{
    ApproveView, Asked, ChangeEvidenceView, CommitView, ConfigurationView, ConsentGiven, ConsentView, Event,
    Health, LinkAsked, LinkChallengeView, LinkView, OutcomeView, Output, PasskeyView, RangeEvidenceView,
    RangeQuestion, RangeView, RequestView, RunView, SubmissionView, Viewer, VoteName, You,
};
use grant::{ConsentAnswer, Registration};
use model::PersonKey;
use model::{
    Action, Answer, Canonical as _, Decision, DecisionId, Digest, Exec, GrantId, Http, HttpExpect, Identity,
    Method, Need, OnFailure, OperationName, OutcomeId, OutcomeState, Plan, PlannedStep, Program, Reason,
    Request, RequestId, RequestedPlan, Requester, RequesterKind, Revision, Run, RunId, RunResult, RunState,
    Step, StepResult, StepState, Submission, SubmissionId, Target, Timestamp, TriggeredBy,
};

/// So many milliseconds after eight on that morning.
pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(1_795_507_200_000 + ms)
}

pub fn revision(seed: &str) -> Revision {
    Digest::of(seed.as_bytes()).to_string()[..40].parse().unwrap()
}

pub fn all() -> Vec<SubmissionView> {
    vec![running(), waiting(), refused(), succeeded()]
}

pub fn id(seed: &str) -> SubmissionId {
    let (server, project) = ("main".parse().unwrap(), "shop".parse().unwrap());
    Submission::id_of(&server, &project, &"refs/heads/main".parse().unwrap(), &revision(seed))
}

pub fn run_id(seed: &str) -> RunId {
    RunId::derive(&[seed.as_bytes()])
}

fn submission(
    seed: &str,
    subject: &str,
    changes: &[u64],
    when: i64,
    outcomes: Vec<OutcomeView>,
) -> SubmissionView {
    SubmissionView {
        schema: "exequatur.submission-view/1",
        submission: Submission {
            id: id(seed),
            server: "main".parse().unwrap(),
            project: "shop".parse().unwrap(),
            branch: "refs/heads/main".parse().unwrap(),
            tip: revision(seed),
            gerrit_id: format!("{}-1795507200000-ab12", changes[0]),
            changes: changes.to_vec(),
            submitted_at: at(when),
            seen_at: at(when + 180),
        },
        subject: Some(subject.to_owned()),
        change_url: format!("https://gerrit.example.com/c/shop/+/{}", changes[0]),
        outcomes,
        refused: Vec::new(),
        in_force: None,
    }
}

fn outcome(seed: &str, when: i64, state: OutcomeState) -> OutcomeView {
    OutcomeView {
        id: OutcomeId::derive(&[seed.as_bytes()]),
        operation: "shop-web".parse().unwrap(),
        title: "Roll out the web shop".into(),
        environment: "prod".parse().unwrap(),
        opened_at: at(when + 190),
        state,
        decision: None,
        range: None,
        approvers: vec![],
        run: None,
    }
}

fn decision(seed: &str, when: i64, reasons: Vec<Reason>) -> Decision {
    Decision {
        schema: Decision::SCHEMA.into(),
        id: DecisionId::derive(&[seed.as_bytes()]),
        plan: plan(seed).digest().unwrap(),
        configuration: revision("configuration"),
        question: Digest::of(b"question"),
        evidence: Digest::of(seed.as_bytes()),
        answer: if reasons.is_empty() { Answer::Allow } else { Answer::Deny },
        policies: if reasons.is_empty() {
            vec!["default/independent-review".into(), "shop/rollout".into()]
        } else {
            vec![]
        },
        reasons,
        facts_at: at(when + 210),
        at: at(when + 260),
    }
}

fn commit(
    seed: &str,
    account: &str,
    change: Option<u64>,
    reviewed: Option<bool>,
    notes: &[&str],
) -> CommitView {
    CommitView {
        sha: revision(seed),
        account: account.into(),
        change,
        reviewed,
        notes: notes.iter().map(|note| (*note).to_owned()).collect(),
    }
}

fn plan(seed: &str) -> Plan {
    let target = Target {
        name: "shop-1".parse().unwrap(),
        values: [("url".into(), "http://127.0.0.1:8001".into())].into(),
    };
    let switch = |to: &str| {
        Action::Exec(Exec {
            program: Program::Operations { path: "shop/switch".into(), sha256: Digest::of(b"switch") },
            args: vec![to.into()],
            timeout_ms: 30_000,
            idempotent: true,
        })
    };
    let healthy = Action::Http(Http {
        method: Method::Get,
        url: "http://127.0.0.1:8001/version".into(),
        body: None,
        expect: HttpExpect { status: 200, json: [("revision".into(), revision(seed).to_string())].into() },
        within_ms: 60_000,
    });
    Plan {
        schema: Plan::SCHEMA.into(),
        operation: "shop-web".parse().unwrap(),
        environment: "prod".parse().unwrap(),
        configuration: revision("configuration"),
        triggered_by: TriggeredBy {
            submission: id(seed),
            server: "main".parse().unwrap(),
            project: "shop".parse().unwrap(),
            branch: "refs/heads/main".parse().unwrap(),
            revision: revision(seed),
            base: revision("base"),
            changes: vec![40],
        },
        inputs: BTreeMap::new(),
        before: [("revision".into(), revision("base").to_string())].into(),
        files: [("shop/switch".into(), Digest::of(b"switch"))].into(),
        steps: vec![
            PlannedStep {
                id: "switch".parse().unwrap(),
                target: Some(target.clone()),
                action: switch(&revision(seed).to_string()),
                undo: Some(switch(&revision("base").to_string())),
            },
            PlannedStep { id: "healthy".parse().unwrap(), target: Some(target), action: healthy, undo: None },
        ],
        on_failure: OnFailure::Undo,
    }
}

fn run(seed: &str, when: i64, state: RunState, steps: [StepState; 2], timeline: Vec<Event>) -> RunView {
    let plan = plan(seed);
    let [switch, healthy] = steps;
    RunView {
        schema: "exequatur.run-view/1",
        run: Run {
            id: run_id(seed),
            outcome: OutcomeId::derive(&[seed.as_bytes()]),
            plan: plan.digest().unwrap(),
            grant: GrantId::derive(&[seed.as_bytes()]),
            granted_at: at(when + 300),
            state,
            steps: vec![
                Step { id: "switch".parse().unwrap(), state: switch, undo: StepState::Pending },
                Step { id: "healthy".parse().unwrap(), state: healthy, undo: StepState::Pending },
            ],
        },
        plan,
        submission: id(seed),
        timeline,
        outputs: vec![],
    }
}

fn event(index: u64, when: i64, kind: &str, text: &str) -> Event {
    Event { index, at: at(when), kind: kind.into(), text: text.into() }
}

fn done(when: i64) -> StepState {
    StepState::Done { result: StepResult::Succeeded { signed: Digest::of(b"signed") }, at: at(when) }
}

/// Approved by its own author, on top of a commit that was pushed.
pub fn refused() -> SubmissionView {
    let reasons = vec![
        Reason {
            code: "no-independent-approval".into(),
            text: "No vote on Code-Review counts: the only +2 is by Ada Byron, who uploaded the change.".into(),
            cure: Some(
                "Somebody else than Ada Byron: push the change again, have it reviewed by another, and submit it."
                    .into(),
            ),
            policy: Some("default/independent-review".into()),
            need: Need::Final,
        },
        Reason {
            code: "unaccounted".into(),
            text: "A commit in the range was pushed to the branch directly, and nobody reviewed it.".into(),
            cure: Some("Two people of the role operations-owners: accept it by a reviewed baseline.".into()),
            policy: None,
            need: Need::Final,
        },
    ];
    let state = OutcomeState::Refused {
        decision: DecisionId::derive(&[b"refused"]),
        reasons: reasons.clone(),
        at: at(120_260),
    };
    let judged = OutcomeView {
        decision: Some(decision("refused", 120_000, reasons)),
        range: Some(RangeView {
            base: revision("base"),
            tip: revision("refused"),
            reviewed: false,
            commits: vec![
                commit(
                    "pushed",
                    "unaccounted",
                    None,
                    None,
                    &["no merged change of this branch has this revision"],
                ),
                commit(
                    "refused",
                    "change",
                    Some(42),
                    Some(false),
                    &[
                        "Code-Review +2 by account 1000 (Ada Byron) doesn't count: self",
                        "Code-Review +2 by account 1002 (Carl Sagan) doesn't count: stale, cast on patch set 1 of 2",
                        "finding no-independent-approval",
                    ],
                ),
            ],
        }),
        ..outcome("refused", 120_000, state)
    };
    submission("refused", "Cart: count items, not lines", &[42], 120_000, vec![judged])
}

/// The approver has no link yet.
pub fn waiting() -> SubmissionView {
    let reasons = vec![Reason {
        code: "no-link".into(),
        text: "Account 1003 on server main voted +2, and is linked to no verified identity.".into(),
        cure: Some("Whoever keeps links.yaml: add account 1003 in a reviewed change to operations.".into()),
        policy: Some("default/independent-review".into()),
        need: Need::Waits,
    }];
    let state = OutcomeState::Waiting {
        reasons: reasons.clone(),
        decision: DecisionId::derive(&[b"waiting"]),
        until: at(86_400_000 + 240_000),
    };
    let judged = OutcomeView {
        decision: Some(decision("waiting", 240_000, reasons)),
        range: Some(RangeView {
            base: revision("base"),
            tip: revision("waiting"),
            reviewed: true,
            commits: vec![commit(
                "waiting",
                "change",
                Some(43),
                Some(true),
                &["Code-Review +2 by account 1003 counts"],
            )],
        }),
        ..outcome("waiting", 240_000, state)
    };
    submission(
        "waiting",
        "Checkout: show delivery dates in the buyer's time zone",
        &[43, 44, 45, 46],
        240_000,
        vec![judged],
    )
}

/// Reviewed, rolled out, proven.
pub fn succeeded() -> SubmissionView {
    let timeline = vec![
        event(101, 260, "decision", "Allowed by default/independent-review and shop/rollout."),
        event(102, 300, "grant", "Granted to the executor of this server, until 08:10:00."),
        event(103, 341, "grant-spent", "The grant is spent."),
        event(104, 344, "step-intent", "switch on shop-1 is about to act, attempt 1."),
        event(105, 391, "step-outcome", "switch on shop-1 succeeded."),
        event(106, 395, "step-intent", "healthy on shop-1 is about to act, attempt 1."),
        event(107, 711, "step-outcome", "healthy on shop-1 succeeded."),
        event(108, 715, "run-finished", "The run succeeded."),
    ];
    let state = RunState::Finished { result: RunResult::Succeeded, at: at(715) };
    let mut run = run("succeeded", 0, state, [done(391), done(711)], timeline);
    run.outputs = vec![Output {
        step: "switch".into(),
        text: format!("current -> releases/{}\nrestarted shop-1 in 31 ms\n", revision("succeeded")),
        truncated: false,
    }];
    let state = OutcomeState::Ran { run: run_id("succeeded"), result: RunResult::Succeeded, at: at(715) };
    let judged = OutcomeView {
        decision: Some(decision("succeeded", 0, vec![])),
        range: Some(reviewed_range("succeeded", 40)),
        approvers: vec!["Bob Brown".into()],
        run: Some(run),
        ..outcome("succeeded", 0, state)
    };
    submission("succeeded", "Front page: load pictures only when they are seen", &[40], 0, vec![judged])
}

/// Between its two steps; a stage that matched too was superseded.
pub fn running() -> SubmissionView {
    let timeline = vec![
        event(120, 360_260, "decision", "Allowed by default/independent-review and shop/rollout."),
        event(121, 360_300, "grant", "Granted to the executor of this server, until 08:16:00."),
        event(122, 360_341, "grant-spent", "The grant is spent."),
        event(123, 360_344, "step-intent", "switch on shop-1 is about to act, attempt 1."),
        event(124, 361_391, "step-outcome", "switch on shop-1 succeeded."),
        event(125, 361_395, "step-intent", "healthy on shop-1 is about to act, attempt 1."),
    ];
    let state = RunState::Running { since: at(360_341) };
    let started = StepState::Started { at: at(361_395), attempt: 1 };
    let run = run("running", 360_000, state, [done(361_391), started], timeline);
    let judged = OutcomeView {
        decision: Some(decision("running", 360_000, vec![])),
        range: Some(reviewed_range("running", 47)),
        approvers: vec!["Bob Brown".into(), "Carl Sagan".into()],
        run: Some(run),
        ..outcome("running", 360_000, OutcomeState::Running { run: run_id("running") })
    };
    let superseded = OutcomeView {
        operation: "shop-docs".parse().unwrap(),
        title: "Publish the handbook".into(),
        ..outcome(
            "running-docs",
            360_000,
            OutcomeState::Superseded { by: run_id("succeeded"), at: at(360_500) },
        )
    };
    submission("running", "Search: rank by what is in stock", &[47], 360_000, vec![judged, superseded])
}

fn reviewed_range(seed: &str, change: u64) -> RangeView {
    RangeView {
        base: revision("base"),
        tip: revision(seed),
        reviewed: true,
        commits: vec![
            commit(
                seed,
                "change",
                Some(change),
                Some(true),
                &[
                    "Code-Review +2 by account 1001 (Bob Brown) counts",
                    "Verified +1 by account 1100 (ci) counts",
                ],
            ),
            commit(&format!("{seed}-merge"), "merge-made-by-gerrit", None, None, &[]),
        ],
    }
}

pub fn configuration() -> ConfigurationView {
    ConfigurationView {
        accepted: revision("configuration"),
        since: at(-3_600_000),
        refused: Some((
            revision("configuration-refused"),
            vec![Reason {
                code: "two-people".into(),
                text: "Only one independent person approved the change to operations; two are needed.".into(),
                cure: Some("One more person of the role operations-owners.".into()),
                policy: Some("default/operations".into()),
                need: Need::Waits,
            }],
        )),
    }
}

pub fn health() -> Health {
    Health {
        ready: true,
        parts: vec![
            ("store".into(), true, "answers in 1 ms".into()),
            ("gerrit main".into(), true, "polled 3 s ago".into()),
        ],
        alarms: vec![],
    }
}

/// Change 40 as evidence has it: one vote counts, one was cast in bob's name.
pub fn evidence() -> ChangeEvidenceView {
    let vote = |account: u64, real: Option<u64>, why: Option<&str>| {
        serde_json::json!({
            "label": "Code-Review", "value": 2, "account": account, "real": real, "patch_set": 1, "copied": false,
            "at": "2026-11-24T08:00:00Z", "counts": why.is_none(), "why": why,
        })
    };
    let evidence: evidence::ChangeEvidence = serde_json::from_value(serde_json::json!({
        "schema": "exequatur.evidence/1",
        "change": {"server": "0000", "project": "shop", "number": 40, "id": "I1", "branch": "refs/heads/main"},
        "meta": revision("meta").to_string(), "status": "merged", "patch_set": 1,
        "revision": revision("succeeded").to_string(),
        "submitted": {"at": "2026-11-24T08:00:00Z", "by": 1003, "real": null, "submission_id": "40"},
        "people": {"owner": 1000, "uploaders": [1000], "author": 1000, "committer": 1000, "co_authors": []},
        "votes": [vote(1001, Some(1002), Some("on-behalf")), vote(1004, None, None)],
        "requirements": [{"name": "Code-Review", "status": "SATISFIED"}],
        "reviewed": true,
        "findings": [{"code": "evidence-weak", "reason": "a record names a voter whose vote is stale"}],
    }))
    .unwrap();
    ChangeEvidenceView {
        schema: ChangeEvidenceView::SCHEMA,
        first_seen_after_merge: vec![VoteName::of(&evidence.votes[1])],
        names: BTreeMap::from([(1001, "Bob".into()), (1002, "Imp".into())]),
        evidence,
        read_at: at(1_000),
    }
}

pub fn range_evidence(asked: &RangeQuestion) -> RangeEvidenceView {
    let evidence = serde_json::from_value(serde_json::json!({
        "schema": "exequatur.range/1", "branch": asked.branch.as_str(), "base": asked.base.to_string(),
        "tip": asked.tip.to_string(), "reviewed": false,
        "findings": [{"code": "rules-changed", "reason": "refs/meta/config changed"}],
        "commits": [
            {"sha": revision("a").to_string(), "account": "change", "change": 40, "reviewed": true, "why": "change 40"},
            {"sha": revision("b").to_string(), "account": "unaccounted", "change": null, "reviewed": null, "why": "pushed"},
        ],
    }));
    RangeEvidenceView {
        schema: RangeEvidenceView::SCHEMA,
        evidence: evidence.unwrap(),
        rules: asked.rules,
        read_at: at(1_000),
    }
}

pub fn somebody() -> Identity {
    Identity { issuer: "https://idp.example".into(), subject: "alice".into() }
}

pub fn access(person: &PersonKey, deed: Deed, on: Option<String>) -> AccessView {
    AccessView {
        schema: AccessView::SCHEMA,
        person: person.clone(),
        accounts: vec![model::Account { server: "main".parse().unwrap(), id: model::AccountId(1001) }],
        identities: vec![somebody()],
        roles: vec![RoleView {
            role: "ops".parse().unwrap(),
            has: true,
            why: "roles.yaml lists them".into(),
        }],
        deed,
        on,
        may: true,
        because: vec!["a vote of theirs counts".into()],
    }
}

pub fn link(identity: Identity) -> LinkView {
    LinkView {
        schema: LinkView::SCHEMA,
        server: "main".parse().unwrap(),
        account: 1001,
        account_name: "alice".into(),
        identity,
        person: Some("alice".parse().unwrap()),
        change: 40,
        meta: revision("meta"),
        made_at: at(0),
        revoked_at: None,
    }
}

pub fn challenge(by: &identity::Person, wanted: &LinkAsked) -> LinkChallengeView {
    LinkChallengeView {
        schema: LinkChallengeView::SCHEMA,
        id: wanted.nonce.iter().map(|byte| format!("{byte:02x}")).collect(),
        text: format!("account {} is {}", wanted.account, by.identity().subject),
        server: wanted.server.clone(),
        account: wanted.account,
        until: at(600_000),
    }
}

pub fn request_id() -> RequestId {
    RequestId::derive(&[b"a request"])
}

/// What would be done.
pub fn requested_plan(operation: &OperationName, inputs: &BTreeMap<String, String>) -> RequestedPlan {
    RequestedPlan {
        schema: RequestedPlan::SCHEMA.to_owned(),
        operation: operation.clone(),
        environment: "prod".parse().unwrap(),
        inputs: inputs.clone(),
        files: [("restart/run".to_owned(), Digest::of(b"restart"))].into(),
        steps: vec![PlannedStep {
            id: "restart".parse().unwrap(),
            target: None,
            action: Action::Exec(Exec {
                program: Program::Operations { path: "restart/run".into(), sha256: Digest::of(b"restart") },
                args: inputs.values().cloned().collect(),
                timeout_ms: 30_000,
                idempotent: true,
            }),
            undo: None,
        }],
        on_failure: OnFailure::Stop,
    }
}

/// A request, as the engine keeps it.
pub fn asked(asked: Asked) -> RequestView {
    let plan = requested_plan(&asked.operation, &asked.inputs);
    RequestView {
        schema: RequestView::SCHEMA,
        request: Request {
            schema: Request::SCHEMA.to_owned(),
            id: request_id(),
            server: "main".parse().unwrap(),
            project: "requests".parse().unwrap(),
            branch: "refs/heads/main".parse().unwrap(),
            operation: asked.operation,
            environment: plan.environment.clone(),
            inputs: asked.inputs,
            justification: asked.justification,
            by: asked.by,
            plan: model::Canonical::digest(&plan).unwrap(),
            configuration: revision("configuration"),
            made_at: at(1_000),
            until: at(600_000),
        },
        state: "open",
        since: at(2_000),
        change: Some(51),
        change_url: Some("https://gerrit.example.com/c/requests/+/51".into()),
        waits_for: vec![Reason {
            code: "no-independent-approval".into(),
            text: "Change 51: no vote counts".into(),
            cure: None,
            policy: Some("default-no-independent-approval".into()),
            need: Need::Waits,
        }],
        trouble: None,
        reasons: vec![],
        ended_by: None,
        submission: Some(id("succeeded")),
        outcome: Some(OutcomeState::Open),
    }
}

/// The request that is there from the beginning.
pub fn request() -> RequestView {
    asked(Asked {
        by: Requester {
            kind: RequesterKind::Agent,
            identity: Identity { issuer: "https://idp.example.com".into(), subject: "agent-7".into() },
            person: None,
            acts_for: Some(Identity { issuer: "https://idp.example.com".into(), subject: "u-alice".into() }),
            shown: "night-watch".into(),
        },
        operation: "shop-restart".parse().unwrap(),
        environment: None,
        inputs: [("ticket".to_owned(), "INC-7".to_owned())].into(),
        justification: "The shop hangs <b>again</b>".parse().unwrap(),
        plan: None,
        nonce: [7; 16],
    })
}

pub fn outcome_id() -> OutcomeId {
    OutcomeId::derive(&[b"consent"])
}

/// A plan that waits for somebody's approval; bob's answer wouldn't count.
pub fn consent(viewer: Option<&Viewer>) -> ConsentView {
    let plan = plan("consent");
    let hash = model::Canonical::digest(&plan).unwrap();
    let reasons = vec![Reason {
        code: "approval-missing".into(),
        text: "prod wants 1 of the role release-managers".into(),
        cure: None,
        policy: None,
        need: Need::Waits,
    }];
    ConsentView {
        schema: ConsentView::SCHEMA,
        outcome: outcome_id(),
        submission: id("waiting"),
        subject: "Show <b>prices</b> \u{202e}in euro".into(),
        change_url: "https://gerrit.example.com/c/shop/+/47".into(),
        operation: "shop-web".parse().unwrap(),
        title: "Roll out the web shop".into(),
        environment: "prod".parse().unwrap(),
        waits: true,
        state: OutcomeState::Waiting {
            reasons,
            decision: DecisionId::derive(&[b"consent"]),
            until: at(9_000_000),
        },
        plan: Some(plan),
        hash: Some(hash),
        code: Some(hash.short_code()),
        approve: Some(ApproveView { role: "release-managers".parse().unwrap(), people: 2, present: true }),
        request: None,
        given: vec![ConsentGiven {
            person: Some("rita".parse().unwrap()),
            answer: ConsentAnswer::Approve,
            kind: "step-up",
            at: at(1_000),
            is_of_this_plan: false,
        }],
        you: viewer.map(|viewer| match viewer.identity.subject.as_str() {
            "u-bob" => You { person: None, why_not: Some("bob doesn't have the role".into()) },
            _ => You { person: viewer.person.clone(), why_not: None },
        }),
    }
}

pub fn passkey(by: Viewer, made: Registration, label: &str) -> PasskeyView {
    PasskeyView {
        schema: PasskeyView::SCHEMA,
        id: Digest::of(made.credential.as_bytes()),
        credential: made.credential,
        key: made.key,
        identity: by.identity,
        person: by.person,
        label: label.into(),
        state: "enrolled",
        confirmed_by: None,
        at: at(0),
    }
}
