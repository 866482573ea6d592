//! `/projects/{p}/access`

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::config::{Action, ProjectConfig, Rule};
use crate::refusal::Refusal;
use crate::rest::{Answer, Request, input};
use crate::world::World;
use crate::world::accounts::Caller;
use crate::world::projects::CONFIG;

/// The section that holds capabilities instead of permissions.
const CAPABILITIES: &str = "GLOBAL_CAPABILITIES";

pub(crate) fn several(world: &World, request: &Request) -> Result<Answer, Refusal> {
    let mut out = Map::new();
    for project in request.params("project").chain(request.params("p")) {
        world.visible_project(request.caller, project)?;
        out.insert(project.to_owned(), info(world, request.caller, project)?);
    }
    Answer::ok(out)
}

pub(crate) fn info(world: &World, caller: Caller, project: &str) -> Result<Value, Refusal> {
    let owner = world.is_owner(caller, project);
    let visible = owner || world.can(caller, project, CONFIG, "read");
    let (revision, config) = world.config_at(project);
    let mut out = Map::new();
    if let Some(revision) = revision {
        out.insert("revision".to_owned(), revision.to_string().into());
    }
    if let Some(parent) = super::get::parent(world, project) {
        let above = world.config(&parent);
        let mut row = json!({"id": parent, "name": parent, "state": above.state()});
        if let (Some(row), Some(text)) = (row.as_object_mut(), above.description()) {
            row.insert("description".to_owned(), text.into());
        }
        out.insert("inherits_from".to_owned(), row);
    }
    let mut local = Map::new();
    let mut groups = BTreeSet::new();
    if visible {
        for section in config.text.subsections("access") {
            let permissions = permissions(&config, section, &mut groups);
            local.insert(section.to_owned(), json!({"permissions": permissions}));
        }
        let capabilities = capabilities(&config, &mut groups);
        if !capabilities.is_empty() {
            local.insert(CAPABILITIES.to_owned(), json!({"permissions": capabilities}));
        }
    }
    let owned: Vec<Value> = if owner && local.is_empty() {
        vec![json!("refs/*")]
    } else if owner {
        local.keys().map(|key| json!(key)).collect()
    } else {
        Vec::new()
    };
    out.insert("owner_of".to_owned(), owned.into());
    for (key, on) in [
        ("is_owner", owner),
        ("can_add", owner),
        ("can_add_tags", owner),
        ("can_upload", true),
        ("config_visible", visible),
    ] {
        if on {
            out.insert(key.to_owned(), true.into());
        }
    }
    out.insert("local".to_owned(), local.into());
    let groups = groups.into_iter().filter_map(|uuid| {
        let name = world.group_name(&uuid)?;
        let mut row = json!({"name": name});
        if let Some(row) = row.as_object_mut().filter(|_| !uuid.starts_with("global:")) {
            row.insert("url".to_owned(), format!("#/admin/groups/uuid-{uuid}").into());
        }
        Some((uuid, row))
    });
    out.insert("groups".to_owned(), groups.collect::<Map<_, _>>().into());
    out.insert("config_web_links".to_owned(), json!([]));
    Ok(out.into())
}

fn rule_json(rule: &Rule) -> Value {
    let mut out = json!({"action": rule.action.word(), "force": rule.force});
    if let (Some((min, max)), Some(out)) = (rule.range, out.as_object_mut()) {
        out.insert("min".to_owned(), min.into());
        out.insert("max".to_owned(), max.into());
    }
    out
}

fn rules_json(rules: &[Rule], groups: &mut BTreeSet<String>) -> Map<String, Value> {
    groups.extend(rules.iter().map(|rule| rule.group.clone()));
    rules.iter().map(|rule| (rule.group.clone(), rule_json(rule))).collect()
}

fn permissions(config: &ProjectConfig, section: &str, groups: &mut BTreeSet<String>) -> Map<String, Value> {
    let mut out = Map::new();
    let sections = config.text.sections.iter();
    let mine = sections.filter(|s| s.name == "access" && s.sub.as_deref() == Some(section));
    for (key, _) in mine.flat_map(|s| &s.entries) {
        if key.eq_ignore_ascii_case("exclusiveGroupPermissions") || out.contains_key(key) {
            continue;
        }
        let mut row = Map::new();
        if let Some(label) = key.strip_prefix("label-").or(key.strip_prefix("labelAs-")) {
            row.insert("label".to_owned(), label.into());
        }
        if config.exclusive(section, key) {
            row.insert("exclusive".to_owned(), true.into());
        }
        row.insert("rules".to_owned(), rules_json(&config.rules(section, key), groups).into());
        out.insert(key.clone(), row.into());
    }
    out
}

fn capabilities(config: &ProjectConfig, groups: &mut BTreeSet<String>) -> Map<String, Value> {
    let sections = config.text.sections.iter().filter(|s| s.name == "capability");
    let names: BTreeSet<&String> = sections.flat_map(|s| s.entries.iter().map(|(key, _)| key)).collect();
    names
        .into_iter()
        .map(|name| (name.clone(), json!({"rules": rules_json(&config.capability(name), groups)})))
        .collect()
}

pub(crate) fn post(world: &mut World, request: &Request, project: &str) -> Result<Answer, Refusal> {
    let body = request.object()?;
    let first = ["add", "remove"].iter().find_map(|key| body.get(*key)?.as_object()?.keys().next().cloned());
    let place = first.map(|section| format!(" on {section}")).unwrap_or_default();
    super::demand_owner(world, request.caller, project, &place)?;
    let mut config = (*world.config(project)).clone();
    edit(world, &mut config, &body)?;
    let message =
        input::text(&body, "message").filter(|text| !text.is_empty()).unwrap_or("Modify access rules");
    world.write_config(request.caller, project, &config, message)?;
    Answer::ok(info(world, request.caller, project)?)
}

/// Applies `remove`, then `add`, as the input says.
pub(super) fn edit(
    world: &World,
    config: &mut ProjectConfig,
    body: &Map<String, Value>,
) -> Result<(), Refusal> {
    for (kind, adds) in [("remove", false), ("add", true)] {
        let sections = body.get(kind).and_then(Value::as_object);
        for (section, value) in sections.into_iter().flatten() {
            let permissions = value.get("permissions").and_then(Value::as_object);
            match permissions {
                None if !adds => drop(config.text.remove_section("access", Some(section))),
                None => return Err(Refusal::bad(format!("no permissions given for {section}"))),
                Some(permissions)
                    if section != CAPABILITIES
                        && !section.starts_with("refs/")
                        && !section.starts_with('^') =>
                {
                    let _ = permissions;
                    return Err(Refusal::bad(format!("invalid section name: {section}")));
                }
                Some(permissions) => {
                    for (name, permission) in permissions {
                        edit_permission(world, config, section, name, permission, adds)?;
                    }
                }
            }
        }
    }
    config.text.drop_empty("access");
    config.text.drop_empty("capability");
    if let Some(parent) = input::text(body, "parent") {
        config.text.set("access", None, "inheritFrom", &[parent.to_owned()]);
    }
    prune_groups(config);
    Ok(())
}

fn edit_permission(
    world: &World,
    config: &mut ProjectConfig,
    section: &str,
    name: &str,
    permission: &Value,
    adds: bool,
) -> Result<(), Refusal> {
    let capability = section == CAPABILITIES;
    let (part, sub) = if capability { ("capability", None) } else { ("access", Some(section)) };
    let mut rules = if capability { config.capability(name) } else { config.rules(section, name) };
    let given = permission.get("rules").and_then(Value::as_object);
    if given.is_none() && !adds {
        rules.clear();
    }
    for (id, rule) in given.into_iter().flatten() {
        let uuid =
            world.group_uuid(id).ok_or_else(|| Refusal::unprocessable(format!("Group '{id}' not found")))?;
        rules.retain(|has| has.group != uuid);
        if adds {
            let word = rule.get("action").and_then(Value::as_str).unwrap_or("ALLOW");
            let action = Action::parse(word).ok_or_else(|| Refusal::bad(format!("invalid action {word}")))?;
            let number =
                |key: &str| rule.get(key).and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok());
            let force = rule.get("force").and_then(Value::as_bool).unwrap_or(false);
            let named = world.group_name(&uuid).unwrap_or_else(|| id.clone());
            config.groups.insert(named, uuid.clone());
            rules.push(Rule { group: uuid, action, force, range: number("min").zip(number("max")) });
        }
    }
    let mut lines: Vec<String> = rules.iter().filter_map(|rule| config.rule_line(rule)).collect();
    lines.sort();
    config.text.set(part, sub, name, &lines);
    if let (Some(exclusive), false) = (permission.get("exclusive").and_then(Value::as_bool), capability) {
        let key = "exclusiveGroupPermissions";
        let line = config.text.get("access", Some(section), key).unwrap_or("").to_owned();
        let mut words: Vec<&str> = line.split_whitespace().filter(|word| *word != name).collect();
        if exclusive && adds {
            words.push(name);
        }
        let values: Vec<String> = if words.is_empty() { Vec::new() } else { vec![words.join(" ")] };
        config.text.set("access", Some(section), key, &values);
    }
    Ok(())
}

/// Only groups that some rule names stay in the file `groups`.
fn prune_groups(config: &mut ProjectConfig) {
    let lines = config.text.sections.iter().flat_map(|section| &section.entries);
    let used: BTreeSet<String> =
        lines.filter_map(|(_, line)| line.rsplit_once("group ").map(|(_, name)| name.to_owned())).collect();
    // the root's list keeps what its set-up put there
    config.groups.retain(|name, uuid| used.contains(name) || uuid.starts_with("global:"));
}
