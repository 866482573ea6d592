//! `/accounts/{id}/emails`

use serde_json::json;

use crate::refusal::Refusal;
use crate::rest::{Answer, Request, demand, input};
use crate::world::World;

pub(crate) fn list(world: &World, request: &Request, id: u32) -> Result<Answer, Refusal> {
    if !super::get::may_see_addresses(world, request.caller, id) {
        return Err(Refusal::forbidden("view secondary emails not permitted"));
    }
    let account = world.account(id);
    let preferred = account.and_then(|a| a.preferred_email.clone());
    let rows = account.into_iter().flat_map(|a| &a.emails).map(|email| {
        if Some(email) == preferred.as_ref() {
            json!({"email": email, "preferred": true})
        } else {
            json!({"email": email})
        }
    });
    Answer::ok(rows.collect::<Vec<_>>())
}

/// Only administrators may add an address that nobody confirmed.
pub(crate) fn add(world: &mut World, request: &Request, id: u32, email: &str) -> Result<Answer, Refusal> {
    demand(world, request.caller, "modifyAccount", "modify account")?;
    let body = request.object()?;
    if !email.contains('@') {
        return Err(Refusal::bad("invalid email address"));
    }
    if !world.state.by_email(email).is_empty() {
        return Err(Refusal::conflict(format!("Identity 'mailto:{email}' in use by another account")));
    }
    let preferred = input::flag(&body, "preferred").unwrap_or(false);
    if let Some(account) = world.state.accounts.get_mut(&id) {
        account.emails.insert(email.to_owned());
        if preferred || account.preferred_email.is_none() {
            account.preferred_email = Some(email.to_owned());
        }
    }
    world.save()?;
    Answer::created(if preferred {
        json!({"email": email, "preferred": true})
    } else {
        json!({"email": email})
    })
}

pub(crate) fn remove(world: &mut World, request: &Request, id: u32, email: &str) -> Result<Answer, Refusal> {
    super::demand_self(world, request, id, "modify account")?;
    let account = world.state.accounts.get_mut(&id).ok_or_else(|| Refusal::not_found(email))?;
    if !account.emails.remove(email) {
        return Err(Refusal::not_found(email));
    }
    if account.preferred_email.as_deref() == Some(email) {
        account.preferred_email = None;
    }
    world.save()?;
    Answer::none()
}
