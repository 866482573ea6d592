//! `/projects/{p}/branches`

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::change::revert::full_branch;
use crate::git::{Oid, Repo, tree};
use crate::refusal::Refusal;
use crate::rest::{Answer, Body, Request, input};
use crate::world::World;
use crate::world::accounts::Caller;
use crate::world::projects::CONFIG;

fn info(world: &World, caller: Caller, project: &str, repo: &Repo, name: &str, id: Oid) -> Value {
    let mut out = json!({"ref": name, "revision": id.to_string()});
    let head = repo.head() == name;
    if world.is_owner(caller, project)
        && !head
        && name != CONFIG
        && let Some(out) = out.as_object_mut()
    {
        out.insert("can_delete".to_owned(), true.into());
    }
    out
}

pub(crate) fn list(world: &World, request: &Request, project: &str) -> Result<Answer, Refusal> {
    let repo = world.must_repo(project)?;
    let caller = request.caller;
    let mut out = Vec::new();
    let head = repo.head();
    if repo.reference(&head).is_some() && world.can(caller, project, &head, "read") {
        out.push(json!({"ref": "HEAD", "revision": head.strip_prefix("refs/heads/").unwrap_or(&head)}));
    }
    if let Some(id) = repo.reference(CONFIG).filter(|_| world.can(caller, project, CONFIG, "read")) {
        out.push(json!({"ref": CONFIG, "revision": id.to_string()}));
    }
    for (name, id) in repo.references("refs/heads/") {
        if world.can(caller, project, &name, "read") {
            out.push(info(world, caller, project, &repo, &name, id));
        }
    }
    let skip = request.number("S")?.or(request.number("start")?).unwrap_or(0);
    let limit = request.number("n")?.unwrap_or(usize::MAX);
    Answer::ok(out.into_iter().skip(skip).take(limit).collect::<Vec<_>>())
}

fn find(world: &World, caller: Caller, project: &str, branch: &str) -> Result<(Repo, String, Oid), Refusal> {
    let repo = world.must_repo(project)?;
    let name = if branch == "HEAD" { repo.head() } else { full_branch(branch) };
    let id = repo.reference(&name).filter(|_| world.can(caller, project, &name, "read"));
    let id = id.ok_or_else(|| Refusal::not_found(branch))?;
    Ok((repo, name, id))
}

pub(crate) fn get(world: &World, request: &Request, project: &str, branch: &str) -> Result<Answer, Refusal> {
    let (repo, name, id) = find(world, request.caller, project, branch)?;
    let mut out = info(world, request.caller, project, &repo, &name, id);
    // one branch alone says so of the head too
    if world.is_owner(request.caller, project)
        && name != CONFIG
        && let Some(out) = out.as_object_mut()
    {
        out.insert("can_delete".to_owned(), true.into());
    }
    Answer::ok(out)
}

/// A commit by name: a full SHA, a branch, or a full ref.
pub(super) fn resolve(repo: &Repo, text: &str) -> Option<Oid> {
    let sha = Oid::parse(text).filter(|id| repo.has(*id));
    sha.or_else(|| repo.reference(&full_branch(text)))
}

pub(crate) fn create(
    world: &mut World,
    request: &Request,
    project: &str,
    branch: &str,
) -> Result<Answer, Refusal> {
    let by = request.caller.known()?;
    let body = request.object()?;
    let name = full_branch(branch);
    let repo = world.must_repo(project)?;
    if repo.reference(&name).is_some() {
        return Err(Refusal::conflict(format!("Branch \"{name}\" already exists")));
    }
    let revision = input::text(&body, "revision").unwrap_or("HEAD");
    let id = if revision == "HEAD" { repo.reference(&repo.head()) } else { resolve(&repo, revision) };
    let id = id.ok_or_else(|| Refusal::bad(format!("Invalid revision {revision}")))?;
    if !world.can(request.caller, project, &name, "create") {
        return Err(Refusal::forbidden(format!("not permitted: create on {name}")));
    }
    world.move_ref(Some(by), project, &name, Oid::ZERO, id)?;
    Answer::created(info(world, request.caller, project, &repo, &name, id))
}

pub(crate) fn delete(
    world: &mut World,
    request: &Request,
    project: &str,
    branch: &str,
) -> Result<Answer, Refusal> {
    let by = request.caller.known()?;
    let (repo, name, id) = find(world, request.caller, project, branch)?;
    if !world.is_owner(request.caller, project) && !world.can(request.caller, project, &name, "delete") {
        return Err(Refusal::forbidden(format!("not permitted: delete on {name}")));
    }
    if repo.head() == name || name == CONFIG {
        return Err(Refusal::not_allowed(format!("not allowed to delete branch {name}")));
    }
    world.move_ref(Some(by), project, &name, id, Oid::ZERO)?;
    Answer::none()
}

/// `PUT /projects/{p}/HEAD`: the branch that `HEAD` names.
pub(super) fn set_head(world: &World, request: &Request, project: &str) -> Result<Answer, Refusal> {
    super::demand_owner(world, request.caller, project, "")?;
    let body = request.object()?;
    let name = input::text(&body, "ref").map(str::trim).filter(|name| !name.is_empty());
    let name = full_branch(name.ok_or_else(|| Refusal::bad("ref required"))?);
    let repo = world.must_repo(project)?;
    if repo.reference(&name).is_none() {
        return Err(Refusal::unprocessable(format!("Ref Not Found: {name}")));
    }
    repo.set_head(&name)?;
    Answer::ok(name)
}

pub(crate) fn content(
    world: &World,
    request: &Request,
    project: &str,
    branch: &str,
    path: &str,
) -> Result<Answer, Refusal> {
    let (repo, _, id) = find(world, request.caller, project, branch)?;
    file(&repo, id, path)
}

/// A file of a commit, in base64.
pub(crate) fn file(repo: &Repo, commit: Oid, path: &str) -> Result<Answer, Refusal> {
    let entry = tree::lookup(repo, repo.commit(commit)?.tree, path)?;
    let entry = entry.filter(|entry| entry.mode != 0o160_000).ok_or_else(crate::rest::nowhere)?;
    Ok(Answer { status: 200, body: Body::Encoded(STANDARD.encode(repo.blob(entry.id)?)) })
}
