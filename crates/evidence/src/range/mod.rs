//! Accounts for every commit that a revision brings.

mod account;
mod evidence;
mod imports;
mod merged;
mod order;

use std::collections::{BTreeMap, BTreeSet};

use notedb::walk::{CommitLinks, Reach, difference, links};
use notedb::{ObjectId, Objects, ReadError};

use account::Accounts;
pub use evidence::{Account, RangeCommit, RangeEvidence, RangeFinding, RangeFindingCode, RangeSchema};
pub use imports::ImportRules;
pub use merged::MergedChanges;

/// What is judged of a range, and by what.
#[derive(Clone, Copy)]
pub struct RangeInput<'a> {
    /// The revision from which.
    pub base: ObjectId,
    /// The revision to which.
    pub tip: ObjectId,
    /// The full name of the branch.
    pub branch: &'a str,
    /// Where the branch is; `None` if it isn't there.
    pub branch_tip: Option<ObjectId>,
    /// The merged changes of the repository, of all branches.
    pub merged: &'a MergedChanges,
    /// When an import is fine. Offline never: the default.
    pub imports: &'a ImportRules,
    /// The range of `refs/meta/config` since the base; only live.
    pub config: Option<ConfigRange>,
}

/// How `refs/meta/config` moved since the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigRange {
    /// Where it was at the base.
    pub from: ObjectId,
    /// Where it is.
    pub to: ObjectId,
}

/// A range that can't be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Base or tip is no commit of the repository.
    #[error("the {end} {id} is no commit of this repository\nhint: fetch it, or name another")]
    NoCommit {
        /// `base` or `tip`.
        end: &'static str,
        /// What was named.
        id: ObjectId,
    },
    /// The range has more commits than are looked at.
    #[error("the range {base}..{tip} has more than {limit} commits\nhint: name a later base")]
    TooLong {
        /// The base.
        base: ObjectId,
        /// The tip.
        tip: ObjectId,
        /// The limit.
        limit: usize,
    },
    /// The store could not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The most commits that a range may have.
const MAX_COMMITS: usize = 1_000_000;

/// Accounts for every commit reachable from the tip and not from the base.
///
/// # Errors
/// [`RangeError`] if base or tip is no commit, or the store could not answer.
pub fn judge_range<O: Objects + ?Sized>(
    objects: &O,
    input: &RangeInput<'_>,
) -> Result<RangeEvidence, RangeError> {
    for (end, id) in [("base", input.base), ("tip", input.tip)] {
        if links(objects, &id)?.is_none() {
            return Err(RangeError::NoCommit { end, id });
        }
    }
    let mut within = difference(objects, &[input.tip], &[input.base])?;
    if within.len() > MAX_COMMITS {
        return Err(RangeError::TooLong { base: input.base, tip: input.tip, limit: MAX_COMMITS });
    }
    let lost = lost(objects, &within)?;
    within.extend(lost.iter().map(|id| (*id, CommitLinks { parents: Vec::new(), seconds: 0 })));
    let commits = Accounts::new(objects, input, &within, &lost)?.commits()?;
    let findings = findings(objects, input, commits.is_empty())?;
    let reviewed = findings.is_empty() && commits.iter().all(|(commit, fine)| commit.is_reviewed() || *fine);
    Ok(RangeEvidence {
        schema: RangeSchema::V1,
        branch: input.branch.to_owned(),
        base: input.base,
        tip: input.tip,
        reviewed,
        findings,
        commits: commits.into_iter().map(|(commit, _)| commit).collect(),
    })
}

/// The parents that are not in the store, or are no commits that can be read. The walk ends there, so that what lies
/// behind them would be passed over.
fn lost<O: Objects + ?Sized>(
    objects: &O,
    within: &BTreeMap<ObjectId, CommitLinks>,
) -> Result<BTreeSet<ObjectId>, ReadError> {
    let mut lost = BTreeSet::new();
    for parent in within.values().flat_map(|commit| &commit.parents) {
        if !within.contains_key(parent) && links(objects, parent)?.is_none() {
            lost.insert(*parent);
        }
    }
    Ok(lost)
}

fn findings<O: Objects + ?Sized>(
    objects: &O,
    input: &RangeInput<'_>,
    is_empty: bool,
) -> Result<Vec<RangeFinding>, RangeError> {
    use RangeFindingCode as C;
    let (base, tip, branch) = (input.base, input.tip, input.branch);
    let mut found = Vec::new();
    let mut add = |code, reason: String| found.push(RangeFinding { code, reason });
    if is_empty {
        add(C::EmptyRange, "nothing is reachable from the tip and not from the base".to_owned());
    }
    if !reaches(objects, tip, base)? {
        add(C::BaseNotAncestor, format!("{base} is no ancestor of {tip}"));
    }
    match input.branch_tip {
        None => add(C::BranchMissing, format!("there is no {branch}")),
        Some(head) if !reaches(objects, head, tip)? => {
            add(C::TipNotOnBranch, format!("{branch} does not reach {tip}"))
        }
        Some(_) => {}
    }
    if let Some(config) = input.config
        && let Some(reason) = rules_changed(objects, input, config)?
    {
        add(C::RulesChanged, reason);
    }
    Ok(found)
}

fn reaches<O: Objects + ?Sized>(objects: &O, from: ObjectId, to: ObjectId) -> Result<bool, ReadError> {
    Reach::new(objects, &[from])?.contains(objects, &to)
}

/// Whether the project's own rules changed since the base by something that is no reviewed change.
fn rules_changed<O: Objects + ?Sized>(
    objects: &O,
    input: &RangeInput<'_>,
    config: ConfigRange,
) -> Result<Option<String>, RangeError> {
    if config.from == config.to {
        return Ok(None);
    }
    let range = RangeInput {
        base: config.from,
        tip: config.to,
        branch: "refs/meta/config",
        branch_tip: Some(config.to),
        imports: &ImportRules::default(),
        config: None,
        ..*input
    };
    let judged = judge_range(objects, &range)?;
    let by =
        || judged.commits.iter().find(|commit| !commit.is_reviewed()).map_or(config.to, |commit| commit.sha);
    Ok((!judged.reviewed)
        .then(|| format!("refs/meta/config changed by {}, which is no reviewed change", by())))
}
