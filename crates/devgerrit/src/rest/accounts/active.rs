//! `/accounts/{id}/active`

use crate::refusal::Refusal;
use crate::rest::{Answer, Body, Request, demand};
use crate::world::World;

pub(crate) fn get(world: &World, id: u32) -> Result<Answer, Refusal> {
    if world.account(id).is_some_and(|account| account.active) { Answer::ok("ok") } else { Answer::none() }
}

pub(crate) fn set(world: &mut World, request: &Request, id: u32, on: bool) -> Result<Answer, Refusal> {
    let by = demand(world, request.caller, "administrateServer", "administrate server")?;
    if !on && by == id {
        return Err(Refusal::conflict("cannot deactivate own account"));
    }
    let Some(account) = world.state.accounts.get_mut(&id) else { return Answer::none() };
    let before = std::mem::replace(&mut account.active, on);
    world.save()?;
    match (before, on) {
        (false, false) => Err(Refusal::conflict("account not active")),
        (true, false) => Answer::none(),
        (false, true) => Ok(Answer { status: 201, body: Body::Json("".into()) }),
        (true, true) => Answer::ok(""),
    }
}
