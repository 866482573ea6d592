//! `/projects/{p}/labels`

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::change::copying;
use crate::config::{Label, ProjectConfig};
use crate::refusal::Refusal;
use crate::rest::{Answer, Body, Request, input};
use crate::world::World;

fn shown(label: &Label) -> Value {
    let mut out = json!({
        "name": label.name, "project_name": label.project, "function": label.function,
        "values": super::get::values(label), "default_value": label.default,
    });
    if let Some(out) = out.as_object_mut() {
        if let Some(text) = &label.description {
            out.insert("description".to_owned(), text.clone().into());
        }
        if !label.branches.is_empty() {
            out.insert("branches".to_owned(), json!(label.branches));
        }
        if let Some(condition) = label.copy_condition.as_ref().filter(|text| !text.is_empty()) {
            out.insert("copy_condition".to_owned(), condition.clone().into());
        }
        for (key, on) in
            [("can_override", label.can_override), ("allow_post_submit", label.allow_post_submit)]
        {
            if on {
                out.insert(key.to_owned(), true.into());
            }
        }
    }
    out
}

pub(crate) fn list(world: &World, request: &Request, project: &str) -> Result<Answer, Refusal> {
    let mut lineage = world.lineage(project);
    if !request.flag("inherited") {
        lineage.truncate(1);
    }
    // the root first, as the real server lists them
    let rows = lineage.iter().rev().flat_map(|(name, config)| {
        let mut labels = config.labels(name);
        labels.sort_by(|a, b| a.name.cmp(&b.name));
        labels
    });
    Answer::ok(rows.map(|label| shown(&label)).collect::<Vec<_>>())
}

fn own(config: &ProjectConfig, project: &str, name: &str) -> Option<Label> {
    config.labels(project).into_iter().find(|label| label.name == name)
}

pub(crate) fn get(world: &World, project: &str, name: &str) -> Result<Answer, Refusal> {
    let label = own(&world.config(project), project, name).ok_or_else(|| Refusal::not_found(name))?;
    Answer::ok(shown(&label))
}

pub(crate) fn put(
    world: &mut World,
    request: &Request,
    project: &str,
    name: &str,
) -> Result<Answer, Refusal> {
    super::demand_owner(world, request.caller, project, "")?;
    let body = request.object()?;
    let mut config = (*world.config(project)).clone();
    let existing = own(&config, project, name);
    if existing.is_none() && body.get("values").and_then(Value::as_object).is_none_or(Map::is_empty) {
        return Err(Refusal::bad("values are required"));
    }
    let new = existing.is_none();
    if new {
        let default = input::text(&body, "function").unwrap_or("NoBlock");
        set(&mut config, name, "function", Some(default.to_owned()));
        set(&mut config, name, "defaultValue", Some("0".to_owned()));
    }
    apply(&mut config, name, &body)?;
    let message = input::text(&body, "commit_message").unwrap_or("Update label").to_owned();
    world.write_config(request.caller, project, &config, &message)?;
    let label = own(&world.config(project), project, name).ok_or_else(|| Refusal::not_found(name))?;
    Ok(Answer { status: if new { 201 } else { 200 }, body: Body::Json(shown(&label)) })
}

fn set(config: &mut ProjectConfig, label: &str, key: &str, value: Option<String>) {
    let values: Vec<String> = value.into_iter().collect();
    config.text.set("label", Some(label), key, &values);
}

fn apply(config: &mut ProjectConfig, name: &str, body: &Map<String, Value>) -> Result<(), Refusal> {
    if let Some(function) = input::text(body, "function") {
        if !["NoBlock", "NoOp", "PatchSetLock"].contains(&function) {
            return Err(Refusal::bad(format!(
                "Function {function} is deprecated. The function can only be set to [NoBlock, NoOp, PatchSetLock]. \
                 Use submit requirements instead of label functions."
            )));
        }
        set(config, name, "function", Some(function.to_owned()));
    }
    if let Some(values) = body.get("values").and_then(Value::as_object) {
        let mut sorted = BTreeMap::new();
        for (key, text) in values {
            let number = key.trim().trim_start_matches('+').parse::<i32>();
            let number = number.map_err(|_| Refusal::bad(format!("invalid value: {key}")))?;
            sorted.insert(number, text.as_str().unwrap_or("").trim().to_owned());
        }
        let lines: Vec<String> = sorted
            .iter()
            .map(|(value, text)| format!("{} {text}", crate::notedb::update::signed(*value)))
            .collect();
        config.text.set("label", Some(name), "value", &lines);
    }
    if let Some(value) = body.get("default_value").and_then(Value::as_i64) {
        set(config, name, "defaultValue", Some(value.to_string()));
    }
    if let Some(condition) = input::text(body, "copy_condition").map(str::trim) {
        if let Some(why) = Some(condition).filter(|text| !text.is_empty()).and_then(copying::problem) {
            return Err(Refusal::bad(format!("unable to parse copy condition. got: {condition}. {why}")));
        }
        set(config, name, "copyCondition", Some(condition.to_owned()).filter(|text| !text.is_empty()));
    }
    if let Some(text) = input::text(body, "description") {
        set(config, name, "description", Some(text.to_owned()).filter(|text| !text.is_empty()));
    }
    for (key, setting) in [("allow_post_submit", "allowPostSubmit"), ("can_override", "canOverride")] {
        if let Some(on) = input::flag(body, key) {
            set(config, name, setting, (!on).then(|| "false".to_owned()));
        }
    }
    if body.contains_key("branches") {
        config.text.set("label", Some(name), "branch", &input::list(body, "branches"));
    }
    Ok(())
}

pub(crate) fn delete(
    world: &mut World,
    request: &Request,
    project: &str,
    name: &str,
) -> Result<Answer, Refusal> {
    super::demand_owner(world, request.caller, project, "")?;
    let mut config = (*world.config(project)).clone();
    if !config.text.remove_section("label", Some(name)) {
        return Err(Refusal::not_found(name));
    }
    world.write_config(request.caller, project, &config, "Delete label")?;
    Answer::none()
}
