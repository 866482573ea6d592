//! Evidence as people read it: each vote with why it counts or doesn't, by whom, in words.

use std::collections::BTreeMap;

use engine::surface::VoteName;
use evidence::{Account, ChangeEvidence, RangeEvidence, Vote, Why};
use serde::{Deserialize, Serialize};

/// What the server knows beside the evidence; offline nothing is.
#[derive(Default, Deserialize)]
pub(super) struct Known {
    /// What Gerrit calls the accounts.
    #[serde(default)]
    names: BTreeMap<u64, String>,
    /// Votes that rest on Gerrit's word.
    #[serde(default)]
    first_seen_after_merge: Vec<VoteName>,
    /// `refs/meta/config` at the base of a range.
    #[serde(default)]
    rules: Option<String>,
    /// When it was read: only a server says so.
    #[serde(default)]
    read_at: Option<String>,
}

impl Known {
    fn name(&self, account: u64) -> String {
        self.names.get(&account).cloned().unwrap_or_else(|| format!("account {account}"))
    }
}

fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

pub(super) fn change_in_words(e: &ChangeEvidence, known: &Known) -> String {
    let at = e.change.branch.as_ref().map(|branch| format!(" on {branch}")).unwrap_or_default();
    let of = e.change.project.as_ref().map(|project| format!(" of {project}")).unwrap_or_default();
    let mut lines = vec![format!(
        "change {}{of} {}{at}: {}",
        e.change.number,
        e.status.map_or("unreadable", |s| s.as_str()),
        if e.reviewed { "reviewed" } else { "NOT reviewed" }
    )];
    if let Some(owner) = e.people.owner {
        lines.push(format!("  written by {}", wrote(e, owner, known)));
    }
    if let Some(submitted) = &e.submitted {
        let by = submitted.by.map_or_else(|| "nobody of this server".to_owned(), |by| known.name(by));
        let real = submitted.real.map(|real| format!(", really {}", known.name(real))).unwrap_or_default();
        lines.push(format!("  submitted by {by}{real} at {}", word(&submitted.at)));
    }
    for vote in &e.votes {
        let voter = match vote.why {
            Some(Why::Foreign) => format!("account {} of another server", vote.account),
            _ => known.name(vote.account),
        };
        lines.push(format!(
            "  {} {:+} by {voter} on patch set {}: {}",
            vote.label,
            vote.value,
            vote.patch_set,
            verdict(e, vote, known)
        ));
    }
    for finding in &e.findings {
        let mark = if finding.code.is_refusing() { "✗" } else { "·" };
        lines.push(format!("  {mark} {}: {}", word(&finding.code), finding.reason));
    }
    lines.join("\n")
}

/// Who contributed, each once.
fn wrote(e: &ChangeEvidence, owner: u64, known: &Known) -> String {
    let others = e.contributors().into_iter().filter(|account| *account != owner).map(|a| known.name(a));
    [known.name(owner)].into_iter().chain(others).collect::<Vec<_>>().join(", ")
}

fn verdict(e: &ChangeEvidence, vote: &Vote, known: &Known) -> String {
    let name = known.name(vote.account);
    let why = match vote.why {
        None => {
            let word = if known.first_seen_after_merge.contains(&VoteName::of(vote)) {
                "; first seen after the merge, so that it came before rests on Gerrit's word"
            } else {
                ""
            };
            return format!("counts{word}");
        }
        Some(Why::AfterSubmit) => "cast after the merge".to_owned(),
        Some(Why::Foreign) => "an account of another server is nobody here".to_owned(),
        Some(Why::OnBehalf) => {
            let real = vote.real.map_or_else(|| "somebody else".to_owned(), |real| known.name(real));
            format!("cast on behalf of {name} by {real}")
        }
        Some(Why::Own) => format!("{name} {}", role(e, vote.account)),
        Some(Why::Stale) => {
            let stands =
                e.patch_set.map_or_else(|| "the one".to_owned(), |number| format!("patch set {number}"));
            format!("cast on an earlier patch set, and nothing carries it to {stands} that stands")
        }
        Some(Why::NotMax) => format!("less than {} needs", vote.label),
    };
    format!("doesn't count: {why}")
}

/// By what somebody is no independent reader of a change.
fn role(e: &ChangeEvidence, account: u64) -> &'static str {
    let people = &e.people;
    if people.owner == Some(account) {
        "is the change's owner"
    } else if people.uploaders.contains(&account) {
        "uploaded it"
    } else if people.author == Some(account) {
        "is its author"
    } else if people.committer == Some(account) {
        "is its committer"
    } else if people.co_authors.contains(&account) {
        "is its co-author"
    } else {
        "has the address of one who wrote it"
    }
}

pub(super) fn range_in_words(e: &RangeEvidence, known: &Known) -> String {
    let verdict = if e.reviewed { "reviewed" } else { "NOT reviewed" };
    let mut lines = vec![format!("{}..{} on {}: {verdict}", e.base, e.tip, e.branch)];
    for finding in &e.findings {
        lines.push(format!("  ✗ {}: {}", word(&finding.code), finding.reason));
    }
    for commit in &e.commits {
        let mark = if commit.is_reviewed() { " " } else { "✗" };
        // A change says itself which it is.
        let account = match (commit.account, commit.change) {
            (Account::Change, _) => String::new(),
            (account, Some(change)) => format!("{}, change {change}: ", word(&account)),
            (account, None) => format!("{}: ", word(&account)),
        };
        lines.push(format!("  {mark} {} {account}{}", commit.sha, commit.why));
    }
    if known.read_at.is_some() && known.rules.is_none() {
        lines.push(
            "  · the project's refs/meta/config at the base isn't known: whether the rules changed since was not judged"
                .to_owned(),
        );
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(why: Option<&str>) -> ChangeEvidence {
        let vote = serde_json::json!({
            "label": "Code-Review", "value": 2, "account": 1001, "patch_set": 1, "copied": false,
            "real": (why == Some("on-behalf")).then_some(1002), "at": "2026-11-24T08:00:00Z", "counts": why.is_none(),
            "why": why,
        });
        serde_json::from_value(serde_json::json!({
            "schema": "exequatur.evidence/1",
            "change": {"server": "s", "project": "shop", "number": 7, "id": "I1", "branch": "refs/heads/main"},
            "meta": "1111111111111111111111111111111111111111", "status": "merged", "patch_set": 3,
            "revision": "2222222222222222222222222222222222222222",
            "submitted": {"at": "2026-11-24T08:00:00Z", "by": 1003, "real": null, "submission_id": "7"},
            "people": {"owner": 1000, "uploaders": [1000], "author": 1001, "committer": null, "co_authors": []},
            "votes": [vote], "requirements": [], "reviewed": why.is_none(), "findings": [],
        }))
        .unwrap()
    }

    fn known(first_seen: Vec<VoteName>) -> Known {
        let names = [(1000, "Alice"), (1001, "Bob"), (1002, "Imp"), (1003, "Dave")];
        Known {
            names: names.into_iter().map(|(id, name)| (id, name.to_owned())).collect(),
            first_seen_after_merge: first_seen,
            ..Known::default()
        }
    }

    #[test]
    fn each_vote_says_why_it_does_not_count() {
        for (why, expected) in [
            (None, "Code-Review +2 by Bob on patch set 1: counts"),
            (Some("after-submit"), "by Bob on patch set 1: doesn't count: cast after the merge"),
            (
                Some("foreign"),
                "by account 1001 of another server on patch set 1: doesn't count: an account of another",
            ),
            (Some("on-behalf"), "doesn't count: cast on behalf of Bob by Imp"),
            (Some("self"), "doesn't count: Bob is its author"),
            (
                Some("stale"),
                "cast on an earlier patch set, and nothing carries it to patch set 3 that stands",
            ),
            (Some("not-max"), "doesn't count: less than Code-Review needs"),
        ] {
            let words = change_in_words(&evidence(why), &known(Vec::new()));
            assert!(words.contains(expected), "{words}");
            assert!(words.starts_with("change 7 of shop merged on refs/heads/main: "), "{words}");
        }
    }

    #[test]
    fn what_rests_on_gerrits_word_is_said() {
        let evidence = evidence(None);
        let first = vec![VoteName::of(&evidence.votes[0])];
        assert!(change_in_words(&evidence, &known(first)).contains("rests on Gerrit's word"));
        assert!(!change_in_words(&evidence, &known(Vec::new())).contains("rests on Gerrit's word"));
    }

    #[test]
    fn without_names_accounts_are_numbers() {
        let words = change_in_words(&evidence(Some("on-behalf")), &Known::default());
        assert!(words.contains("cast on behalf of account 1001 by account 1002"), "{words}");
    }
}
