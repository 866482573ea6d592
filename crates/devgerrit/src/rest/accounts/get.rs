//! `GET /accounts/{id}`, its details, groups and capabilities.

use serde_json::{Map, Value, json};

use crate::clock::rest_time;
use crate::config::defaults::SYSTEM_GROUPS;
use crate::refusal::Refusal;
use crate::rest::{Answer, Request, people};
use crate::world::World;
use crate::world::accounts::Caller;

pub(crate) fn get(world: &World, account: u32) -> Result<Answer, Refusal> {
    Answer::ok(people::account(world, account, true))
}

pub(crate) fn detail(world: &World, request: &Request, id: u32) -> Result<Answer, Refusal> {
    let mut out = people::account(world, id, true);
    if let (Some(out), Some(account)) = (out.as_object_mut(), world.account(id)) {
        out.insert("registered_on".to_owned(), rest_time(account.registered).into());
        if may_see_addresses(world, request.caller, id) {
            out.insert("secondary_emails".to_owned(), secondary(world, id));
        }
    }
    Answer::ok(out)
}

/// Oneself, and those with the capability.
pub(super) fn may_see_addresses(world: &World, caller: Caller, id: u32) -> bool {
    caller.account == Some(id) || world.has_capability(caller, "viewSecondaryEmails")
}

pub(super) fn secondary(world: &World, id: u32) -> Value {
    let Some(account) = world.account(id) else { return json!([]) };
    account.emails.iter().filter(|email| Some(*email) != account.preferred_email.as_ref()).cloned().collect()
}

/// Effective groups; of others only what the caller may see, and no system groups.
pub(crate) fn groups(world: &World, request: &Request, id: u32) -> Result<Answer, Refusal> {
    request.caller.known()?;
    let mine = world.state.groups_of(id);
    let shows_system = request.caller.account == Some(id) || world.is_admin(request.caller);
    let mut found: Vec<(String, Value)> = Vec::new();
    for (uuid, name) in SYSTEM_GROUPS.iter().filter(|(uuid, _)| shows_system && mine.contains(*uuid)) {
        found.push(((*name).to_owned(), json!({"options": {}, "id": people::encoded(uuid), "name": name})));
    }
    for group in world.state.groups.values().filter(|g| mine.contains(&g.uuid)) {
        if world.sees_group(request.caller, group) {
            found.push((group.name.clone(), people::group(world, group, true).into()));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Answer::ok(found.into_iter().map(|(_, value)| value).collect::<Vec<_>>())
}

pub(crate) fn capabilities(world: &World, request: &Request, id: u32) -> Result<Answer, Refusal> {
    super::demand_self(world, request, id, "view capabilities")?;
    let caller = Caller::of(id);
    let mut out = Map::new();
    for name in [
        "administrateServer",
        "createAccount",
        "createGroup",
        "createProject",
        "maintainServer",
        "modifyAccount",
        "streamEvents",
        "viewAccess",
        "viewAllAccounts",
        "viewSecondaryEmails",
        "runAs",
    ] {
        if world.has_capability(caller, name) && (name != "runAs" || !world.is_admin(caller)) {
            out.insert(name.to_owned(), true.into());
        }
    }
    out.insert("emailReviewers".to_owned(), true.into());
    out.insert("queryLimit".to_owned(), json!({"min": 0, "max": 500}));
    Answer::ok(out)
}
