//! `PUT /projects/{p}/access:review`: a change of the rules as a change to be reviewed.

use crate::change::create::Upload;
use crate::change::revert::no_merge;
use crate::refusal::Refusal;
use crate::rest::{Answer, Request, changes, input};
use crate::world::World;
use crate::world::projects::CONFIG;

/// Everybody who can read the configuration may propose.
pub(crate) fn put(world: &mut World, request: &Request, project: &str) -> Result<Answer, Refusal> {
    let by = request.caller.known()?;
    if !world.can(request.caller, project, CONFIG, "read") {
        return Err(Refusal::forbidden("refs/meta/config not visible"));
    }
    let body = request.object()?;
    let repo = world.must_repo(project)?;
    let (old, config) = world.config_at(project);
    let mut changed = (*config).clone();
    super::access::edit(world, &mut changed, &body)?;
    if changed.text == config.text && changed.groups == config.groups {
        return Err(Refusal::bad("no change"));
    }
    let message =
        input::text(&body, "message").filter(|text| !text.is_empty()).unwrap_or("Review access change");
    let message = world.with_change_id(message);
    let id = world.commit_config(&repo, old, &changed, &world.ident(by), &message)?;
    let upload = Upload { merge_facts: no_merge(), ..Upload::default() };
    let change = world.create_change(request.caller, project, CONFIG, id, &upload)?;
    Answer::created(changes::info::change(
        world,
        request.caller,
        &change,
        &changes::options::Options::default(),
    )?)
}
