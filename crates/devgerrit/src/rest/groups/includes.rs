//! `/groups/{id}/groups`: included groups. Cycles are accepted, as Gerrit does.

use serde_json::Value;

use crate::refusal::Refusal;
use crate::rest::{Answer, Body, Request, people};
use crate::world::World;
use crate::world::accounts::Caller;
use crate::world::state::{Audit, AuditKind, Group};

pub(super) fn shown(world: &World, caller: Caller, group: &Group) -> Value {
    let included = group.includes.iter().filter_map(|uuid| world.state.groups.get(uuid));
    included
        .filter(|g| world.sees_group(caller, g))
        .map(|g| Value::from(people::group(world, g, true)))
        .collect()
}

pub(crate) fn list(world: &World, request: &Request, uuid: &str) -> Result<Answer, Refusal> {
    let group = world.state.groups.get(uuid).ok_or_else(|| Refusal::absent(uuid))?;
    Answer::ok(shown(world, request.caller, group))
}

pub(crate) fn add(world: &mut World, request: &Request, uuid: &str, name: &str) -> Result<Answer, Refusal> {
    let by = super::demand_owner(world, request.caller, uuid, "Cannot add groups to")?;
    request.object()?;
    let included = world.state.group(name).map(|group| group.uuid.clone());
    let included = included.ok_or_else(|| Refusal::unprocessable(format!("Group '{name}' not found")))?;
    let at = world.now();
    let mut new = false;
    if let Some(group) = world.state.groups.get_mut(uuid) {
        new = group.includes.insert(included.clone());
        if new {
            group.audit.push(Audit { kind: AuditKind::AddGroup, subject: included.clone(), by, at });
        }
    }
    world.save()?;
    let shown = world.state.groups.get(&included).map(|group| people::group(world, group, true));
    Ok(Answer { status: if new { 201 } else { 200 }, body: Body::Json(shown.unwrap_or_default().into()) })
}

pub(crate) fn remove(
    world: &mut World,
    request: &Request,
    uuid: &str,
    name: &str,
) -> Result<Answer, Refusal> {
    let by = super::demand_owner(world, request.caller, uuid, "Cannot delete groups from")?;
    let included =
        world.state.group(name).map(|group| group.uuid.clone()).ok_or_else(|| Refusal::not_found(name))?;
    let at = world.now();
    let Some(group) = world.state.groups.get_mut(uuid) else { return Err(Refusal::absent(uuid)) };
    if !group.includes.remove(&included) {
        return Err(Refusal::not_found(name));
    }
    group.audit.push(Audit { kind: AuditKind::RemoveGroup, subject: included, by, at });
    world.save()?;
    Answer::none()
}
