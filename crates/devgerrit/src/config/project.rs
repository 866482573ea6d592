//! What `project.config` of one project says, typed.

use std::collections::BTreeMap;

use super::text::ConfigText;

/// The configuration of one project at one commit of `refs/meta/config`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProjectConfig {
    pub(crate) text: ConfigText,
    /// name → UUID, from the file `groups`.
    pub(crate) groups: BTreeMap<String, String>,
}

/// A label as one project defines it.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) name: String,
    /// The project that defines it.
    pub(crate) project: String,
    pub(crate) function: String,
    /// value → text
    pub(crate) values: BTreeMap<i32, String>,
    pub(crate) default: i32,
    pub(crate) copy_condition: Option<String>,
    pub(crate) allow_post_submit: bool,
    pub(crate) can_override: bool,
    pub(crate) description: Option<String>,
    pub(crate) branches: Vec<String>,
}

impl Label {
    pub(crate) fn max(&self) -> i32 {
        self.values.keys().next_back().copied().unwrap_or(0)
    }

    pub(crate) fn min(&self) -> i32 {
        self.values.keys().next().copied().unwrap_or(0)
    }
}

/// A submit requirement as one project defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement {
    pub(crate) name: String,
    pub(crate) project: String,
    pub(crate) description: Option<String>,
    pub(crate) applicable_if: Option<String>,
    pub(crate) submittable_if: String,
    pub(crate) override_if: Option<String>,
    pub(crate) allow_override_in_child: bool,
}

/// One line under an access section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) group: String,
    pub(crate) action: Action,
    pub(crate) force: bool,
    pub(crate) range: Option<(i32, i32)>,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Allow,
    Deny,
    Block,
    Interactive,
    Batch,
}

impl Action {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Deny => "DENY",
            Self::Block => "BLOCK",
            Self::Interactive => "INTERACTIVE",
            Self::Batch => "BATCH",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Allow, Self::Deny, Self::Block, Self::Interactive, Self::Batch]
            .into_iter()
            .find(|action| action.word().eq_ignore_ascii_case(word))
    }
}

impl ProjectConfig {
    pub(crate) fn labels(&self, project: &str) -> Vec<Label> {
        let text = &self.text;
        text.subsections("label")
            .into_iter()
            .map(|name| {
                let get = |key| text.get("label", Some(name), key);
                let values =
                    text.all("label", Some(name), "value").into_iter().filter_map(label_value).collect();
                Label {
                    name: name.to_owned(),
                    project: project.to_owned(),
                    function: get("function").unwrap_or("MaxWithBlock").to_owned(),
                    values,
                    default: get("defaultValue").and_then(|v| v.parse().ok()).unwrap_or(0),
                    copy_condition: get("copyCondition").map(str::to_owned),
                    allow_post_submit: get("allowPostSubmit") != Some("false"),
                    can_override: get("canOverride") != Some("false"),
                    description: get("description").map(str::to_owned),
                    branches: text
                        .all("label", Some(name), "branch")
                        .into_iter()
                        .map(str::to_owned)
                        .collect(),
                }
            })
            .collect()
    }

    pub(crate) fn requirements(&self, project: &str) -> Vec<Requirement> {
        let text = &self.text;
        text.subsections("submit-requirement")
            .into_iter()
            .map(|name| {
                let get = |key| text.get("submit-requirement", Some(name), key).map(str::to_owned);
                Requirement {
                    name: name.to_owned(),
                    project: project.to_owned(),
                    description: get("description"),
                    applicable_if: get("applicableIf"),
                    submittable_if: get("submittableIf").unwrap_or_default(),
                    override_if: get("overrideIf"),
                    allow_override_in_child: get("canOverrideInChildProjects").as_deref() == Some("true"),
                }
            })
            .collect()
    }

    /// The parent project; only `All-Projects` has none.
    pub(crate) fn parent(&self) -> Option<&str> {
        self.text.get("access", None, "inheritFrom")
    }

    pub(crate) fn state(&self) -> &'static str {
        match self.text.get("project", None, "state") {
            Some(state) if state.eq_ignore_ascii_case("hidden") => "HIDDEN",
            Some(state) if state.eq_ignore_ascii_case("read only") => "READ_ONLY",
            _ => "ACTIVE",
        }
    }

    pub(crate) fn description(&self) -> Option<&str> {
        self.text.get("project", None, "description").filter(|text| !text.is_empty())
    }

    /// The submit type that this project sets itself, in REST's words.
    pub(crate) fn submit_type(&self) -> Option<String> {
        let action = self.text.get("submit", None, "action")?;
        let word = action.to_ascii_uppercase().replace([' ', '-'], "_");
        (word != "INHERIT").then_some(word)
    }

    /// The rules of one permission in one access section.
    pub(crate) fn rules(&self, section: &str, permission: &str) -> Vec<Rule> {
        self.text.all("access", Some(section), permission).into_iter().filter_map(|t| self.rule(t)).collect()
    }

    pub(crate) fn capability(&self, name: &str) -> Vec<Rule> {
        self.text.all("capability", None, name).into_iter().filter_map(|t| self.rule(t)).collect()
    }

    /// Whether the permission is exclusive there: less specific sections don't count.
    pub(crate) fn exclusive(&self, section: &str, permission: &str) -> bool {
        self.text
            .all("access", Some(section), "exclusiveGroupPermissions")
            .iter()
            .flat_map(|line| line.split_whitespace())
            .any(|name| name.eq_ignore_ascii_case(permission))
    }

    fn rule(&self, text: &str) -> Option<Rule> {
        let (mut action, mut force, mut range) = (Action::Allow, false, None);
        let mut rest = text.trim();
        while !rest.starts_with("group ") {
            let (word, tail) = rest.split_once(' ')?;
            match word {
                "+force" => force = true,
                word if word.contains("..") => {
                    let (min, max) = word.split_once("..")?;
                    range = Some((number(min)?, number(max)?));
                }
                word => action = Action::parse(word)?,
            }
            rest = tail.trim_start();
        }
        let name = rest.strip_prefix("group ")?.trim();
        Some(Rule { group: self.groups.get(name)?.clone(), action, force, range })
    }

    /// A rule as a line of `project.config`; the group's name must be in `groups` already.
    pub(crate) fn rule_line(&self, rule: &Rule) -> Option<String> {
        let name = self.groups.iter().find(|(_, uuid)| **uuid == rule.group)?.0;
        let mut line = String::new();
        if rule.action != Action::Allow {
            line.push_str(&format!("{} ", rule.action.word().to_ascii_lowercase()));
        }
        if rule.force {
            line.push_str("+force ");
        }
        if let Some((min, max)) = rule.range {
            line.push_str(&format!("{min:+}..{max:+} "));
        }
        line.push_str(&format!("group {name}"));
        Some(line)
    }
}

fn number(text: &str) -> Option<i32> {
    text.strip_prefix('+').unwrap_or(text).parse().ok()
}

fn label_value(text: &str) -> Option<(i32, String)> {
    let (value, words) = text.split_once(' ').unwrap_or((text, ""));
    Some((number(value)?, words.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_survives_reading_and_writing() {
        let groups = BTreeMap::from([("Some Group".to_owned(), "abc".to_owned())]);
        let config = ProjectConfig { groups, ..ProjectConfig::default() };
        for line in [
            "group Some Group",
            "block group Some Group",
            "+force group Some Group",
            "-2..+2 group Some Group",
        ] {
            let rule = config.rule(line).expect(line);
            assert_eq!(config.rule_line(&rule).as_deref(), Some(line));
        }
        assert_eq!(config.rule("group Unknown"), None, "a name without a UUID gives nobody a right");
        assert_eq!(config.rule("label-X"), None);
    }
}
