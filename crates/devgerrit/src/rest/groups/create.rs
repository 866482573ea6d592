//! `PUT /groups/{name}`

use std::collections::BTreeSet;

use crate::refusal::Refusal;
use crate::rest::{Answer, Request, demand, input, people};
use crate::world::World;
use crate::world::state::{Audit, AuditKind, Group};

/// Without members the creator becomes one; without an owner the group owns itself.
pub(crate) fn create(world: &mut World, request: &Request, name: &str) -> Result<Answer, Refusal> {
    let by = demand(world, request.caller, "createGroup", "create group")?;
    let body = request.object()?;
    if world.state.groups.values().any(|g| g.name == name) {
        return Err(Refusal::conflict("Group already exists"));
    }
    let uuid = world.random_hex(20);
    let owner = match input::text(&body, "owner_id").or_else(|| input::text(&body, "owner")) {
        Some(id) => {
            world.group_uuid(id).ok_or_else(|| Refusal::unprocessable(format!("Group '{id}' not found")))?
        }
        None => uuid.clone(),
    };
    let mut members = BTreeSet::new();
    for id in input::list(&body, "members") {
        let found = world.resolve_account(request.caller, &id);
        members.insert(found.map_err(|refusal| Refusal::unprocessable(refusal.text))?);
    }
    if members.is_empty() {
        members.insert(by);
    }
    let now = world.now();
    let audit =
        members.iter().map(|id| Audit { kind: AuditKind::AddUser, subject: id.to_string(), by, at: now });
    let group = Group {
        uuid: uuid.clone(),
        id: world.state.next_group,
        name: name.to_owned(),
        description: input::text(&body, "description").filter(|text| !text.is_empty()).map(str::to_owned),
        owner,
        visible_to_all: input::flag(&body, "visible_to_all").unwrap_or(false),
        audit: audit.collect(),
        members,
        includes: BTreeSet::new(),
        created: now,
    };
    world.state.next_group += 1;
    let shown_owner = group.clone();
    world.state.groups.insert(uuid, group);
    world.save()?;
    Answer::created(people::group(world, &shown_owner, true))
}

pub(crate) fn set_owner(world: &mut World, request: &Request, uuid: &str) -> Result<Answer, Refusal> {
    super::demand_owner(world, request.caller, uuid, "Cannot change")?;
    let body = request.object()?;
    let id = input::text(&body, "owner").ok_or_else(|| Refusal::bad("owner is required"))?;
    let owner =
        world.group_uuid(id).ok_or_else(|| Refusal::unprocessable(format!("Group '{id}' not found")))?;
    if let Some(group) = world.state.groups.get_mut(uuid) {
        group.owner.clone_from(&owner);
    }
    world.save()?;
    super::get::get(world, &owner)
}
