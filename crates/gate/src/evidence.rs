//! From a case to its evidence: every change judged, every commit of the range accounted for.

use std::collections::BTreeMap;

use evidence::{
    ChangeEvidence, ChangeInput, ConfigRange, ImportRules, LabelRanges, MergedChanges, RangeEvidence,
    RangeInput, ReviewRules, judge, judge_range,
};
use model::Canonical;
use notedb::{MapRefs, ObjectId, Objects, walk};
use serde::{Deserialize, Serialize};

use crate::{
    Answers, Case, CaseError, GroupEvidence, RequestEvidence, groups, live_facts, object_id, request,
};

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
    /// Who is in the groups that fill roles, by server and UUID.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub groups: BTreeMap<String, GroupEvidence>,
    /// What was found about the request, where the case is about one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<RequestEvidence>,
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
    case.check()?;
    // Every project has one. Who may not read it would never learn that the rules changed, and say yes for ever.
    let now = case.rules.now.ok_or_else(|| CaseError::Missing {
        what: format!(
            "refs/meta/config of {}, or the reader's right to read it (by name: the rule there is exclusive),",
            case.project
        ),
    })?;
    let refs: MapRefs = case
        .branch_tip
        .iter()
        .map(|tip| (case.branch.to_string(), object_id(tip)))
        .chain([("refs/meta/config".to_owned(), object_id(&now))])
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
    let config = case.rules.base.map(|base| ConfigRange { from: object_id(&base), to: object_id(&now) });
    whole(objects, object_id(&case.base), object_id(&case.tip))?;
    if let Some(config) = config {
        whole(objects, config.from, config.to)?;
    }
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
    let request = match case.matter.request() {
        Some(asked) => Some(request::examine(case, asked, objects, &changes, &range)?),
        None => None,
    };
    let groups = groups::examine(&case.groups, answers)?;
    Ok(CaseEvidence { schema: CaseEvidence::SCHEMA.to_owned(), range, changes, groups, request })
}

/// That every commit of a range is there. The walk ends where one isn't, so a range with a hole would be judged without
/// what lies behind it.
fn whole<O: Objects + ?Sized>(objects: &O, base: ObjectId, tip: ObjectId) -> Result<(), CaseError> {
    let range = walk::difference(objects, &[tip], &[base])?;
    for parent in range.values().flat_map(|commit| &commit.parents) {
        if !range.contains_key(parent) && walk::links(objects, parent)?.is_none() {
            return Err(CaseError::Missing { what: format!("commit {parent} of the range {base}..{tip}") });
        }
    }
    Ok(())
}
