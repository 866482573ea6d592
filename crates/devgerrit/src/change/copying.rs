//! Which votes a new patch set keeps: each label's copy condition decides.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Label;
use crate::notedb::update::VoteLine;
use crate::requirements::expr::{Atom, Expr};

use super::Change;
use super::kind::ChangeKind;

/// What became of the votes on the patch set before.
#[derive(Default)]
pub(crate) struct Carried {
    pub(crate) kept: Vec<VoteLine>,
    /// (label, account, value) of what fell away.
    pub(crate) outdated: Vec<(String, u32, i32)>,
    /// The paragraphs for the message, each with an empty line before it.
    pub(crate) text: String,
}

/// Applies the copy conditions to the votes on the current patch set.
pub(crate) fn carry(change: &Change, labels: &[Label], kind: ChangeKind) -> Carried {
    let mut carried = Carried::default();
    // condition with the atoms that held marked → votes under it
    let mut copied: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut outdated: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, account, vote) in change.votes_on(change.current).filter(|(_, _, vote)| vote.value != 0) {
        let label = labels.iter().find(|label| label.name == name);
        let condition = label.and_then(|label| label.copy_condition.clone()).unwrap_or_default();
        let holds = |atom: &Atom| label.is_some_and(|label| holds(atom, label, vote.value, kind));
        let parsed = Expr::parse(&condition).ok();
        let keeps = parsed.as_ref().is_some_and(|expr| expr.eval(&holds));
        let mut shown = if condition.is_empty() { "NEVER".to_owned() } else { condition };
        for atom in parsed.iter().flat_map(Expr::atoms).filter(|atom| holds(atom)) {
            shown = shown.replace(&atom.text, &format!("**{}**", atom.text));
        }
        let formatted = format!("{name}{:+}", vote.value);
        if keeps {
            copied.entry(shown).or_default().insert(formatted);
            carried.kept.push(VoteLine::Copied {
                label: name.to_owned(),
                value: vote.value,
                uuid: vote.uuid.clone(),
                account,
                real: Some(vote.real).filter(|real| *real != account),
                tag: vote.tag.clone(),
            });
        } else {
            outdated.entry(shown).or_default().insert(formatted);
            carried.outdated.push((name.to_owned(), account, vote.value));
        }
    }
    for (title, groups) in [("Copied Votes", copied), ("Outdated Votes", outdated)] {
        if groups.is_empty() {
            continue;
        }
        carried.text.push_str(&format!("\n\n{title}:"));
        for (condition, votes) in groups {
            let votes: Vec<String> = votes.into_iter().collect();
            carried.text.push_str(&format!("\n* {} (copy condition: \"{condition}\")", votes.join(", ")));
        }
    }
    if !carried.text.is_empty() {
        carried.text.push('\n');
    }
    carried
}

fn holds(atom: &Atom, label: &Label, value: i32, kind: ChangeKind) -> bool {
    match (atom.key.as_str(), atom.value.as_str()) {
        ("changekind", word) => word == kind.word(),
        ("is", "MAX") => value == label.max(),
        ("is", "MIN") => value == label.min(),
        ("is", "ANY") => true,
        ("is", number) => number.trim_start_matches('+').parse() == Ok(value),
        _ => false,
    }
}

/// Why a copy condition can't be taken; `None` if it can.
pub(crate) fn problem(condition: &str) -> Option<String> {
    match Expr::parse(condition) {
        Err(why) => Some(why),
        Ok(expr) => expr
            .atoms()
            .into_iter()
            .find(|atom| !matches!(atom.key.as_str(), "changekind" | "is"))
            .map(|atom| format!("Unsupported operator {}", atom.text)),
    }
}
