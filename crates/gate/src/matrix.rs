//! Who may do what, as a table that a person can review: what a rulebook says of roles, without asking anybody.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use model::RoleName;
use operations::{Environment, Operation, RoleSource};

use crate::Rulebook;

impl Rulebook {
    /// The table: where each role comes from; then for each operation and environment who sets it off, who reviews, who
    /// approves, and which roles policies speak of. The same files give the same text.
    #[must_use]
    pub fn matrix(&self) -> String {
        let mut text = String::from("roles\n");
        for (name, role) in self.configuration.roles().roles() {
            let source = match &role.source {
                RoleSource::People(people) if people.is_empty() => "nobody".to_owned(),
                RoleSource::People(people) => {
                    people.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                }
                RoleSource::IdpGroup(group) => format!("the identity provider's group {group:?}"),
                RoleSource::GerritGroup(group) => format!("group {} on Gerrit {}", group.uuid, group.server),
            };
            let _ = writeln!(text, "  {name}: {source}{}", self.named_by(name));
        }
        for role in self.unfilled() {
            let _ = writeln!(text, "  {role}: nobody, for roles.yaml doesn't have it{}", self.named_by(role));
        }
        text.push_str("services and agents\n");
        for workload in self.configuration.workloads() {
            let kind = if workload.is_agent { "an agent" } else { "a service" };
            let _ = writeln!(text, "  {}: {kind} of {}; asks, reads", workload.name, workload.issuer);
        }
        for operation in self.configuration.operations() {
            for environment in &operation.environments {
                let _ = writeln!(text, "{}/{}", operation.name, environment.name);
                self.lines_of(&mut text, operation, environment);
            }
        }
        text.push_str("a commit of the operations project\n");
        text.push_str("  reviewed by: 2 linked people who didn't contribute\n");
        text
    }

    fn lines_of(&self, text: &mut String, operation: &Operation, environment: &Environment) {
        let off = match &operation.trigger {
            Some(trigger) => {
                format!("what is merged into {} {} on {}", trigger.project, trigger.branch, trigger.server)
            }
            None if self.configuration.requests().is_some() => {
                "a request of whoever may read, and of a service or an agent".to_owned()
            }
            None => "nothing: there is no trigger, and no requests.yaml".to_owned(),
        };
        let people = |count: u32| if count == 1 { "person".to_owned() } else { "people".to_owned() };
        let _ = writeln!(text, "  set off by: {off}");
        let _ = writeln!(
            text,
            "  reviewed by: {} linked {} who neither contributed nor asked",
            operation.people,
            people(operation.people)
        );
        if let Some(approve) = &environment.approve {
            let present = if approve.present { ", present" } else { "" };
            let _ = writeln!(
                text,
                "  approved by: {} {} of the role {}{present}, who neither contributed nor asked",
                approve.people,
                people(approve.people),
                approve.role
            );
        }
        let _ = writeln!(text, "  granted by: the gate alone");
    }

    /// Roles that a policy names and nothing fills.
    fn unfilled(&self) -> BTreeSet<&RoleName> {
        let known = self.configuration.roles();
        self.policies.roles().filter(|role| known.role(role).is_none()).collect()
    }

    /// The policies that speak of a role.
    fn named_by(&self, role: &RoleName) -> String {
        let ids: Vec<&str> = self.policies.ids().filter(|id| self.policies.names_role(id, role)).collect();
        if ids.is_empty() { String::new() } else { format!("; policies that name it: {}", ids.join(", ")) }
    }
}
