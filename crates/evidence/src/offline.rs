//! The whole job on a bare repository: one change, all changes, or a range. No server is asked.

use notedb::{ObjectId, Objects, ReadError, Refs};
use rayon::prelude::*;

use crate::judge::judge_on;
use crate::reach::Branches;
use crate::{
    ChangeEvidence, ChangeInput, ImportRules, LabelRanges, MergedChanges, RangeError, RangeEvidence,
    RangeInput, ReviewRules, judge, judge_range,
};

/// One change of the repository, as it is now; `None` if it has no such change.
///
/// # Errors
/// [`ReadError`] if the store could not answer.
pub fn one<S: Objects + Refs>(
    store: &S,
    number: u64,
    rules: &ReviewRules,
) -> Result<Option<ChangeEvidence>, ReadError> {
    let Some(meta) = store.tip(&notedb::meta_ref(number))? else { return Ok(None) };
    let labels = LabelRanges::of_repository(store)?;
    judge(store, &ChangeInput { number, meta, refs: store, labels: &labels, rules, live: None }).map(Some)
}

/// All changes of the repository, ordered by number; on all cores.
///
/// # Errors
/// [`ReadError`] if the store could not answer.
pub fn all<S: Objects + Refs>(store: &S, rules: &ReviewRules) -> Result<Vec<ChangeEvidence>, ReadError> {
    let labels = LabelRanges::of_repository(store)?;
    let branches = Branches::default();
    let changes = store.changes()?;
    let judged = changes.par_iter().map(|(number, meta)| {
        let input =
            ChangeInput { number: *number, meta: *meta, refs: store, labels: &labels, rules, live: None };
        judge_on(store, &input, &branches)
    });
    judged.collect()
}

/// The range `base..tip` of a branch, with all changes of the repository judged as they are now.
///
/// # Errors
/// [`RangeError`] if base or tip is no commit, or the store could not answer.
pub fn range<S: Objects + Refs>(
    store: &S,
    base: ObjectId,
    tip: ObjectId,
    branch: &str,
    rules: &ReviewRules,
) -> Result<RangeEvidence, RangeError> {
    let merged: MergedChanges = all(store, rules)?.iter().collect();
    let input = RangeInput {
        base,
        tip,
        branch,
        branch_tip: store.tip(branch)?,
        merged: &merged,
        imports: &ImportRules::default(),
        config: None,
    };
    judge_range(store, &input)
}
