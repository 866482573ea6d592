//! `exq evidence`: what is true about a change, or about a range, in a bare repository.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use evidence::{ChangeEvidence, RangeEvidence, ReviewRules, offline};
use gerrit::repo::Repo;
use serde::Serialize;

use super::{Answer, say};

/// Says what is true about a change, or about a range of commits.
#[derive(Debug, Args)]
pub(super) struct Evidence {
    /// The change's number.
    #[arg(required_unless_present_any = ["all", "range"])]
    change: Option<u64>,
    /// The bare repository with `refs/changes/*`.
    #[arg(long, value_name = "BARE.git")]
    repo: PathBuf,
    /// Every change of the repository, ordered by number.
    #[arg(long, conflicts_with_all = ["change", "range"])]
    all: bool,
    /// A range of commits, `BASE..TIP`.
    #[arg(long, value_name = "BASE..TIP", requires = "branch", conflicts_with = "change")]
    range: Option<String>,
    /// The branch of the range, in full: `refs/heads/main`.
    #[arg(long, value_name = "REF")]
    branch: Option<String>,
    /// One JSON value a line.
    #[arg(long)]
    json: bool,
}

impl Evidence {
    pub(super) fn run(self) -> Answer {
        let repo = Repo::open(&self.repo)?;
        let rules = ReviewRules::default();
        if let Some(range) = &self.range {
            let (base, tip) =
                range.split_once("..").context("--range takes BASE..TIP, two commit ids of 40 hex digits")?;
            let branch = self.branch.as_deref().unwrap_or_default();
            let judged = offline::range(&repo, base.parse()?, tip.parse()?, branch, &rules)?;
            print(self.json, &judged, range_in_words)?;
            return Ok(judged.reviewed);
        }
        if self.all {
            let judged = offline::all(&repo, &rules)?;
            for change in &judged {
                print(self.json, change, change_in_words)?;
            }
            return Ok(true);
        }
        let number = self.change.context("which change?")?;
        let Some(judged) = offline::one(&repo, number, &rules)? else {
            bail!("{} has no change {number}\nhint: fetch refs/changes/*/meta into it", self.repo.display());
        };
        print(self.json, &judged, change_in_words)?;
        Ok(judged.reviewed)
    }
}

fn print<T: Serialize>(json: bool, value: &T, words: impl Fn(&T) -> String) -> anyhow::Result<()> {
    if json {
        say(serde_json::to_string(value)?)
    } else {
        say(words(value))
    }
    Ok(())
}

fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn change_in_words(e: &ChangeEvidence) -> String {
    let mut lines = vec![format!(
        "change {} {}: {}",
        e.change.number,
        e.status.map_or("unreadable", |s| s.as_str()),
        if e.reviewed { "reviewed" } else { "NOT reviewed" }
    )];
    for vote in &e.votes {
        let why = match &vote.why {
            None => "counts".to_owned(),
            Some(evidence::Why::OnBehalf) => {
                let real =
                    vote.real.map_or_else(|| "somebody else".to_owned(), |real| format!("account {real}"));
                format!("doesn't count: cast on behalf of account {} by {real}", vote.account)
            }
            Some(why) => format!("doesn't count: {}", word(why)),
        };
        lines.push(format!(
            "  {} {:+} by account {} on patch set {}: {why}",
            vote.label, vote.value, vote.account, vote.patch_set
        ));
    }
    for finding in &e.findings {
        let mark = if finding.code.is_refusing() { "✗" } else { "·" };
        lines.push(format!("  {mark} {}: {}", word(&finding.code), finding.reason));
    }
    lines.join("\n")
}

fn range_in_words(e: &RangeEvidence) -> String {
    let verdict = if e.reviewed { "reviewed" } else { "NOT reviewed" };
    let mut lines = vec![format!("{}..{} on {}: {verdict}", e.base, e.tip, e.branch)];
    for finding in &e.findings {
        lines.push(format!("  ✗ {}: {}", word(&finding.code), finding.reason));
    }
    for commit in &e.commits {
        let change = commit.change.map(|n| format!(" change {n}")).unwrap_or_default();
        lines.push(format!("  {} {}{change}: {}", commit.sha, word(&commit.account), commit.why));
    }
    lines.join("\n")
}
