//! `/changes/…`

mod check;
mod cherry_pick;
mod comments;
mod create;
mod custom_values;
mod delete;
pub(crate) mod edit;
mod files;
mod get;
mod hashtags;
pub(crate) mod info;
mod labels;
mod messages;
pub(crate) mod options;
mod query;
mod related;
mod revert;
mod review;
mod reviewers;
mod status;
mod submit;
mod topic;

use std::sync::Arc;

use crate::change::Change;
use crate::refusal::Refusal;
use crate::world::World;
use crate::world::accounts::Caller;

use super::{Answer, Request, nowhere};

pub(crate) fn dispatch(world: &mut World, request: &Request, rest: &[&str]) -> Result<Answer, Refusal> {
    let method = request.method.as_str();
    let [id, rest @ ..] = rest else {
        return match method {
            "GET" => query::query(world, request),
            "POST" => create::create(world, request),
            _ => Err(nowhere()),
        };
    };
    let change = find(world, request.caller, id)?;
    match (method, rest) {
        ("GET", []) => get::get(world, request, &change, &[]),
        ("GET", ["detail"]) => get::get(world, request, &change, &get::DETAIL),
        ("GET", ["check"]) => get::get(world, request, &change, &["CHECK"]),
        ("GET", ["comments"]) => comments::list(world, &change),
        ("GET", ["meta_diff"]) => get::meta_diff(world, request, &change),
        ("GET", ["in"]) => get::included_in(world, &change),
        ("DELETE", []) => delete::delete(world, request, &change),
        ("POST", ["index"]) => status::index(world, request, &change),
        ("POST", ["abandon"]) => status::abandon(world, request, &change),
        ("POST", ["restore"]) => status::restore(world, request, &change),
        ("POST", ["wip"]) => status::wip(world, request, &change, true),
        ("POST", ["ready"]) => status::wip(world, request, &change, false),
        ("POST" | "PUT", ["private"]) => status::private(world, request, &change, true),
        ("DELETE", ["private"]) => status::private(world, request, &change, false),
        ("POST", ["submit"]) => submit::submit(world, request, &change, None),
        ("GET", ["submitted_together"]) => submit::together(world, request, &change),
        ("POST", ["revert"]) => revert::revert(world, request, &change),
        ("POST", ["revert_submission"]) => revert::revert_submission(world, request, &change),
        ("POST", ["check.submit_requirement"]) => check::check(world, request, &change),
        ("GET", ["hashtags"]) => hashtags::get(&change),
        ("POST", ["hashtags"]) => hashtags::post(world, request, &change),
        ("GET", ["custom_keyed_values"]) => custom_values::get(&change),
        ("POST", ["custom_keyed_values"]) => custom_values::post(world, request, &change),
        ("GET", ["topic"]) => topic::get(&change),
        ("PUT", ["topic"]) => topic::set(world, request, &change),
        ("DELETE", ["topic"]) => topic::delete(world, request, &change),
        ("GET", ["edit"]) => edit::get(world, request, &change),
        ("DELETE", ["edit"]) => edit::delete(world, request, &change),
        ("PUT", ["edit", path]) => edit::put(world, request, &change, path),
        ("DELETE", ["edit", path]) => edit::remove(world, request, &change, path),
        ("PUT", ["edit:message"]) => edit::message(world, request, &change),
        ("POST", ["edit:publish"]) => edit::publish(world, request, &change),
        ("GET", ["messages"]) => messages::list(world, &change),
        ("GET", ["messages", message]) => messages::get(world, &change, message),
        ("POST", ["messages", message, "delete"]) => messages::delete(world, request, &change, message),
        ("DELETE", ["messages", message]) => messages::delete(world, request, &change, message),
        ("GET", ["reviewers"]) => reviewers::list(world, &change),
        ("POST", ["reviewers"]) => reviewers::add(world, request, &change),
        ("DELETE", ["reviewers", account]) | ("POST", ["reviewers", account, "delete"]) => {
            reviewers::remove(world, request, &change, account)
        }
        ("DELETE", ["reviewers", account, "votes", label])
        | ("POST", ["reviewers", account, "votes", label, "delete"]) => {
            reviewers::remove_vote(world, request, &change, account, label)
        }
        (_, ["revisions", revision, rest @ ..]) => {
            let patch_set = patch_set(&change, revision)?;
            revisions(world, request, &change, patch_set, rest)
        }
        (_, [other, ..]) if matches!(method, "GET" | "POST" | "PUT" | "DELETE") => {
            Err(Refusal::not_found(other))
        }
        _ => Err(nowhere()),
    }
}

fn revisions(
    world: &mut World,
    request: &Request,
    change: &Change,
    patch_set: u32,
    rest: &[&str],
) -> Result<Answer, Refusal> {
    match (request.method.as_str(), rest) {
        ("GET", ["review"]) => get::get(world, request, change, &get::REVIEW),
        ("POST", ["review"]) => review::review(world, request, change, patch_set),
        ("POST", ["submit"]) => submit::submit(world, request, change, Some(patch_set)),
        ("GET", ["submit_type"]) => Answer::ok(world.submit_type(&change.project)),
        ("GET", ["commit"]) => files::commit(world, change, patch_set),
        ("GET", ["files"]) => files::list(world, change, patch_set),
        ("GET", ["files", path, "content"]) => files::content(world, change, patch_set, path),
        ("GET", ["related"]) => related::related(world, change, patch_set),
        ("POST", ["cherrypick"]) => cherry_pick::cherry_pick(world, request, change, patch_set),
        (_, [other, ..]) => Err(Refusal::not_found(other)),
        _ => Err(nowhere()),
    }
}

/// The change that an id names, if the caller may see it. `project~number` and a number read NoteDb; the other forms
/// go by the index.
pub(crate) fn find(world: &World, caller: Caller, id: &str) -> Result<Arc<Change>, Refusal> {
    let none = || Refusal::not_found(id);
    let found = match id.split('~').collect::<Vec<_>>().as_slice() {
        [number] if number.parse::<u32>().is_ok() => number.parse().ok().and_then(|n| world.change(n)),
        [key] if key.starts_with('I') => {
            let mut same = world.indexed().filter(|c| c.key == *key && world.sees_change(caller, c));
            same.next().filter(|_| same.next().is_none())
        }
        [project, number] => {
            number.parse().ok().and_then(|n| world.change(n)).filter(|c| c.project == *project)
        }
        [project, branch, key] => world.by_key(project, &crate::change::revert::full_branch(branch), key),
        _ => None,
    };
    let change = found.ok_or_else(none)?;
    if !world.sees_change(caller, &change) {
        return Err(none());
    }
    world.readable_state(&change.project)?;
    Ok(change)
}

/// The number of the patch set that a revision id names.
fn patch_set(change: &Change, revision: &str) -> Result<u32, Refusal> {
    if revision == "current" {
        return Ok(change.current);
    }
    let by_number = revision.parse().ok().filter(|n| change.patch_sets.contains_key(n));
    let long = revision.len() >= 4 && revision.chars().all(|c| c.is_ascii_hexdigit());
    let by_sha = || {
        let mut fits =
            change.patch_sets.values().filter(|p| long && p.commit.to_string().starts_with(revision));
        fits.next().map(|p| p.number)
    };
    by_number.or_else(by_sha).ok_or_else(|| Refusal::not_found(revision))
}

/// The change as it stands after a request, as REST answers with it.
fn shown(world: &World, caller: Caller, number: u32) -> Result<Answer, Refusal> {
    let change = world.must_change(number)?;
    Answer::ok(info::change(world, caller, &change, &options::Options::default())?)
}
