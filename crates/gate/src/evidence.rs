//! From a case to its evidence: every change judged, every commit of the range accounted for.

use std::collections::BTreeMap;

use evidence::{
    ChangeEvidence, ChangeInput, ConfigRange, ImportRules, LabelRanges, MergedChanges, RangeEvidence,
    RangeInput, ReviewRules, judge, judge_range,
};
use model::Canonical;
use notedb::{MapRefs, Objects};
use serde::{Deserialize, Serialize};

use crate::{Answers, Case, CaseError, live_facts, object_id};

/// What was found about a case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseEvidence {
    /// `exequatur.case-evidence/1`
    pub schema: String,
    /// The range.
    pub range: RangeEvidence,
    /// The changes of the case, in ascending order of number.
    pub changes: Vec<ChangeEvidence>,
}

impl CaseEvidence {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.case-evidence/1";
}

impl Canonical for CaseEvidence {
    const DOMAIN: &'static str = "exequatur.case-evidence/1";
}

/// Judges a case. The same case over the same objects gives the same bytes, here and in a bundle.
///
/// # Errors
/// [`CaseError`]: something is missing or can't be read; nothing is judged then.
pub fn examine<O: Objects + ?Sized>(
    case: &Case,
    objects: &O,
    answers: &Answers,
) -> Result<CaseEvidence, CaseError> {
    let refs: MapRefs = case
        .branch_tip
        .iter()
        .map(|tip| (case.branch.to_string(), object_id(tip)))
        .chain(rules_ref(case))
        .collect();
    let rules = ReviewRules::default();
    let labels = LabelRanges::default();
    let mut changes = Vec::with_capacity(case.changes.len());
    for (number, read) in &case.changes {
        let live = live_facts(&case.project, *number, read, &case.accounts, answers)?;
        let input = ChangeInput {
            number: *number,
            meta: object_id(&read.meta),
            refs: &refs,
            labels: &labels,
            rules: &rules,
            live: Some(&live),
        };
        changes.push(judge(objects, &input)?);
    }
    let merged: MergedChanges = changes.iter().collect();
    let config = match (case.rules.base, case.rules.now) {
        (Some(base), Some(now)) => Some(ConfigRange { from: object_id(&base), to: object_id(&now) }),
        _ => None,
    };
    let range = judge_range(
        objects,
        &RangeInput {
            base: object_id(&case.base),
            tip: object_id(&case.tip),
            branch: case.branch.as_str(),
            branch_tip: case.branch_tip.as_ref().map(object_id),
            merged: &merged,
            imports: &ImportRules::default(),
            config,
        },
    )?;
    Ok(CaseEvidence { schema: CaseEvidence::SCHEMA.to_owned(), range, changes })
}

fn rules_ref(case: &Case) -> BTreeMap<String, notedb::ObjectId> {
    case.rules.now.iter().map(|tip| ("refs/meta/config".to_owned(), object_id(tip))).collect()
}
