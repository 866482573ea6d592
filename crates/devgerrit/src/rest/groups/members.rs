//! `/groups/{id}/members`

use std::collections::BTreeSet;

use serde_json::Value;

use crate::refusal::Refusal;
use crate::rest::{Answer, Body, Request, input, people};
use crate::world::World;
use crate::world::state::{Audit, AuditKind};

pub(super) fn shown(world: &World, members: &BTreeSet<u32>) -> Value {
    let mut rows: Vec<(String, Value)> =
        members.iter().map(|id| (world.display_name(*id), people::account(world, *id, true))).collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows.into_iter().map(|(_, value)| value).collect()
}

/// `?recursive` takes the people of included groups too, as far as those are visible.
pub(crate) fn list(world: &World, request: &Request, uuid: &str) -> Result<Answer, Refusal> {
    let mut members = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut todo = vec![uuid.to_owned()];
    while let Some(next) = todo.pop() {
        let Some(group) = world.state.groups.get(&next).filter(|_| seen.insert(next.clone())) else {
            continue;
        };
        if !world.sees_group(request.caller, group) {
            continue;
        }
        members.extend(group.members.iter().filter(|id| world.account(**id).is_some_and(|a| a.active)));
        if request.flag("recursive") {
            todo.extend(group.includes.iter().cloned());
        }
    }
    Answer::ok(shown(world, &members))
}

pub(crate) fn get(world: &World, request: &Request, uuid: &str, name: &str) -> Result<Answer, Refusal> {
    let id = world.resolve_account(request.caller, name)?;
    match world.state.groups.get(uuid) {
        Some(group) if group.members.contains(&id) => Answer::ok(people::account(world, id, true)),
        _ => Err(Refusal::not_found(name)),
    }
}

/// Adds or removes accounts; gives those for whom that changed something.
fn change(world: &mut World, uuid: &str, ids: &[u32], by: u32, kind: AuditKind) -> Result<Vec<u32>, Refusal> {
    let at = world.now();
    let Some(group) = world.state.groups.get_mut(uuid) else { return Ok(Vec::new()) };
    let mut changed = Vec::new();
    for id in ids {
        let new = match kind {
            AuditKind::AddUser => group.members.insert(*id),
            _ => group.members.remove(id),
        };
        if new {
            group.audit.push(Audit { kind, subject: id.to_string(), by, at });
            changed.push(*id);
        }
    }
    world.save()?;
    Ok(changed)
}

pub(crate) fn add(world: &mut World, request: &Request, uuid: &str, name: &str) -> Result<Answer, Refusal> {
    let by = super::demand_owner(world, request.caller, uuid, "Cannot add members to")?;
    request.object()?;
    let found = world.resolve_account(request.caller, name);
    let id = found.map_err(|refusal| Refusal::unprocessable(refusal.text))?;
    let new = !change(world, uuid, &[id], by, AuditKind::AddUser)?.is_empty();
    let status = if new { 201 } else { 200 };
    Ok(Answer { status, body: Body::Json(people::account(world, id, true)) })
}

pub(crate) fn remove(
    world: &mut World,
    request: &Request,
    uuid: &str,
    name: &str,
) -> Result<Answer, Refusal> {
    let by = super::demand_owner(world, request.caller, uuid, "Cannot delete members from")?;
    let id = world.resolve_account(request.caller, name)?;
    if change(world, uuid, &[id], by, AuditKind::RemoveUser)?.is_empty() {
        return Err(Refusal::not_found(name));
    }
    Answer::none()
}

fn several(world: &World, request: &Request) -> Result<Vec<u32>, Refusal> {
    let body = request.object()?;
    let mut names = input::list(&body, "members");
    names.extend(input::text(&body, "_one_member").map(str::to_owned));
    let ids = names.iter().map(|name| world.resolve_account(request.caller, name));
    ids.collect::<Result<_, _>>().map_err(|refusal| Refusal::unprocessable(refusal.text))
}

/// One unknown name, and nobody is added.
pub(crate) fn add_several(world: &mut World, request: &Request, uuid: &str) -> Result<Answer, Refusal> {
    let by = super::demand_owner(world, request.caller, uuid, "Cannot add members to")?;
    let ids = several(world, request)?;
    change(world, uuid, &ids, by, AuditKind::AddUser)?;
    Answer::ok(ids.iter().map(|id| people::account(world, *id, true)).collect::<Vec<_>>())
}

pub(crate) fn remove_several(world: &mut World, request: &Request, uuid: &str) -> Result<Answer, Refusal> {
    let by = super::demand_owner(world, request.caller, uuid, "Cannot delete members from")?;
    let ids = several(world, request)?;
    change(world, uuid, &ids, by, AuditKind::RemoveUser)?;
    Answer::none()
}
