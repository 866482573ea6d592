//! Plans of every shape, and what their actions will answer.

use std::collections::BTreeMap;

use model::{
    Action, Exec, Http, HttpExpect, Method, OnFailure, Plan, PlannedStep, Program, Revision, SubmissionId,
    TriggeredBy,
};
use proptest::prelude::*;

/// What an action is, as far as it matters: said here anew, so that it can be held against the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A program that may be repeated.
    Again,
    /// A program that may not.
    Once,
    /// A call that only looks.
    Get,
    /// A call that acts, and may not be repeated.
    Post,
    /// A call that acts, and may be repeated.
    Put,
}

pub(super) const KINDS: [Kind; 5] = [Kind::Again, Kind::Once, Kind::Get, Kind::Post, Kind::Put];

impl Kind {
    pub(super) const fn may_be_repeated(self) -> bool {
        !matches!(self, Self::Once | Self::Post)
    }

    pub(super) const fn only_looks(self) -> bool {
        matches!(self, Self::Get)
    }

    fn action(self) -> Action {
        let http = |method| {
            Action::Http(Http {
                method,
                url: "https://shop.example/".into(),
                body: None,
                expect: HttpExpect { status: 200, json: BTreeMap::new() },
                within_ms: 1000,
            })
        };
        let exec = |idempotent| {
            let program = Program::Host { path: "/bin/true".into() };
            Action::Exec(Exec { program, args: vec![], timeout_ms: 1000, idempotent })
        };
        match self {
            Self::Again => exec(true),
            Self::Once => exec(false),
            Self::Get => http(Method::Get),
            Self::Post => http(Method::Post),
            Self::Put => http(Method::Put),
        }
    }
}

/// What an action answers when it is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    Succeeds,
    Fails,
    /// It can't say what it did.
    Unknown,
}

const ANSWERS: [Answer; 3] = [Answer::Succeeds, Answer::Fails, Answer::Unknown];

/// One step: what it does and how that ends, on odd and even attempts; likewise its undo.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) undo: Option<Kind>,
    pub(super) answers: [Answer; 2],
    pub(super) undo_answers: [Answer; 2],
}

/// A plan, and what will happen.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) steps: Vec<Step>,
    pub(super) on_failure: OnFailure,
}

impl Scenario {
    /// All goes well.
    pub(super) fn of(steps: &[(Kind, Option<Kind>)]) -> Self {
        let well = [Answer::Succeeds; 2];
        let step = |&(kind, undo)| Step { kind, undo, answers: well, undo_answers: well };
        Self { steps: steps.iter().map(step).collect(), on_failure: OnFailure::Undo }
    }

    pub(super) fn plan(&self) -> Plan {
        let steps = self.steps.iter().enumerate().map(|(n, step)| PlannedStep {
            id: format!("step-{n}").parse().unwrap(),
            target: None,
            action: step.kind.action(),
            undo: step.undo.map(Kind::action),
        });
        Plan {
            schema: Plan::SCHEMA.into(),
            operation: "shop-web".parse().unwrap(),
            environment: "prod".parse().unwrap(),
            configuration: Revision::from_bytes([4; 20]),
            triggered_by: TriggeredBy {
                submission: SubmissionId::derive(&[b"s"]),
                server: "main".parse().unwrap(),
                project: "shop".parse().unwrap(),
                branch: "refs/heads/main".parse().unwrap(),
                revision: Revision::from_bytes([5; 20]),
                base: Revision::from_bytes([6; 20]),
                changes: vec![42],
            },
            inputs: BTreeMap::new(),
            before: BTreeMap::new(),
            files: BTreeMap::new(),
            steps: steps.collect(),
            on_failure: self.on_failure,
        }
    }
}

/// Every step of these kinds with every answer; the second attempt at an action answers otherwise than the first.
fn every_step(kinds: &[Kind]) -> Vec<Step> {
    let undos: Vec<Option<Kind>> = std::iter::once(None).chain(kinds.iter().copied().map(Some)).collect();
    let then = |first| match first {
        Answer::Succeeds => [first, Answer::Fails],
        Answer::Fails | Answer::Unknown => [first, Answer::Succeeds],
    };
    let mut each = Vec::new();
    for &kind in kinds {
        for &undo in &undos {
            for first in ANSWERS {
                for undo_first in ANSWERS.into_iter().filter(|a| undo.is_some() || *a == Answer::Succeeds) {
                    each.push(Step { kind, undo, answers: then(first), undo_answers: then(undo_first) });
                }
            }
        }
    }
    each
}

/// Every plan of so many steps of these kinds.
pub(super) fn steps(count: u32, kinds: &[Kind]) -> impl Iterator<Item = Scenario> + use<> {
    let each = every_step(kinds);
    let total = each.len().pow(count);
    (0..total).flat_map(move |mut number| {
        let mut steps = Vec::new();
        for _ in 0..count {
            steps.push(each[number % each.len()].clone());
            number /= each.len();
        }
        [OnFailure::Undo, OnFailure::Stop].map(|on_failure| Scenario { steps: steps.clone(), on_failure })
    })
}

/// Random ones of one to four steps; mostly things go well, so that the later steps are reached.
pub(super) fn scenarios() -> impl Strategy<Value = Scenario> {
    let answer =
        || prop_oneof![5 => Just(Answer::Succeeds), 3 => Just(Answer::Fails), 1 => Just(Answer::Unknown)];
    let kind = || proptest::sample::select(KINDS.to_vec());
    let step = (kind(), proptest::option::weighted(0.7, kind()), [answer(), answer()], [answer(), answer()])
        .prop_map(|(kind, undo, answers, undo_answers)| Step { kind, undo, answers, undo_answers });
    let on_failure = prop_oneof![3 => Just(OnFailure::Undo), 1 => Just(OnFailure::Stop)];
    (proptest::collection::vec(step, 1..=4), on_failure)
        .prop_map(|(steps, on_failure)| Scenario { steps, on_failure })
}
