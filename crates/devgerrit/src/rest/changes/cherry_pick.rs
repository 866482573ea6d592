//! `POST /changes/{id}/revisions/{r}/cherrypick`

use crate::change::Change;
use crate::change::revert::full_branch;
use crate::refusal::Refusal;
use crate::rest::{Answer, Request, input};
use crate::world::World;

pub(super) fn cherry_pick(
    world: &mut World,
    request: &Request,
    change: &Change,
    patch_set: u32,
) -> Result<Answer, Refusal> {
    request.caller.known()?;
    let body = request.object()?;
    let destination = input::text(&body, "destination").filter(|d| !d.trim().is_empty());
    let destination = destination.ok_or_else(|| Refusal::bad("destination must be non-empty"))?;
    let target = format!("refs/for/{}", full_branch(destination));
    if !world.can(request.caller, &change.project, &target, "push") {
        return Err(Refusal::forbidden(format!(
            "not permitted: create change on {}",
            full_branch(destination)
        )));
    }
    let new =
        world.cherry_pick(request.caller, change, patch_set, destination, input::text(&body, "message"))?;
    super::shown(world, request.caller, new.number)
}
