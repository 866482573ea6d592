//! Votes, and what they mean to a server's submit requirements.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{AccountInfo, words};
use crate::Time;

/// `LabelInfo`, with `DETAILED_LABELS`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LabelInfo {
    /// Reviewers and their votes on the **newest** patch set. Some have value 0, some have none.
    #[serde(default)]
    pub all: Vec<Approval>,
    /// The values that exist (`-2` … `+2`, ` 0`), each with its text.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// True if the label's old-style function blocks nothing.
    #[serde(default)]
    pub optional: bool,
}

/// `ApprovalInfo`. It never names the real user of a vote on behalf; `messages[].real_author` does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Approval {
    /// The voter.
    #[serde(flatten)]
    pub account: AccountInfo,
    /// The vote; `None` if the account may not vote on this label.
    #[serde(default)]
    pub value: Option<i32>,
    /// When; a submit that rebases puts its own time here.
    #[serde(default)]
    pub date: Option<Time>,
    /// The tag of the review that cast it.
    #[serde(default)]
    pub tag: Option<String>,
    /// True if cast after the merge.
    #[serde(default)]
    pub post_submit: bool,
    /// What the account may vote.
    #[serde(default)]
    pub permitted_voting_range: Option<VotingRange>,
}

/// `VotingRangeInfo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct VotingRange {
    /// The lowest value.
    pub min: i32,
    /// The highest value.
    pub max: i32,
}

words! {
    /// The status of a submit requirement.
    RequirementStatus {
        /// Its expression holds.
        Satisfied = "SATISFIED",
        /// It does not.
        Unsatisfied = "UNSATISFIED",
        /// Its override expression holds.
        Overridden = "OVERRIDDEN",
        /// Its applicability expression does not hold.
        NotApplicable = "NOT_APPLICABLE",
        /// Pushed with `%submit`: nobody asked whether it holds.
        Forced = "FORCED",
        /// An expression could not be evaluated.
        Error = "ERROR",
    }
}

/// `SubmitRequirementResultInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RequirementResult {
    /// The requirement.
    pub name: String,
    /// Its status. Of a merged change: as stored at the submit; of an open one: by today's configuration.
    pub status: RequirementStatus,
    /// True if it stands for an old-style label function or rule.
    #[serde(default)]
    pub is_legacy: bool,
    /// How the main expression came out.
    #[serde(default)]
    pub submittability_expression_result: Option<ExpressionResult>,
    /// How the applicability came out.
    #[serde(default)]
    pub applicability_expression_result: Option<ExpressionResult>,
    /// How the override came out.
    #[serde(default)]
    pub override_expression_result: Option<ExpressionResult>,
}

/// `SubmitRequirementExpressionInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ExpressionResult {
    /// The expression; hidden for some.
    #[serde(default)]
    pub expression: Option<String>,
    /// True if it holds.
    #[serde(default)]
    pub fulfilled: bool,
    /// `PASS`, `FAIL`, `ERROR` or `NOT_EVALUATED`.
    #[serde(default)]
    pub status: String,
    /// What kept it from being evaluated.
    #[serde(default)]
    pub error_message: Option<String>,
}

/// `SubmitRecordInfo`. Of a merged change the status is `CLOSED`; before the merge `OK` even if a requirement is
/// unsatisfied. It carries no vote.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SubmitRecord {
    /// The rule that made it.
    #[serde(default)]
    pub rule_name: Option<String>,
    /// `OK`, `NOT_READY`, `CLOSED`, `FORCED`, `RULE_ERROR`.
    pub status: String,
    /// What it said of labels.
    #[serde(default)]
    pub labels: Vec<RecordLabel>,
    /// Why a rule failed.
    #[serde(default)]
    pub error_message: Option<String>,
}

/// A label in a submit record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordLabel {
    /// The label.
    pub label: String,
    /// `OK`, `REJECT`, `NEED`, `MAY`, `IMPOSSIBLE`.
    pub status: String,
    /// Whose vote decided.
    #[serde(default)]
    pub applied_by: Option<AccountInfo>,
}
