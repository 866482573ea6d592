//! Submit requirements: what must hold before a change may be submitted, judged on its current patch set.

pub(crate) mod expr;

use crate::change::Change;
use crate::config::{Label, Requirement};
use crate::git::{Commit, Repo};
use crate::notedb::results::{ExpressionResult, ExpressionStatus, StoredResult};
use crate::refusal::Refusal;
use crate::world::World;
use expr::{Atom, Expr};

/// The keys that an expression may use. Others are refused when a requirement is written.
const KEYS: [&str; 14] = [
    "label",
    "hashtag",
    "branch",
    "ref",
    "project",
    "topic",
    "is",
    "has",
    "owner",
    "uploader",
    "author",
    "committer",
    "message",
    "status",
];

/// What expressions look at, gathered once a change.
pub(crate) struct Subject<'a> {
    pub(crate) change: &'a Change,
    pub(crate) labels: &'a [Label],
    world: &'a World,
    commit: Commit,
    author: Option<u32>,
    committer: Option<u32>,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(
        world: &'a World,
        repo: &Repo,
        change: &'a Change,
        labels: &'a [Label],
    ) -> Result<Self, Refusal> {
        let commit = repo.commit(change.current_commit())?;
        let author = world.account_by_email(&commit.author.email);
        let committer = world.account_by_email(&commit.committer.email);
        Ok(Self { change, labels, world, commit, author, committer })
    }

    fn holds(&self, atom: &Atom) -> Result<bool, String> {
        let (change, value) = (self.change, atom.value.as_str());
        let person = |id: u32| {
            self.world.resolve_account(crate::world::accounts::Caller::default(), value).ok() == Some(id)
        };
        Ok(match atom.key.as_str() {
            "label" => self.label(value)?,
            "hashtag" => change.hashtags.iter().any(|tag| tag.eq_ignore_ascii_case(value)),
            "branch" | "ref" => change.branch == value || change.short_branch() == value,
            "project" => change.project == value,
            "topic" => change.topic.as_deref() == Some(value),
            "owner" => person(change.owner),
            "uploader" => person(change.uploader()),
            "author" => self.author.is_some_and(person) || self.commit.author.email == value,
            "committer" => self.committer.is_some_and(person) || self.commit.committer.email == value,
            "message" => self.commit.message.contains(value),
            "status" => change.status.lower() == value,
            "has" if value == "unresolved" => change.unresolved_count() > 0,
            "is" => match value {
                "true" => true,
                "false" => false,
                "open" => change.is_new(),
                "wip" => change.work_in_progress,
                "private" => change.private,
                "merge" => self.commit.parents.len() > 1,
                _ => {
                    return Err(format!(
                        "Operator 'is:{value}' cannot be used in submit requirement expressions."
                    ));
                }
            },
            _ => return Err(format!("Unsupported operator {}", atom.text)),
        })
    }

    /// `NAME=VALUE[,user=…][,group=…]`, `NAME+2`, `NAME>=1`.
    fn label(&self, text: &str) -> Result<bool, String> {
        let mut parts = text.split(',');
        let vote = parts.next().unwrap_or("");
        let at =
            vote.find(['=', '<', '>', '+']).or_else(|| minus(vote)).ok_or_else(|| unknown_label(vote))?;
        let (name, rest) = vote.split_at(at);
        let digits = rest.trim_start_matches(['<', '>', '=']);
        let operator = rest.get(..rest.len() - digits.len()).unwrap_or("");
        let Some(label) = self.labels.iter().find(|l| l.name.eq_ignore_ascii_case(name)) else {
            return Ok(false);
        };
        let wanted = match digits {
            "MAX" => label.max(),
            "MIN" => label.min(),
            "ANY" => 0,
            number => number.trim_start_matches('+').parse().map_err(|_| unknown_label(vote))?,
        };
        let compares = |value: i32| match (operator, digits) {
            (_, "ANY") => value != 0,
            ("" | "=", _) => value == wanted,
            (">", _) => value > wanted,
            (">=", _) => value >= wanted,
            ("<", _) => value < wanted,
            ("<=", _) => value <= wanted,
            _ => false,
        };
        let conditions: Vec<&str> = parts.collect();
        let votes = self.change.votes_on(self.change.current);
        let mut count = 0;
        for (_, account, vote) in
            votes.filter(|(l, _, v)| *l == label.name && v.value != 0 && compares(v.value))
        {
            if self.counts(account, &conditions)? {
                count += 1;
            }
            let _ = vote;
        }
        // zero is "nobody voted so", which only an explicit comparison asks for
        let none_voted =
            !self.change.votes_on(self.change.current).any(|(l, _, v)| l == label.name && v.value != 0);
        Ok(count > 0 || (wanted == 0 && digits != "ANY" && none_voted && compares(0)))
    }

    fn counts(&self, voter: u32, conditions: &[&str]) -> Result<bool, String> {
        let uploader = self.change.uploader();
        for condition in conditions {
            let fine = match condition.split_once('=') {
                Some(("user", "non_uploader")) => voter != uploader,
                Some(("user", "non_author")) => Some(voter) != self.author,
                Some(("user", "non_committer")) => Some(voter) != self.committer,
                Some(("user", "non_contributor")) => {
                    voter != uploader && Some(voter) != self.author && Some(voter) != self.committer
                }
                // Gerrit 3.13 takes this word and never finds it true
                Some(("user", "non_owner")) => false,
                Some(("user", name)) => {
                    let who = self.world.resolve_account(crate::world::accounts::Caller::default(), name);
                    who.is_ok_and(|id| id == voter)
                }
                Some(("group", name)) => {
                    let group =
                        self.world.group_uuid(name).ok_or_else(|| format!("Group {name} not found"))?;
                    self.world.state.groups_of(voter).contains(&group)
                }
                _ => return Err(format!("unsupported label condition {condition}")),
            };
            if !fine {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Evaluates one expression; every atom is looked at, so that the result can list them all.
    pub(crate) fn evaluate(&self, text: &str) -> ExpressionResult {
        let failed = |error: String| ExpressionResult {
            expression: text.to_owned(),
            status: ExpressionStatus::Error,
            passing: Vec::new(),
            failing: Vec::new(),
            error: Some(error),
        };
        let expr = match Expr::parse(text) {
            Ok(expr) => expr,
            Err(why) => return failed(why),
        };
        let (mut passing, mut failing) = (Vec::new(), Vec::new());
        for atom in expr.atoms() {
            match self.holds(atom) {
                Ok(true) => passing.push(atom.text.clone()),
                Ok(false) => failing.push(atom.text.clone()),
                Err(why) => return failed(why),
            }
        }
        let holds = expr.eval(&|atom| passing.contains(&atom.text));
        let status = if holds { ExpressionStatus::Pass } else { ExpressionStatus::Fail };
        ExpressionResult { expression: text.to_owned(), status, passing, failing, error: None }
    }

    /// Judges one requirement.
    pub(crate) fn judge(&self, requirement: &Requirement) -> StoredResult {
        let applicability = requirement.applicable_if.as_deref().map(|text| self.evaluate(text));
        let applies = applicability.as_ref().is_none_or(|r| r.status == ExpressionStatus::Pass);
        let skipped = |text: &str| ExpressionResult {
            expression: text.to_owned(),
            status: ExpressionStatus::NotEvaluated,
            passing: Vec::new(),
            failing: Vec::new(),
            error: None,
        };
        let run = |text: &str| if applies { self.evaluate(text) } else { skipped(text) };
        StoredResult {
            name: requirement.name.clone(),
            description: requirement.description.clone(),
            allow_override_in_child: requirement.allow_override_in_child,
            applicable_if: requirement.applicable_if.clone(),
            submittable_if: requirement.submittable_if.clone(),
            override_if: requirement.override_if.clone(),
            applicability,
            submittability: Some(run(&requirement.submittable_if)),
            overriding: requirement.override_if.as_deref().map(run),
            forced: false,
        }
    }
}

/// A minus sign that begins a value, not one inside a label's name.
fn minus(vote: &str) -> Option<usize> {
    let at = vote.rfind('-')?;
    let number = vote.get(at + 1..)?;
    (!number.is_empty() && number.chars().all(|c| c.is_ascii_digit())).then_some(at)
}

fn unknown_label(vote: &str) -> String {
    format!("Invalid label vote {vote}")
}

/// Why an expression may not stand in a requirement; `None` if it may.
pub(crate) fn problem(text: &str) -> Option<String> {
    match Expr::parse(text) {
        Err(why) => Some(why),
        Ok(expr) => expr.atoms().into_iter().find_map(|atom| {
            if !KEYS.contains(&atom.key.as_str()) {
                return Some(format!("Unsupported operator {}", atom.text));
            }
            let words: Vec<&str> = atom.value.split(',').collect();
            let has = |key: &str| words.iter().any(|word| word.starts_with(key));
            (atom.key == "label" && has("user=") && (has("group=") || has("count"))).then(|| {
                "Cannot use 'user' in conjunction with other arguments ('count', 'group')".to_owned()
            })
        }),
    }
}

impl World {
    /// The results of all requirements of a change: of a merged one those that the merge stored, of an open one
    /// judged now by the configuration of now.
    pub(crate) fn requirement_results(&self, change: &Change) -> Result<Vec<StoredResult>, Refusal> {
        if change.status == crate::change::Status::Merged {
            return Ok(self.stored_results(change));
        }
        let repo = self.must_repo(&change.project)?;
        let labels = self.labels(&change.project);
        let subject = Subject::new(self, &repo, change, &labels)?;
        Ok(self.requirements(&change.project).iter().map(|requirement| subject.judge(requirement)).collect())
    }

    /// What the merge stored; a direct push stores nothing, whatever lies there from before.
    fn stored_results(&self, change: &Change) -> Vec<StoredResult> {
        if change.submitted_with.is_empty() {
            return Vec::new();
        }
        let current = change.current_patch_set();
        let reviewed = match current {
            Some(patch_set) if patch_set.made_by_submit => {
                change.patch_sets.range(..change.current).next_back().map(|(_, before)| before)
            }
            other => other,
        };
        let found = reviewed.and_then(|patch_set| change.results.get(&patch_set.commit.to_string()));
        let mut found = found.cloned().unwrap_or_default();
        // stored by name; shown as the configuration orders them
        let order = self.requirements(&change.project);
        let place = |name: &str| order.iter().position(|r| r.name == name).unwrap_or(usize::MAX);
        found.sort_by_key(|result| place(&result.name));
        found
    }
}
