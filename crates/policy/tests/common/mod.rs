//! Questions to start from.
#![allow(dead_code, unreachable_pub)] // each test file uses its part
#![allow(clippy::unwrap_used, clippy::panic)] // the helpers of tests are tests

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use model::{Mode, PersonKey};
use policy::{Accept, Approve, Asked, ChangeFacts, Policies, Question, RangeFacts, Run};

/// The defaults alone, parsed once.
pub fn defaults() -> Policies {
    static DEFAULTS: LazyLock<Policies> = LazyLock::new(|| with(&[]));
    DEFAULTS.clone()
}

/// The defaults and some files of a team.
pub fn with(files: &[(&str, &str)]) -> Policies {
    Policies::parse(files).unwrap_or_else(|wrong| panic!("{wrong:#?}"))
}

pub fn person(key: &str) -> PersonKey {
    key.parse().unwrap()
}

pub fn people(keys: &[&str]) -> BTreeSet<PersonKey> {
    keys.iter().map(|key| person(key)).collect()
}

pub fn codes(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

/// A change of Ada's that Grace approved.
pub fn change(number: u64) -> ChangeFacts {
    ChangeFacts {
        number,
        reviewed: true,
        findings: BTreeSet::new(),
        approvers: people(&["grace"]),
        unlinked_approvers: 0,
        contributors: people(&["ada"]),
        unlinked_contributors: 0,
        earlier_uploaders: BTreeSet::new(),
    }
}

/// To run `shop-web` in `prod`: allowed.
pub fn run() -> Question {
    Question {
        schema: Question::SCHEMA.to_owned(),
        asked: Asked::Run(Run {
            operation: "shop-web".parse().unwrap(),
            environment: "prod".parse().unwrap(),
            mode: Mode::Enforce,
            people: 1,
            approve: None,
        }),
        range: RangeFacts {
            server: "main".parse().unwrap(),
            project: "shop".parse().unwrap(),
            branch: "refs/heads/main".parse().unwrap(),
            base: "aa".repeat(20).parse().unwrap(),
            tip: "bb".repeat(20).parse().unwrap(),
            reviewed: true,
            findings: BTreeSet::new(),
            commits: 1,
            unaccounted: 0,
            changes: vec![change(42)],
        },
        roles: BTreeMap::from([(person("grace"), BTreeSet::from(["release-managers".parse().unwrap()]))]),
        submitter: Some(person("ada")),
        requester: None,
        consents: Vec::new(),
        freezes: BTreeSet::new(),
        drift: BTreeSet::new(),
        holds: BTreeSet::new(),
        facts_age_s: 1,
    }
}

/// To accept a commit that Grace and Linus approved: allowed.
pub fn accept() -> Question {
    let mut question = run();
    question.asked = Asked::Accept(Accept { commit: "bb".repeat(20).parse().unwrap() });
    question.range.project = "operations".parse().unwrap();
    question.range.changes = vec![ChangeFacts { approvers: people(&["grace", "linus"]), ..change(7) }];
    question
}

/// `question` with the people that `review.people` asks for.
pub fn needing(mut question: Question, needed: u32) -> Question {
    if let Asked::Run(run) = &mut question.asked {
        run.people = needed;
    }
    question
}

/// `question` in an environment that asks for approval.
pub fn approved_by(mut question: Question, role: &str, people: u32, present: bool) -> Question {
    if let Asked::Run(run) = &mut question.asked {
        run.approve = Some(Approve { role: role.parse().unwrap(), people, present });
    }
    question
}

/// `question` after `how` changed it.
pub fn but(mut question: Question, how: impl FnOnce(&mut Question)) -> Question {
    how(&mut question);
    question
}

/// `question` after `how` changed its first change.
pub fn change_but(question: Question, how: impl FnOnce(&mut ChangeFacts)) -> Question {
    but(question, |question| {
        if let Some(change) = question.range.changes.first_mut() {
            how(change);
        }
    })
}
