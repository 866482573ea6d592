//! `GET /projects/` and `GET /projects/{p}`

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::config::Label;
use crate::refusal::Refusal;
use crate::rest::{Answer, Request};
use crate::world::World;
use crate::world::projects::ALL_PROJECTS;

pub(crate) fn list(world: &World, request: &Request) -> Result<Answer, Refusal> {
    let limit = request.number("n")?.unwrap_or(usize::MAX);
    let skip = request.number("S")?.or(request.number("start")?).unwrap_or(0);
    let prefix = request.param("p").or(request.param("prefix")).unwrap_or("");
    let part = request.param("m").or(request.param("match")).unwrap_or("").to_lowercase();
    let seen = world.projects().into_iter().filter(|name| {
        world.sees_project(request.caller, name)
            && world.config(name).state() != "HIDDEN"
            && name.starts_with(prefix)
            && name.to_lowercase().contains(&part)
    });
    let mut out = Map::new();
    for name in seen.skip(skip).take(limit) {
        let config = world.config(&name);
        let mut row = json!({"id": name.replace('/', "%2F"), "state": config.state()});
        if let Some(row) = row.as_object_mut() {
            if let Some(text) = config.description().filter(|_| request.flag("d")) {
                row.insert("description".to_owned(), text.into());
            }
            if let Some(parent) = parent(world, &name).filter(|_| request.flag("t")) {
                row.insert("parent".to_owned(), parent.into());
            }
        }
        out.insert(name, row);
    }
    Answer::ok(out)
}

pub(crate) fn parent(world: &World, project: &str) -> Option<String> {
    (project != ALL_PROJECTS).then(|| world.config(project).parent().unwrap_or(ALL_PROJECTS).to_owned())
}

pub(crate) fn info(world: &World, project: &str) -> Value {
    let config = world.config(project);
    let mut out = Map::new();
    out.insert("id".to_owned(), project.replace('/', "%2F").into());
    out.insert("name".to_owned(), project.into());
    if let Some(parent) = parent(world, project) {
        out.insert("parent".to_owned(), parent.into());
    }
    if let Some(text) = config.description() {
        out.insert("description".to_owned(), text.into());
    }
    out.insert("state".to_owned(), config.state().into());
    let labels = world.labels(project).into_iter();
    let labels = labels.map(|label| {
        let value = json!({"values": values(&label), "default_value": label.default});
        (label.name, value)
    });
    out.insert("labels".to_owned(), labels.collect::<Map<_, _>>().into());
    out.into()
}

/// ` 0`, `+1`, `-1` → text.
pub(crate) fn values(label: &Label) -> BTreeMap<String, String> {
    label.values.iter().map(|(value, text)| (padded(*value), text.clone())).collect()
}

/// A vote's value as REST writes keys: two characters at least.
pub(crate) fn padded(value: i32) -> String {
    if value == 0 { " 0".to_owned() } else { format!("{value:+}") }
}
