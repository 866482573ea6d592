//! Puts a world on a server.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Label, Requirement, Right, Rule, World, password};
use crate::{Admin, Error};

impl Admin {
    /// Puts all of `world` on the server; what is there already stays.
    ///
    /// # Errors
    /// A request was refused.
    pub async fn provision(&self, world: &World) -> Result<(), Error> {
        for person in &world.people {
            let name = &person.username;
            let body = json!({"name": person.name, "email": person.email, "http_password": password(name)});
            self.ensure("PUT", &format!("accounts/{name}"), &body).await?;
            for email in &person.other_emails {
                let body = json!({"email": email, "no_confirmation": true});
                self.ensure("PUT", &format!("accounts/{name}/emails/{email}"), &body).await?;
            }
            if person.service_user {
                self.ensure("PUT", &format!("groups/Service%20Users/members/{name}"), &json!({})).await?;
            }
        }
        for group in &world.groups {
            let body = json!({"members": group.members, "owner_id": self.uuid(&group.owner).await?, "visible_to_all": true});
            self.ensure("PUT", &format!("groups/{}", group.name), &body).await?;
        }
        for project in &world.projects {
            let body = json!({"create_empty_commit": true, "branches": ["main"], "submit_type": project.submit_type});
            self.ensure("PUT", &format!("projects/{}", project.name.replace('/', "%2F")), &body).await?;
        }
        for label in &world.labels {
            self.ensure("PUT", &format!("projects/All-Projects/labels/{}", label.name), &label_body(label))
                .await?;
        }
        for requirement in &world.requirements {
            let project = requirement.project.replace('/', "%2F");
            let path = format!("projects/{project}/submit_requirements/{}", requirement.name);
            self.ensure("PUT", &path, &requirement_body(requirement)).await?;
        }
        self.rights(&world.rights).await
    }

    /// The UUID of a group.
    ///
    /// # Errors
    /// There is none of that name, or it can't be seen.
    pub async fn uuid(&self, group: &str) -> Result<String, Error> {
        if group == "Registered Users" {
            return Ok("global:Registered-Users".into());
        }
        let path = format!("groups/{}", group.replace(' ', "%20"));
        let found = self.call("GET", &path, None).await?;
        found
            .get("id")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| Error::Rest { request: format!("GET {path}"), why: "the group has no id".into() })
    }

    /// Adds rules, one request a project.
    async fn rights(&self, rights: &[Right]) -> Result<(), Error> {
        let mut uuids = BTreeMap::new();
        let mut projects: BTreeMap<&str, Sections<'_>> = BTreeMap::new();
        for right in rights {
            if !uuids.contains_key(right.group.as_str()) {
                uuids.insert(right.group.as_str(), self.uuid(&right.group).await?);
            }
            let sections = projects.entry(&right.project).or_default();
            sections.entry(&right.reference).or_default().entry(&right.permission).or_default().push(right);
        }
        for (project, sections) in projects {
            let body = json!({"message": "Rights of the Exequatur service", "add": sections_body(&sections, &uuids)});
            self.call("POST", &format!("projects/{}/access", project.replace('/', "%2F")), Some(&body))
                .await?;
        }
        Ok(())
    }
}

/// Rules by reference and permission.
type Sections<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'a Right>>>;

fn sections_body(sections: &Sections<'_>, uuids: &BTreeMap<&str, String>) -> Value {
    let mut references = Map::new();
    for (reference, permissions) in sections {
        let mut by_name = Map::new();
        for (permission, rights) in permissions {
            let mut rules = Map::new();
            for right in rights {
                let uuid = uuids.get(right.group.as_str()).cloned().unwrap_or_default();
                rules.insert(uuid, rule_body(right.rule));
            }
            let mut body = json!({"exclusive": rights.iter().any(|right| right.exclusive), "rules": rules});
            if let (Some(label), Some(map)) = (permission.strip_prefix("label-"), body.as_object_mut()) {
                map.insert("label".into(), json!(label));
            }
            by_name.insert((*permission).to_owned(), body);
        }
        references.insert((*reference).to_owned(), json!({"permissions": by_name}));
    }
    Value::Object(references)
}

fn rule_body(rule: Rule) -> Value {
    match rule {
        Rule::Allow => json!({"action": "ALLOW"}),
        Rule::Votes(min, max) => json!({"action": "ALLOW", "min": min, "max": max}),
        Rule::Block => json!({"action": "BLOCK"}),
        Rule::BlockVotes(min, max) => json!({"action": "BLOCK", "min": min, "max": max}),
    }
}

fn label_body(label: &Label) -> Value {
    let values: BTreeMap<String, &str> = label
        .values
        .iter()
        .map(|(value, text)| {
            (if *value == 0 { " 0".to_owned() } else { format!("{value:+}") }, text.as_str())
        })
        .collect();
    json!({"function": "NoOp", "copy_condition": "", "values": values})
}

fn requirement_body(requirement: &Requirement) -> Value {
    let mut body = json!({"name": requirement.name, "submittability_expression": requirement.submittability});
    if let (Some(expression), Some(map)) = (&requirement.override_when, body.as_object_mut()) {
        map.insert("override_expression".into(), json!(expression));
    }
    body
}
