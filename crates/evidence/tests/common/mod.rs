//! Short words for the situations that the tests play.
#![allow(dead_code, reason = "each test binary uses some of them")]
#![allow(clippy::unwrap_used, reason = "helpers of tests, which lie outside of test functions")]

use evidence::{ChangeEvidence, ReviewRules, offline};
use notedb::ObjectId;
use notedb::testing::{Review, World};

/// The people of all tests: Olivia owns, Rex and Rita review, Simon submits, Uma uploads.
pub(crate) const OLIVIA: u64 = 1000;
pub(crate) const REX: u64 = 1001;
pub(crate) const RITA: u64 = 1002;
pub(crate) const SIMON: u64 = 1003;
pub(crate) const UMA: u64 = 1004;

pub(crate) const NUMBER: u64 = 42;

/// A change of Olivia's on main, one patch set, nobody has looked at it.
pub(crate) fn change(world: &mut World) -> Review {
    let base = code(world, &[], "base");
    world.set("refs/heads/main", base);
    let revision = code(world, &[base], "one");
    Review::open(world, NUMBER, OLIVIA, revision)
}

/// A change that Rex approved.
pub(crate) fn approved(world: &mut World) -> Review {
    let mut review = change(world);
    review.vote(world, REX, "Code-Review=+2");
    review
}

pub(crate) fn code(world: &mut World, parents: &[ObjectId], content: &str) -> ObjectId {
    world.code(parents, &[("file", content)])
}

pub(crate) fn judged(world: &World) -> ChangeEvidence {
    offline::one(world, NUMBER, &ReviewRules::default()).unwrap().unwrap()
}

/// `reviewed`, or what refuses; then what informs; then each vote.
pub(crate) fn verdict(evidence: &ChangeEvidence) -> String {
    use std::fmt::Write as _;
    let mut text = String::from(if evidence.reviewed { "REVIEWED" } else { "not reviewed" });
    for finding in &evidence.findings {
        // Offline it always stands; it would only be noise.
        if finding.code != evidence::FindingCode::AuthorUnresolved {
            let code = serde_json::to_value(finding.code).unwrap();
            let mark = if finding.code.is_refusing() { "x" } else { "i" };
            write!(text, "; {mark} {}", code.as_str().unwrap()).unwrap();
        }
    }
    for vote in &evidence.votes {
        let why = vote.why.map_or("counts".to_owned(), |why| {
            serde_json::to_value(why).unwrap().as_str().unwrap().to_owned()
        });
        let copied = if vote.copied { " copied" } else { "" };
        write!(
            text,
            "\n      {}{:+} of {} on {}{copied}: {why}",
            vote.label, vote.value, vote.account, vote.patch_set
        )
        .unwrap();
    }
    text
}
