//! One outcome, explained: what became of it, who can cure what, what was judged.

use engine::surface::{CommitView, OutcomeView, RangeView};
use model::{Answer, Decision, OutcomeState, Reason, RunResult};

use crate::{
    text::Shown,
    view::{
        Hash,
        chip::{self, Chip},
        reason::{self, ReasonModel},
        run::{self, RunModel},
        when::When,
    },
};

pub(crate) struct OutcomeModel {
    pub(crate) id: String,
    pub(crate) operation: String,
    pub(crate) title: Shown,
    pub(crate) environment: String,
    pub(crate) chip: Chip,
    pub(crate) opened: When,
    /// One sentence: what became of it.
    pub(crate) story: &'static str,
    /// The moment that the story is about: settled, or the deadline of what waits.
    pub(crate) at: Option<When>,
    /// The run that took its place.
    pub(crate) superseded_by: Option<String>,
    pub(crate) reasons: Vec<ReasonModel>,
    /// The page where its plan is approved, while that is waited for.
    pub(crate) approve: Option<String>,
    pub(crate) decision: Option<DecisionModel>,
    pub(crate) approvers: Vec<Shown>,
    pub(crate) range: Option<RangeModel>,
    pub(crate) run: Option<RunModel>,
}

pub(crate) struct DecisionModel {
    pub(crate) id: String,
    pub(crate) allowed: bool,
    pub(crate) policies: Vec<Shown>,
    pub(crate) configuration: Hash,
    pub(crate) plan: Hash,
    pub(crate) evidence: Hash,
    pub(crate) facts_at: When,
    pub(crate) at: When,
}

pub(crate) struct RangeModel {
    pub(crate) base: Hash,
    pub(crate) tip: Hash,
    pub(crate) reviewed: bool,
    pub(crate) commits: Vec<CommitModel>,
}

pub(crate) struct CommitModel {
    pub(crate) sha: Hash,
    /// How it is accounted for, in words.
    pub(crate) account: Shown,
    pub(crate) change: Option<u64>,
    /// Shown as good: a reviewed change, or a merge that Gerrit makes by itself.
    pub(crate) chip: Chip,
    pub(crate) notes: Vec<Shown>,
}

pub(crate) fn model(view: &OutcomeView, verify_key: &str) -> OutcomeModel {
    let (story, at, reasons) = story(&view.state);
    OutcomeModel {
        id: view.id.to_string(),
        operation: view.operation.to_string(),
        title: Shown::line(&view.title),
        environment: view.environment.to_string(),
        chip: chip::of_outcome(&view.state),
        opened: When::of(view.opened_at),
        story,
        at,
        superseded_by: match &view.state {
            OutcomeState::Superseded { by, .. } => Some(by.to_string()),
            _ => None,
        },
        approve: wants_approval(&view.state).then(|| format!("/consents/{}", view.id)),
        reasons: reason::list(reasons),
        decision: view.decision.as_ref().map(decision),
        approvers: view.approvers.iter().map(|person| Shown::line(person)).collect(),
        range: view.range.as_ref().map(range),
        run: view.run.as_ref().map(|run| run::model(run, verify_key)),
    }
}

/// Whether somebody's approval of its plan is among what it waits for.
fn wants_approval(state: &OutcomeState) -> bool {
    match state {
        OutcomeState::Waiting { reasons, .. } => {
            reasons.iter().any(|reason| reason.code == "approval-missing")
        }
        _ => false,
    }
}

/// What became of it, when, and why.
fn story(state: &OutcomeState) -> (&'static str, Option<When>, &[Reason]) {
    match state {
        OutcomeState::Open => ("It is being judged; nothing has run.", None, &[]),
        OutcomeState::Waiting { reasons, until, .. } => (
            "Nothing has run yet. It waits for what is missing, and is refused if that has not come by",
            Some(When::of(*until)),
            reasons,
        ),
        OutcomeState::Running { .. } => ("It was allowed, and is running now.", None, &[]),
        OutcomeState::Ran { result, at, .. } => (ran(*result), Some(When::of(*at)), &[]),
        OutcomeState::Refused { reasons, at, .. } => {
            ("Nothing ran, and this is final. It was refused", Some(When::of(*at)), reasons)
        }
        OutcomeState::Superseded { at, .. } => {
            ("Nothing ran for this one: a newer submission took its place", Some(When::of(*at)), &[])
        }
        OutcomeState::Observed { allowed: true, at, .. } => (
            "Nothing ran, because the operation only observes. It would have run. Judged",
            Some(When::of(*at)),
            &[],
        ),
        OutcomeState::Observed { allowed: false, reasons, at, .. } => (
            "Nothing ran, because the operation only observes. It would have been refused. Judged",
            Some(When::of(*at)),
            reasons,
        ),
    }
}

const fn ran(result: RunResult) -> &'static str {
    match result {
        RunResult::Succeeded => "It ran, and every step succeeded. It ended",
        RunResult::Failed => "It ran, and a step failed; nothing was taken back. It ended",
        RunResult::Undone => "It ran, a step failed, and every step that acted was taken back. It ended",
        RunResult::Partial => {
            "It ran, a step failed, and not everything could be taken back: a person has to look. It ended"
        }
        RunResult::Unknown => {
            "It is not known whether a step acted, and it may not be repeated: a person has to look. It ended"
        }
    }
}

fn decision(decision: &Decision) -> DecisionModel {
    DecisionModel {
        id: decision.id.to_string(),
        allowed: decision.answer == Answer::Allow,
        policies: decision.policies.iter().map(|policy| Shown::line(policy)).collect(),
        configuration: Hash::of(&decision.configuration),
        plan: Hash::of(&decision.plan),
        evidence: Hash::of(&decision.evidence),
        facts_at: When::of(decision.facts_at),
        at: When::of(decision.at),
    }
}

fn range(range: &RangeView) -> RangeModel {
    RangeModel {
        base: Hash::of(&range.base),
        tip: Hash::of(&range.tip),
        reviewed: range.reviewed,
        commits: range.commits.iter().map(commit).collect(),
    }
}

fn commit(commit: &CommitView) -> CommitModel {
    let chip = match (commit.account.as_str(), commit.reviewed) {
        ("change" | "imported", Some(true)) => Chip { tone: "good", sign: "✓", word: "reviewed" },
        ("merge-made-by-gerrit", _) => Chip { tone: "good", sign: "✓", word: "merge" },
        ("imported", None) => Chip { tone: "wait", sign: "?", word: "not known" },
        ("unaccounted", _) => Chip { tone: "bad", sign: "✕", word: "unaccounted" },
        _ => Chip { tone: "bad", sign: "✕", word: "not reviewed" },
    };
    CommitModel {
        sha: Hash::of(&commit.sha),
        account: match commit.account.as_str() {
            "change" => Shown::line("a merged change"),
            "merge-made-by-gerrit" => Shown::line("a merge made by Gerrit"),
            "imported" => Shown::line("imported by a merge"),
            "unaccounted" => Shown::line("no change brought it"),
            other => Shown::line(other),
        },
        change: commit.change,
        chip,
        notes: commit.notes.iter().map(|note| Shown::line(note)).collect(),
    }
}
