//! `PUT /projects/{p}`

use std::collections::BTreeMap;

use crate::change::revert::full_branch;
use crate::config::{ConfigText, ProjectConfig};
use crate::git::{Oid, Repo, tree};
use crate::refusal::Refusal;
use crate::rest::{Answer, Request, demand, input};
use crate::world::World;
use crate::world::projects::{ALL_PROJECTS, CONFIG, fine_name};

pub(crate) fn create(world: &mut World, request: &Request, name: &str) -> Result<Answer, Refusal> {
    let by = demand(world, request.caller, "createProject", "create project")?;
    let body = request.object()?;
    if input::text(&body, "name").is_some_and(|other| other != name) {
        return Err(Refusal::bad("name must match URL"));
    }
    if !fine_name(name) {
        return Err(Refusal::bad("invalid project name"));
    }
    if world.repo(name).is_some() {
        return Err(Refusal::conflict(format!("Project \"{name}\" already exists")));
    }
    let parent = input::text(&body, "parent").unwrap_or(ALL_PROJECTS);
    if world.repo(parent).is_none() {
        return Err(Refusal::unprocessable(format!("Project Not Found: {parent}")));
    }
    let mut branches: Vec<String> = input::list(&body, "branches").iter().map(|b| full_branch(b)).collect();
    if branches.is_empty() {
        branches.push("refs/heads/master".to_owned());
    }
    let only_config = input::flag(&body, "permissions_only").unwrap_or(false);
    let head = branches.first().cloned().unwrap_or_default();
    let head = if only_config { CONFIG.to_owned() } else { head };

    let mut text = ConfigText::parse("[project]\n").unwrap_or_default();
    if let Some(description) = input::text(&body, "description").filter(|text| !text.is_empty()) {
        text.set("project", None, "description", &[description.to_owned()]);
    }
    text.drop_empty("project");
    text.set("access", None, "inheritFrom", &[parent.to_owned()]);
    let action = input::text(&body, "submit_type").unwrap_or("INHERIT");
    text.set("submit", None, "action", &[action.to_lowercase().replace('_', " ")]);
    let mut config = ProjectConfig { text, groups: BTreeMap::new() };
    for owner in input::list(&body, "owners") {
        let uuid = world.group_uuid(&owner);
        let uuid = uuid.ok_or_else(|| Refusal::unprocessable(format!("Group '{owner}' not found")))?;
        let named = world.group_name(&uuid).unwrap_or_else(|| owner.clone());
        config.text.set("access", Some("refs/*"), "owner", &[format!("group {named}")]);
        config.groups.insert(named, uuid);
    }
    let repo = world.init_repo(name, &head)?;
    world.project_created(name, &head);
    world.write_config(request.caller, name, &config, "Updated project configuration")?;
    if input::flag(&body, "create_empty_commit").unwrap_or(false) && !only_config {
        first_commit(world, by, name, &repo, &branches)?;
    }
    Answer::created(super::get::info(world, name))
}

fn first_commit(
    world: &mut World,
    by: u32,
    name: &str,
    repo: &Repo,
    branches: &[String],
) -> Result<(), Refusal> {
    let empty = tree::build(repo, &tree::Flat::new())?;
    let author = world.ident(by);
    let id = repo.write_commit(empty, &[], &author, &world.server_ident(), "Initial empty repository\n")?;
    for branch in branches {
        world.move_ref(Some(by), name, branch, Oid::ZERO, id)?;
    }
    Ok(())
}
