//! `/groups/…`

mod create;
mod get;
mod includes;
mod members;

use crate::refusal::Refusal;
use crate::world::World;
use crate::world::accounts::Caller;

use super::{Answer, Request, nowhere};

pub(crate) fn dispatch(world: &mut World, request: &Request, rest: &[&str]) -> Result<Answer, Refusal> {
    let [id, rest @ ..] = rest else {
        return if request.method == "GET" { get::list(world, request) } else { Err(nowhere()) };
    };
    let method = request.method.as_str();
    if let ("PUT", []) = (method, rest) {
        return create::create(world, request, id);
    }
    let group = world.visible_group(request.caller, id)?.uuid.clone();
    match (method, rest) {
        ("GET", []) => get::get(world, &group),
        ("GET", ["detail"]) => get::detail(world, request, &group),
        ("GET", ["owner"]) => get::owner(world, &group),
        ("PUT", ["owner"]) => create::set_owner(world, request, &group),
        ("GET", ["log.audit"]) => get::audit(world, request, &group),
        ("GET", ["members"]) => members::list(world, request, &group),
        ("POST", ["members" | "members.add"]) => members::add_several(world, request, &group),
        ("POST", ["members.delete"]) => members::remove_several(world, request, &group),
        ("GET", ["members", name]) => members::get(world, request, &group, name),
        ("PUT", ["members", name]) => members::add(world, request, &group, name),
        ("DELETE", ["members", name]) => members::remove(world, request, &group, name),
        ("GET", ["groups"]) => includes::list(world, request, &group),
        ("PUT", ["groups", name]) => includes::add(world, request, &group, name),
        ("DELETE", ["groups", name]) => includes::remove(world, request, &group, name),
        ("GET", [other, ..]) => Err(Refusal::not_found(other)),
        _ => Err(nowhere()),
    }
}

/// Owners of a group, and administrators.
fn demand_owner(world: &World, caller: Caller, uuid: &str, words: &str) -> Result<u32, Refusal> {
    let by = caller.known()?;
    let group = world.state.groups.get(uuid).ok_or_else(|| Refusal::absent(uuid))?;
    if world.owns_group(caller, group) {
        Ok(by)
    } else {
        Err(Refusal::forbidden(format!("{words} group {}", group.name)))
    }
}
