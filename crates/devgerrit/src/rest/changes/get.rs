//! `GET /changes/{id}`, also as of an earlier commit of its history.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::change::Change;
use crate::git::{Oid, walk};
use crate::notedb;
use crate::refusal::Refusal;
use crate::rest::{Answer, Request};
use crate::world::World;

use super::info;
use super::options::Options;

/// The change that `?meta=` asks for: refused unless the commit is in this change's own history.
fn as_of(world: &World, change: &Change, meta: &str) -> Result<Arc<Change>, Refusal> {
    let id = Oid::parse(meta).ok_or_else(|| Refusal::bad(format!("invalid meta SHA1: {meta}")))?;
    let repo = world.must_repo(&change.project)?;
    if !repo.has(id) || !walk::is_ancestor(&repo, id, change.meta)? {
        let name = notedb::meta_ref(change.number);
        return Err(Refusal::stale(format!("{id} not reachable from {name}")));
    }
    Ok(world.change_at(&repo, &change.project, change.number, id)?)
}

/// What `…/detail` asks for by itself.
pub(super) const DETAIL: [&str; 4] = ["DETAILED_LABELS", "DETAILED_ACCOUNTS", "MESSAGES", "REVIEWER_UPDATES"];
/// What `…/revisions/{r}/review` asks for by itself.
pub(super) const REVIEW: [&str; 3] = ["DETAILED_LABELS", "DETAILED_ACCOUNTS", "CURRENT_REVISION"];

/// Shows a change, with `more` beside the options that were asked for.
pub(super) fn get(
    world: &World,
    request: &Request,
    change: &Change,
    more: &[&str],
) -> Result<Answer, Refusal> {
    let options = Options::of(request)?.with(more);
    let then = request.param("meta").map(|meta| as_of(world, change, meta)).transpose()?;
    let mut told = info::change(world, request.caller, then.as_deref().unwrap_or(change), &options)?;
    world.faults.tell(change.number, &mut told);
    Answer::ok(told)
}

/// What changed between two commits of the history, member by member.
pub(super) fn meta_diff(world: &World, request: &Request, change: &Change) -> Result<Answer, Refusal> {
    let options = Options::of(request)?;
    let repo = world.must_repo(&change.project)?;
    let new = match request.param("meta") {
        Some(meta) => as_of(world, change, meta)?,
        None => world.must_change(change.number)?,
    };
    let old = match request.param("old") {
        Some(meta) => as_of(world, change, meta)?,
        None => match repo.commit(new.meta)?.parents.first() {
            Some(parent) => world.change_at(&repo, &change.project, change.number, *parent)?,
            None => Arc::clone(&new),
        },
    };
    let old = info::change(world, request.caller, &old, &options)?;
    let new = info::change(world, request.caller, &new, &options)?;
    let only = |a: &Value, b: &Value| -> Map<String, Value> {
        let (Some(a), Some(b)) = (a.as_object(), b.as_object()) else { return Map::new() };
        a.iter()
            .filter(|(key, value)| b.get(*key) != Some(value))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    };
    let (added, removed) = (only(&new, &old), only(&old, &new));
    Answer::ok(json!({"old_change_info": old, "new_change_info": new, "added": added, "removed": removed}))
}

pub(super) fn included_in(world: &World, change: &Change) -> Result<Answer, Refusal> {
    let repo = world.must_repo(&change.project)?;
    let mut branches = Vec::new();
    for (name, head) in repo.references("refs/heads/") {
        if walk::is_ancestor(&repo, change.current_commit(), head)? {
            branches.push(name.trim_start_matches("refs/heads/").to_owned());
        }
    }
    Answer::ok(json!({"branches": branches, "tags": []}))
}
