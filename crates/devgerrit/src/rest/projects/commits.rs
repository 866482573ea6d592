//! `/projects/{p}/commits/{sha}`: visible where a readable branch reaches it.

use serde_json::json;

use crate::git::{Commit, Oid, Repo, walk};
use crate::refusal::Refusal;
use crate::rest::{Answer, Request, changes};
use crate::world::World;

fn find(
    world: &World,
    request: &Request,
    project: &str,
    id: &str,
) -> Result<(Repo, Commit, Vec<String>), Refusal> {
    let repo = world.must_repo(project)?;
    let none = || Refusal::not_found(id);
    let oid = Oid::parse(id).filter(|oid| repo.has(*oid)).ok_or_else(none)?;
    let commit = repo.commit(oid).map_err(|_| none())?;
    let mut branches = Vec::new();
    for (name, head) in repo.references("refs/heads/") {
        if world.can(request.caller, project, &name, "read") && walk::is_ancestor(&repo, oid, head)? {
            branches.push(name.trim_start_matches("refs/heads/").to_owned());
        }
    }
    let of_a_change = world.indexed().any(|c| {
        c.project == project
            && c.patch_sets.values().any(|p| p.commit == oid)
            && world.sees_change(request.caller, &c)
    });
    if branches.is_empty() && !of_a_change {
        return Err(none());
    }
    Ok((repo, commit, branches))
}

pub(crate) fn get(world: &World, request: &Request, project: &str, id: &str) -> Result<Answer, Refusal> {
    let (repo, commit, _) = find(world, request, project, id)?;
    Answer::ok(changes::info::commit(&repo, &commit, true))
}

pub(crate) fn included_in(
    world: &World,
    request: &Request,
    project: &str,
    id: &str,
) -> Result<Answer, Refusal> {
    let (_, _, branches) = find(world, request, project, id)?;
    Answer::ok(json!({"branches": branches, "tags": []}))
}

pub(crate) fn content(
    world: &World,
    request: &Request,
    project: &str,
    id: &str,
    path: &str,
) -> Result<Answer, Refusal> {
    let (repo, commit, _) = find(world, request, project, id)?;
    super::branches::file(&repo, commit.id, path)
}
