//! Projects: branches, labels, rights.

use std::collections::BTreeMap;

use serde::Deserialize;

/// `BranchInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BranchInfo {
    /// The whole ref, or `HEAD`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Its commit; of `HEAD` the name of the branch.
    pub revision: String,
}

/// `LabelDefinitionInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LabelDefinition {
    /// The label.
    pub name: String,
    /// The project that defines it.
    pub project_name: String,
    /// `NoBlock`, `NoOp`, `PatchSetLock`, …
    #[serde(default)]
    pub function: Option<String>,
    /// Its values, each with its text; keys like `-2`, ` 0`, `+1`.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// The value of who has not voted.
    #[serde(default)]
    pub default_value: i32,
    /// When a vote is carried to a new patch set.
    #[serde(default)]
    pub copy_condition: Option<String>,
    /// False if nobody may vote after the merge.
    #[serde(default)]
    pub allow_post_submit: bool,
    /// The branches it is for; empty: all.
    #[serde(default)]
    pub branches: Vec<String>,
}

impl LabelDefinition {
    /// The values as numbers, ascending.
    #[must_use]
    pub fn numbers(&self) -> Vec<i32> {
        let mut numbers: Vec<i32> = self.values.keys().filter_map(|key| key.trim().parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The highest value.
    #[must_use]
    pub fn max(&self) -> Option<i32> {
        self.numbers().last().copied()
    }

    /// The lowest value.
    #[must_use]
    pub fn min(&self) -> Option<i32> {
        self.numbers().first().copied()
    }
}

/// `ProjectAccessInfo`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ProjectAccess {
    /// The commit of `refs/meta/config` that this shows.
    #[serde(default)]
    pub revision: Option<String>,
    /// The parent project.
    #[serde(default)]
    pub inherits_from: Option<ProjectInfo>,
    /// The project's own sections, by ref pattern or `GLOBAL_CAPABILITIES`.
    #[serde(default)]
    pub local: BTreeMap<String, AccessSection>,
    /// True if the account that asked owns the whole project.
    #[serde(default)]
    pub is_owner: bool,
    /// The ref patterns that it owns.
    #[serde(default)]
    pub owner_of: Vec<String>,
    /// True if it can see `refs/meta/config`: else `local` is empty and means nothing.
    #[serde(default)]
    pub config_visible: bool,
}

/// `AccessSectionInfo`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AccessSection {
    /// By name: `submit`, `push`, `label-Code-Review`, …
    #[serde(default)]
    pub permissions: BTreeMap<String, Permission>,
}

/// `PermissionInfo`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Permission {
    /// True if it hides the parents' rules.
    #[serde(default)]
    pub exclusive: bool,
    /// The label of a `label-…` permission.
    #[serde(default)]
    pub label: Option<String>,
    /// By UUID of the group.
    #[serde(default)]
    pub rules: BTreeMap<String, PermissionRule>,
}

/// `PermissionRuleInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PermissionRule {
    /// `ALLOW`, `DENY`, `BLOCK`, `INTERACTIVE`, `BATCH`.
    pub action: String,
    /// Force push, or editing others' topics.
    #[serde(default)]
    pub force: bool,
    /// The lowest vote.
    #[serde(default)]
    pub min: Option<i32>,
    /// The highest vote.
    #[serde(default)]
    pub max: Option<i32>,
}

/// `ProjectInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ProjectInfo {
    /// The name, percent-encoded.
    pub id: String,
    /// The name.
    #[serde(default)]
    pub name: Option<String>,
    /// The parent.
    #[serde(default)]
    pub parent: Option<String>,
    /// `ACTIVE`, `READ_ONLY` or `HIDDEN`.
    #[serde(default)]
    pub state: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_a_label_are_numbers_though_their_keys_are_text() {
        let label: LabelDefinition = serde_json::from_str(
            r#"{"name":"Code-Review","project_name":"All-Projects","values":{" 0":"","-1":"","-2":"","+1":"","+2":""}}"#,
        )
        .unwrap();
        assert_eq!(label.numbers(), [-2, -1, 0, 1, 2]);
        assert_eq!((label.min(), label.max()), (Some(-2), Some(2)));
    }
}
