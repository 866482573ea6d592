//! `DELETE /changes/{id}`: gone from REST, query and git at once.

use crate::change::{Change, Status};
use crate::git::Oid;
use crate::notedb;
use crate::refusal::Refusal;
use crate::rest::{Answer, Request};
use crate::world::World;

pub(super) fn delete(world: &mut World, request: &Request, change: &Change) -> Result<Answer, Refusal> {
    let caller = request.caller;
    let by = caller.known()?;
    if change.status == Status::Merged {
        return Err(Refusal::not_allowed("delete not permitted"));
    }
    let own = by == change.owner && world.can(caller, &change.project, &change.branch, "deleteOwnChanges");
    if !own && !world.is_admin(caller) && !world.can(caller, &change.project, &change.branch, "deleteChanges")
    {
        return Err(Refusal::forbidden("delete not permitted"));
    }
    let repo = world.must_repo(&change.project)?;
    world.change_deleted(change, by);
    for (name, id) in repo.references(&notedb::change_prefix(change.number)) {
        world.move_ref(Some(by), &change.project, &name, id, Oid::ZERO)?;
    }
    world.index.remove(&change.number);
    Answer::none()
}
