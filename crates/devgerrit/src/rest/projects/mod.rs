//! `/projects/…`

pub(crate) mod access;
mod access_review;
mod branches;
pub(crate) use branches::file;
mod commits;
mod config;
mod create;
mod get;
pub(crate) use get::padded as shown_value;
mod labels;
mod requirements;

use serde_json::json;

use crate::refusal::Refusal;
use crate::world::World;
use crate::world::accounts::Caller;

use super::{Answer, Request, access_check, nowhere};

pub(crate) fn dispatch(world: &mut World, request: &Request, rest: &[&str]) -> Result<Answer, Refusal> {
    let [project, rest @ ..] = rest else {
        return if request.method == "GET" { get::list(world, request) } else { Err(nowhere()) };
    };
    let method = request.method.as_str();
    if let ("PUT", []) = (method, rest) {
        return create::create(world, request, project);
    }
    // the configuration of a hidden project can still be changed, or nobody could show it again
    let administers = matches!(rest, ["config" | "access" | "parent" | "labels" | "submit_requirements", ..]);
    if !(administers && world.repo(project).is_some() && world.is_owner(request.caller, project)) {
        world.visible_project(request.caller, project)?;
    }
    match (method, rest) {
        ("GET", []) => Answer::ok(get::info(world, project)),
        ("GET", ["HEAD"]) => Answer::ok(world.must_repo(project)?.head()),
        ("PUT", ["HEAD"]) => branches::set_head(world, request, project),
        ("GET", ["description"]) => Answer::ok(world.config(project).description().unwrap_or_default()),
        ("GET", ["parent"]) => Answer::ok(get::parent(world, project).unwrap_or_default()),
        ("GET", ["config"]) => config::get(world, request, project),
        ("PUT", ["config"]) => config::put(world, request, project),
        ("GET", ["branches"]) => branches::list(world, request, project),
        ("GET", ["branches", branch]) => branches::get(world, request, project, branch),
        ("PUT", ["branches", branch]) => branches::create(world, request, project, branch),
        ("DELETE", ["branches", branch]) => branches::delete(world, request, project, branch),
        ("GET", ["branches", branch, "files", path, "content"]) => {
            branches::content(world, request, project, branch, path)
        }
        ("GET", ["commits", commit]) => commits::get(world, request, project, commit),
        ("GET", ["commits", commit, "in"]) => commits::included_in(world, request, project, commit),
        ("GET", ["commits", commit, "files", path, "content"]) => {
            commits::content(world, request, project, commit, path)
        }
        ("GET", ["labels"]) => labels::list(world, request, project),
        ("GET", ["labels", label]) => labels::get(world, project, label),
        ("PUT", ["labels", label]) => labels::put(world, request, project, label),
        ("DELETE", ["labels", label]) => labels::delete(world, request, project, label),
        ("GET", ["submit_requirements"]) => requirements::list(world, request, project),
        ("GET", ["submit_requirements", name]) => requirements::get(world, project, name),
        ("PUT", ["submit_requirements", name]) => requirements::put(world, request, project, name),
        ("DELETE", ["submit_requirements", name]) => requirements::delete(world, request, project, name),
        ("GET", ["access"]) => Answer::ok(access::info(world, request.caller, project)?),
        ("POST", ["access"]) => access::post(world, request, project),
        ("PUT", ["access:review"]) => access_review::put(world, request, project),
        ("GET", ["check.access"]) => access_check::check(world, request, project),
        ("GET", ["tags"]) => Answer::ok(json!([])),
        ("GET", [other, ..]) => Err(Refusal::not_found(other)),
        _ => Err(nowhere()),
    }
}

/// Those who may write `refs/meta/config` of the project.
fn demand_owner(world: &World, caller: Caller, project: &str, what: &str) -> Result<(), Refusal> {
    caller.known()?;
    if world.is_owner(caller, project) {
        Ok(())
    } else {
        Err(Refusal::forbidden(format!("not permitted: write ref config{what}")))
    }
}
