//! Who may do what: access sections of a project and its parents, evaluated as Gerrit does for the patterns that
//! are used here (exact refs and `…/*`; regular expressions and `${username}` match nothing).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::change::Change;
use crate::config::{Action, ProjectConfig, Rule};
use crate::refusal::Refusal;

use super::World;
use super::accounts::Caller;
use super::projects::ALL_PROJECTS;

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    }
}

impl World {
    /// The groups that count for a caller in a project.
    fn groups(&self, caller: Caller, project: &str, owner_of_change: bool) -> BTreeSet<String> {
        let mut groups = match caller.account {
            Some(account) => self.state.groups_of(account),
            None => BTreeSet::from(["global:Anonymous-Users".to_owned()]),
        };
        if self.is_owner(caller, project) {
            groups.insert("global:Project-Owners".to_owned());
        }
        if owner_of_change {
            groups.insert("global:Change-Owner".to_owned());
        }
        groups
    }

    pub(crate) fn has_capability(&self, caller: Caller, name: &str) -> bool {
        let Some(account) = caller.account else { return false };
        let groups = self.state.groups_of(account);
        let config = self.config(ALL_PROJECTS);
        let given = |name| config.capability(name).iter().any(|rule| groups.contains(&rule.group));
        given(name) || given("administrateServer")
    }

    pub(crate) fn is_admin(&self, caller: Caller) -> bool {
        self.has_capability(caller, "administrateServer")
    }

    /// Whether the caller owns all refs of the project.
    pub(crate) fn is_owner(&self, caller: Caller, project: &str) -> bool {
        if caller.account.is_none() {
            return false;
        }
        let groups = caller.account.map(|id| self.state.groups_of(id)).unwrap_or_default();
        self.is_admin(caller)
            || self.sections(project, "refs/*").iter().any(|(section, config)| {
                section == "refs/*"
                    && config.rules(section, "owner").iter().any(|r| groups.contains(&r.group))
            })
    }

    /// The sections that match a ref, the most specific first; at the same pattern the project before its parents.
    fn sections(&self, project: &str, name: &str) -> Vec<(String, Arc<ProjectConfig>)> {
        let mut found: Vec<(String, Arc<ProjectConfig>)> = Vec::new();
        for (_, config) in self.lineage(project) {
            for section in config.text.subsections("access") {
                if matches(section, name) {
                    found.push((section.to_owned(), Arc::clone(&config)));
                }
            }
        }
        // an exact name beats a pattern, a longer pattern a shorter one; the sort keeps the order of inheritance
        found.sort_by_key(|(section, _)| (section.ends_with('*'), std::cmp::Reverse(section.len())));
        found
    }

    /// The rules that decide about one permission on one ref, in order, exclusive sections respected.
    fn rules(&self, project: &str, name: &str, permission: &str) -> Vec<Rule> {
        let mut found: Vec<Rule> = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut exclusive = false;
        for (section, config) in self.sections(project, name) {
            let rules = config.rules(&section, permission);
            for rule in rules {
                // a block holds wherever it stands; an exclusive section hides only what would allow
                if rule.action == Action::Block || (!exclusive && seen.insert(rule.group.clone())) {
                    found.push(rule);
                }
            }
            exclusive |= config.exclusive(&section, permission);
        }
        found
    }

    fn decide(&self, groups: &BTreeSet<String>, project: &str, name: &str, permission: &str) -> bool {
        let rules = self.rules(project, name, permission);
        let mine = |action| rules.iter().any(|r| r.action == action && groups.contains(&r.group));
        !mine(Action::Block) && mine(Action::Allow)
    }

    /// Whether the caller has a permission (`read`, `push`, `submit`, …) on a ref.
    pub(crate) fn can(&self, caller: Caller, project: &str, name: &str, permission: &str) -> bool {
        self.decide(&self.groups(caller, project, false), project, name, permission)
    }

    /// The group (UUID and name) whose rule allows it.
    pub(crate) fn allowing(
        &self,
        caller: Caller,
        project: &str,
        name: &str,
        permission: &str,
    ) -> Option<(String, String)> {
        let groups = self.groups(caller, project, false);
        let rules = self.rules(project, name, permission).into_iter();
        let rule = rules.into_iter().find(|r| r.action == Action::Allow && groups.contains(&r.group))?;
        let named = self.group_name(&rule.group)?;
        Some((rule.group, named))
    }

    /// Like [`can`](Self::can), with `+force`.
    pub(crate) fn can_force(&self, caller: Caller, project: &str, name: &str, permission: &str) -> bool {
        let groups = self.groups(caller, project, false);
        let rules = self.rules(project, name, permission);
        self.can(caller, project, name, permission)
            && rules.iter().any(|r| r.action == Action::Allow && r.force && groups.contains(&r.group))
    }

    /// The values that the caller may vote on a label of a change; `None` if only zero is left. Unlike elsewhere all
    /// rules that allow add up; a block takes its ends and what lies beyond them.
    pub(crate) fn vote_range(&self, caller: Caller, change: &Change, permission: &str) -> Option<(i32, i32)> {
        let owns = caller.account == Some(change.owner);
        let groups = self.groups(caller, &change.project, owns);
        let (mut min, mut max) = (0, 0);
        let (mut lowest, mut highest) = (i32::MIN, i32::MAX);
        let rules = self.rules(&change.project, &change.branch, permission);
        for rule in rules.iter().filter(|rule| groups.contains(&rule.group)) {
            let Some((low, high)) = rule.range else { continue };
            match rule.action {
                Action::Allow => (min, max) = (min.min(low), max.max(high)),
                Action::Block => {
                    lowest = lowest.max(low.saturating_add(1));
                    highest = highest.min(high.saturating_sub(1));
                }
                Action::Deny | Action::Interactive | Action::Batch => {}
            }
        }
        let range = (min.max(lowest).min(0), max.min(highest).max(0));
        (range != (0, 0)).then_some(range)
    }

    /// Whether the caller sees a project at all: some ref of it can be read.
    pub(crate) fn sees_project(&self, caller: Caller, project: &str) -> bool {
        if self.is_owner(caller, project) {
            return true;
        }
        let groups = self.groups(caller, project, false);
        self.lineage(project).iter().any(|(_, config)| {
            let sections = config.text.subsections("access");
            sections.into_iter().any(|section| {
                section.starts_with("refs/heads")
                    && self.decide(&groups, project, section.trim_end_matches('*'), "read")
            })
        }) || self.decide(&groups, project, "refs/heads/", "read")
    }

    /// A project that the caller may see; hidden ones refuse with 409 even so.
    pub(crate) fn visible_project(&self, caller: Caller, project: &str) -> Result<(), Refusal> {
        if self.repo(project).is_none() || !self.sees_project(caller, project) {
            return Err(Refusal::not_found(project));
        }
        self.readable_state(project)
    }

    pub(crate) fn readable_state(&self, project: &str) -> Result<(), Refusal> {
        match self.config(project).state() {
            "HIDDEN" => {
                Err(Refusal::conflict(format!("project {project} has state HIDDEN does not permit read")))
            }
            _ => Ok(()),
        }
    }

    /// Refuses where the project takes no changes.
    pub(crate) fn writable_state(&self, project: &str) -> Result<(), Refusal> {
        match self.config(project).state() {
            "ACTIVE" => Ok(()),
            state => Err(Refusal::conflict(format!("project state {state} does not permit write"))),
        }
    }

    /// Whether the caller may read a change: its branch, and if it is private, himself.
    pub(crate) fn sees_change(&self, caller: Caller, change: &Change) -> bool {
        if !self.can(caller, &change.project, &change.branch, "read") {
            return false;
        }
        let concerned =
            caller.account.is_some_and(|id| id == change.owner || change.reviewers.contains_key(&id));
        !change.private
            || concerned
            || self.is_admin(caller)
            || self.can(caller, &change.project, &change.branch, "viewPrivateChanges")
    }
}
