//! `/projects/{p}/submit_requirements`

use serde_json::{Value, json};

use crate::config::Requirement;
use crate::refusal::Refusal;
use crate::requirements;
use crate::rest::{Answer, Request, input};
use crate::world::World;

fn shown(requirement: &Requirement) -> Value {
    let mut out = json!({
        "name": requirement.name, "project_name": requirement.project,
        "submittability_expression": requirement.submittable_if,
        "allow_override_in_child_projects": requirement.allow_override_in_child,
    });
    if let Some(out) = out.as_object_mut() {
        for (key, text) in [
            ("description", &requirement.description),
            ("applicability_expression", &requirement.applicable_if),
            ("override_expression", &requirement.override_if),
        ] {
            if let Some(text) = text {
                out.insert(key.to_owned(), text.clone().into());
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
    let rows = lineage.iter().rev().flat_map(|(name, config)| config.requirements(name));
    Answer::ok(rows.map(|requirement| shown(&requirement)).collect::<Vec<_>>())
}

fn own(world: &World, project: &str, name: &str) -> Option<Requirement> {
    world.config(project).requirements(project).into_iter().find(|requirement| requirement.name == name)
}

pub(crate) fn get(world: &World, project: &str, name: &str) -> Result<Answer, Refusal> {
    let found = own(world, project, name).ok_or_else(|| Refusal::not_found(name))?;
    Answer::ok(shown(&found))
}

/// Replaces a requirement whole; 201 also where it existed.
pub(crate) fn put(
    world: &mut World,
    request: &Request,
    project: &str,
    name: &str,
) -> Result<Answer, Refusal> {
    super::demand_owner(world, request.caller, project, "")?;
    let body = request.object()?;
    if input::text(&body, "name").is_some_and(|other| other != name) {
        return Err(Refusal::bad("name in input must match name in URL"));
    }
    let submittable = input::text(&body, "submittability_expression").filter(|text| !text.is_empty());
    let submittable = submittable.ok_or_else(|| Refusal::bad("submittability_expression is required"))?;
    let rows = [
        ("applicableIf", input::text(&body, "applicability_expression")),
        ("submittableIf", Some(submittable)),
        ("overrideIf", input::text(&body, "override_expression")),
    ];
    for (key, text) in rows.iter().filter_map(|(key, text)| text.filter(|t| !t.is_empty()).map(|t| (key, t)))
    {
        if let Some(why) = requirements::problem(text) {
            return Err(Refusal::bad(format!(
                "Invalid submit requirement input: [Invalid project configuration,   project.config: Expression \
                 '{text}' of submit requirement '{name}' (parameter submit-requirement.{name}.{key}) is invalid: {why}]"
            )));
        }
    }
    let mut config = (*world.config(project)).clone();
    let exists = config.text.remove_section("submit-requirement", Some(name));
    let mut set = |key: &str, value: Option<&str>| {
        let values: Vec<String> =
            value.filter(|text| !text.is_empty()).map(str::to_owned).into_iter().collect();
        config.text.set("submit-requirement", Some(name), key, &values);
    };
    set("description", input::text(&body, "description"));
    for (key, text) in rows {
        set(key, text);
    }
    let child = input::flag(&body, "allow_override_in_child_projects").unwrap_or(false);
    set("canOverrideInChildProjects", Some(if child { "true" } else { "false" }));
    let verb = if exists { "Update" } else { "Create" };
    world.write_config(request.caller, project, &config, &format!("{verb} Submit Requirement {name}"))?;
    let found = own(world, project, name).ok_or_else(|| Refusal::not_found(name))?;
    Answer::created(shown(&found))
}

pub(crate) fn delete(
    world: &mut World,
    request: &Request,
    project: &str,
    name: &str,
) -> Result<Answer, Refusal> {
    super::demand_owner(world, request.caller, project, "")?;
    let mut config = (*world.config(project)).clone();
    if !config.text.remove_section("submit-requirement", Some(name)) {
        return Err(Refusal::not_found(name));
    }
    world.write_config(request.caller, project, &config, "Delete submit requirement")?;
    Answer::none()
}
