//! `POST /changes/{id}/submit`, `…/revisions/{r}/submit`, `GET …/submitted_together`

use serde_json::json;

use crate::change::Change;
use crate::change::Status;
use crate::refusal::Refusal;
use crate::rest::{Answer, Request, input};
use crate::submit::SubmitRequest;
use crate::world::World;
use crate::world::accounts::Caller;

use super::info;
use super::options::Options;

/// With a revision only that one is submitted: 409 if somebody pushed meanwhile.
pub(super) fn submit(
    world: &mut World,
    request: &Request,
    change: &Change,
    patch_set: Option<u32>,
) -> Result<Answer, Refusal> {
    let sender = request.caller.known()?;
    let body = request.object()?;
    if let Some(old) = patch_set.filter(|patch_set| *patch_set != change.current && change.is_new()) {
        let commit = change.patch_sets.get(&old).map(|p| p.commit.to_string()).unwrap_or_default();
        return Err(Refusal::conflict(format!("revision {commit} is not current revision")));
    }
    let mut caller = request.caller;
    if let Some(name) = input::text(&body, "on_behalf_of") {
        if change.is_new() && !world.may_submit(caller, change) {
            return Err(Refusal::forbidden("submit not permitted"));
        }
        if !world.can(caller, &change.project, &change.branch, "submitAs") {
            return Err(Refusal::forbidden("submit on behalf of other users not permitted"));
        }
        let found = world.resolve_account(caller, name);
        let id = found.map_err(|refusal| Refusal::unprocessable(refusal.text))?;
        if !world.sees_change(Caller::of(id), change) {
            return Err(Refusal::unprocessable(format!("on_behalf_of account {id} cannot see change")));
        }
        caller = Caller { account: Some(id), real: Some(caller.real.unwrap_or(sender)) };
    }
    world.submit(caller, change, SubmitRequest { forced: false })?;
    super::shown(world, request.caller, change.number)
}

/// Asks for an object with a count of what the caller can't see, instead of a list.
const NON_VISIBLE: &str = "NON_VISIBLE_CHANGES";

/// What would go, or went, with this change; empty if it goes alone.
pub(super) fn together(world: &World, request: &Request, change: &Change) -> Result<Answer, Refusal> {
    let options = Options::of_also(request, &[NON_VISIBLE])?.with(&["SUBMITTABLE", "CURRENT_REVISION"]);
    let found = match change.status {
        Status::New => world.together(change)?,
        Status::Merged => {
            let same = world
                .indexed()
                .filter(|c| c.submission_id.is_some() && c.submission_id == change.submission_id);
            let mut same: Vec<_> = same.collect();
            same.sort_by_key(|c| (c.project != change.project, std::cmp::Reverse(c.number)));
            same
        }
        Status::Abandoned => Vec::new(),
    };
    let alone = found.len() < 2;
    let seen: Vec<_> = found.iter().filter(|c| !alone && world.sees_change(request.caller, c)).collect();
    let hidden = if alone { 0 } else { found.len() - seen.len() };
    let changes = seen
        .iter()
        .map(|c| info::change(world, request.caller, c, &options))
        .collect::<Result<Vec<_>, _>>()?;
    if options.has(NON_VISIBLE) {
        return Answer::ok(json!({"changes": changes, "non_visible_changes": hidden}));
    }
    Answer::ok(changes)
}
