//! `POST /changes/{id}/revert` and `…/revert_submission`

use serde_json::json;

use crate::change::{Change, Status};
use crate::refusal::Refusal;
use crate::rest::{Answer, Request, input};
use crate::world::World;

use super::info;
use super::options::Options;

pub(super) fn revert(world: &mut World, request: &Request, change: &Change) -> Result<Answer, Refusal> {
    let body = request.object()?;
    let topic = input::text(&body, "topic").filter(|topic| !topic.is_empty()).map(str::to_owned);
    let new = world.revert(request.caller, change, input::text(&body, "message"), topic)?;
    super::shown(world, request.caller, new.number)
}

/// Reverts everything that one submit merged, over projects, under one topic.
pub(super) fn revert_submission(
    world: &mut World,
    request: &Request,
    change: &Change,
) -> Result<Answer, Refusal> {
    let body = request.object()?;
    if change.status != Status::Merged {
        return Err(Refusal::conflict(format!("change is {}.", change.status.lower())));
    }
    let id = change.submission_id.clone().unwrap_or_default();
    let all: Vec<_> = world.indexed().filter(|c| c.submission_id.as_deref() == Some(id.as_str())).collect();
    for one in &all {
        world.may_revert(request.caller, one)?;
    }
    let random: String = world.random_hex(5).to_uppercase();
    let topic = input::text(&body, "topic").map_or_else(|| format!("revert-{id}-{random}"), str::to_owned);
    let mut out = Vec::new();
    for one in all {
        let new = world.revert(request.caller, &one, None, Some(topic.clone()))?;
        out.push(info::change(world, request.caller, &new, &Options::default())?);
    }
    Answer::ok(json!({"revert_changes": out}))
}
