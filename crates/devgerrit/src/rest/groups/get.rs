//! Reading groups.

use serde_json::{Map, Value, json};

use crate::clock::rest_time;
use crate::refusal::Refusal;
use crate::rest::{Answer, Request, people};
use crate::world::World;
use crate::world::state::{AuditKind, Group};

fn find<'a>(world: &'a World, uuid: &str) -> Result<&'a Group, Refusal> {
    world.state.groups.get(uuid).ok_or_else(|| Refusal::absent(uuid))
}

/// All visible groups by name; `owned` and `m=` narrow it.
pub(crate) fn list(world: &World, request: &Request) -> Result<Answer, Refusal> {
    if let Some((key, _)) = request.query.iter().find(|(key, _)| key == "q") {
        return Err(Refusal::bad(format!("\"-{key}\" is not a valid option")));
    }
    let mut out = Map::new();
    for group in world.state.groups.values().filter(|g| world.sees_group(request.caller, g)) {
        let owned = !request.flag("owned") || world.owns_group(request.caller, group);
        let fits = request.param("m").or(request.param("match")).is_none_or(|part| group.name.contains(part));
        if owned && fits {
            out.insert(group.name.clone(), people::group(world, group, false).into());
        }
    }
    Answer::ok(out)
}

pub(crate) fn get(world: &World, uuid: &str) -> Result<Answer, Refusal> {
    match find(world, uuid) {
        Ok(group) => Answer::ok(people::group(world, group, true)),
        Err(refusal) => match world.group_name(uuid) {
            Some(name) => Answer::ok(json!({"options": {}, "id": people::encoded(uuid), "name": name})),
            None => Err(refusal),
        },
    }
}

pub(crate) fn detail(world: &World, request: &Request, uuid: &str) -> Result<Answer, Refusal> {
    let group = find(world, uuid)?;
    let mut out = people::group(world, group, true);
    out.insert("members".to_owned(), super::members::shown(world, &group.members));
    out.insert("includes".to_owned(), super::includes::shown(world, request.caller, group));
    Answer::ok(out)
}

pub(crate) fn owner(world: &World, uuid: &str) -> Result<Answer, Refusal> {
    get(world, &find(world, uuid)?.owner.clone())
}

/// Who changed the group, newest first; for its owners.
pub(crate) fn audit(world: &World, request: &Request, uuid: &str) -> Result<Answer, Refusal> {
    let group = find(world, uuid)?;
    if !world.owns_group(request.caller, group) {
        return Err(Refusal::forbidden("Not group owner"));
    }
    let rows = group.audit.iter().rev().map(|line| {
        let kind = match line.kind {
            AuditKind::AddUser => "ADD_USER",
            AuditKind::RemoveUser => "REMOVE_USER",
            AuditKind::AddGroup => "ADD_GROUP",
            AuditKind::RemoveGroup => "REMOVE_GROUP",
        };
        let member = match line.subject.parse() {
            Ok(id) if matches!(line.kind, AuditKind::AddUser | AuditKind::RemoveUser) => people::account(world, id, true),
            _ => json!({"id": line.subject, "name": world.group_name(&line.subject)}),
        };
        json!({"member": member, "type": kind, "user": people::account(world, line.by, true), "date": rest_time(line.at)})
    });
    Answer::ok(rows.collect::<Vec<Value>>())
}
