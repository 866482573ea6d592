//! What is said of a range: the JSON `exequatur.range/1`.

use notedb::ObjectId;
use serde::{Deserialize, Serialize};

/// The name of this form of JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RangeSchema {
    /// The first and only one.
    #[default]
    #[serde(rename = "exequatur.range/1")]
    V1,
}

/// Evidence on one range. Field order is that of the JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeEvidence {
    /// The form.
    pub schema: RangeSchema,
    /// The full name of the branch.
    pub branch: String,
    /// The revision from which.
    pub base: ObjectId,
    /// The revision to which.
    pub tip: ObjectId,
    /// Whether every commit is fine and nothing was found.
    pub reviewed: bool,
    /// What was found of the range as a whole.
    pub findings: Vec<RangeFinding>,
    /// Its commits, parents before children.
    pub commits: Vec<RangeCommit>,
}

/// What can be found of a range. Any of these refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RangeFindingCode {
    /// Nothing is in it. "Every commit of nothing" is not yes.
    EmptyRange,
    /// The base is no ancestor of the tip.
    BaseNotAncestor,
    /// The branch doesn't reach the tip.
    TipNotOnBranch,
    /// There is no such branch.
    BranchMissing,
    /// The project's own rules changed by something that is no reviewed change.
    RulesChanged,
}

/// One thing found of a range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeFinding {
    /// What it is.
    pub code: RangeFindingCode,
    /// For people: what exactly.
    pub reason: String,
}

/// How a commit is accounted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Account {
    /// It is a merged change of the branch.
    Change,
    /// It merges its parents and adds nothing.
    MergeMadeByGerrit,
    /// A reviewed merge change brought it.
    Imported,
    /// Nothing accounts for it.
    Unaccounted,
}

/// One commit of a range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeCommit {
    /// The commit.
    pub sha: ObjectId,
    /// How it is accounted for.
    pub account: Account,
    /// Its merged change, where one is known.
    pub change: Option<u64>,
    /// Whether that is reviewed.
    pub reviewed: Option<bool>,
    /// For people: how we know.
    pub why: String,
}

impl RangeCommit {
    /// Whether it is a reviewed change, or a merge that adds nothing. Whether an import is fine, policy says.
    #[must_use]
    pub fn is_reviewed(&self) -> bool {
        match self.account {
            Account::Change => self.reviewed == Some(true),
            Account::MergeMadeByGerrit => true,
            Account::Imported | Account::Unaccounted => false,
        }
    }
}
