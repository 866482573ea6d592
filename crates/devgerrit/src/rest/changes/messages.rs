//! `/changes/{id}/messages`. Deleting one rewrites the history behind it.

use serde_json::Value;

use crate::change::{Change, Message};
use crate::git::{Commit, Oid, Repo};
use crate::notedb;
use crate::refusal::Refusal;
use crate::rest::{Answer, Request, input};
use crate::world::World;

use super::info;

pub(super) fn list(world: &World, change: &Change) -> Result<Answer, Refusal> {
    Answer::ok(change.messages.iter().map(|m| info::message(world, m, true)).collect::<Vec<Value>>())
}

fn find<'a>(change: &'a Change, id: &str) -> Result<&'a Message, Refusal> {
    let found = change.messages.iter().find(|message| message.id.to_string() == id);
    found.ok_or_else(|| Refusal::absent(format!("change message {id} not found")))
}

pub(super) fn get(world: &World, change: &Change, id: &str) -> Result<Answer, Refusal> {
    Answer::ok(info::message(world, find(change, id)?, true))
}

/// Replaces the message's text by who removed it and why; every commit from there on gets a new name, and the old
/// tip is reachable from nowhere.
pub(super) fn delete(
    world: &mut World,
    request: &Request,
    change: &Change,
    id: &str,
) -> Result<Answer, Refusal> {
    let by = request.caller.known()?;
    let body = request.object()?;
    let target = find(change, id)?;
    if !world.is_admin(request.caller) {
        return Err(Refusal::forbidden("administrate server not permitted"));
    }
    let reason = input::text(&body, "reason").map(str::trim).filter(|text| !text.is_empty());
    let reason = reason.map(|text| format!("\nReason: {text}")).unwrap_or_default();
    let replacement = format!("Change message removed by: <GERRIT_ACCOUNT_{by}>{reason}");
    let repo = world.must_repo(&change.project)?;
    let mut chain = Vec::new();
    let mut next = Some(change.meta);
    while let Some(commit) = next.map(|id| repo.commit(id)).transpose()? {
        next = commit.parents.first().copied();
        let found = commit.id == target.id;
        chain.push(commit);
        if found {
            break;
        }
    }
    let (mut tip, mut rewritten) = (None, Oid::ZERO);
    for commit in chain.iter().rev() {
        let parents = match tip {
            Some(tip) => vec![tip],
            None => commit.parents.clone(),
        };
        let first = tip.is_none();
        let message =
            if first { replaced(commit, &target.text, &replacement) } else { commit.message.clone() };
        let id = write(&repo, commit, &parents, &message)?;
        if first {
            rewritten = id;
        }
        tip = Some(id);
    }
    let tip = tip.ok_or_else(|| Refusal::not_found(id))?;
    world.move_ref(Some(by), &change.project, &notedb::meta_ref(change.number), change.meta, tip)?;
    let now = world.must_change(change.number)?;
    Answer::created(info::message(world, find(&now, &rewritten.to_string())?, true))
}

fn replaced(commit: &Commit, old: &str, new: &str) -> String {
    commit.message.replacen(&format!("\n\n{old}\n\n"), &format!("\n\n{new}\n\n"), 1)
}

fn write(repo: &Repo, commit: &Commit, parents: &[Oid], message: &str) -> Result<Oid, Refusal> {
    Ok(repo.write_commit(commit.tree, parents, &commit.author, &commit.committer, message)?)
}
