//! `/accounts/…`

mod active;
mod create;
mod emails;
mod get;
mod query;
mod tokens;

use serde_json::json;

use crate::refusal::Refusal;
use crate::world::World;

use super::{Answer, Request, nowhere};

pub(crate) fn dispatch(world: &mut World, request: &Request, rest: &[&str]) -> Result<Answer, Refusal> {
    let [id, rest @ ..] = rest else {
        return if request.method == "GET" { query::query(world, request) } else { Err(nowhere()) };
    };
    if let ("PUT", []) = (request.method.as_str(), rest) {
        return create::create(world, request, id);
    }
    let account = world.resolve_account(request.caller, id)?;
    match (request.method.as_str(), rest) {
        ("GET", []) => get::get(world, account),
        ("GET", ["detail"]) => get::detail(world, request, account),
        ("GET", ["name"]) => {
            Answer::ok(world.account(account).and_then(|a| a.name.clone()).unwrap_or_default())
        }
        ("GET", ["groups"]) => get::groups(world, request, account),
        ("GET", ["capabilities"]) => get::capabilities(world, request, account),
        ("GET", ["emails"]) => emails::list(world, request, account),
        ("POST" | "PUT", ["emails", email]) => emails::add(world, request, account, email),
        ("DELETE", ["emails", email]) => emails::remove(world, request, account, email),
        ("GET", ["tokens"]) => tokens::list(world, request, account),
        ("PUT", ["tokens", token]) => tokens::create(world, request, account, token),
        ("DELETE", ["tokens", token]) => tokens::delete(world, request, account, token),
        ("PUT", ["password.http"]) => tokens::set_password(world, request, account),
        ("GET", ["active"]) => active::get(world, account),
        ("PUT", ["active"]) => active::set(world, request, account, true),
        ("DELETE", ["active"]) => active::set(world, request, account, false),
        ("GET", [_, ..]) => Err(Refusal::not_found(rest.first().unwrap_or(&""))),
        _ => Err(nowhere()),
    }
}

/// Whether the caller is the account itself, or may change others.
fn demand_self(world: &World, request: &Request, account: u32, words: &str) -> Result<(), Refusal> {
    let caller = request.caller.known()?;
    if caller == account || world.has_capability(request.caller, "modifyAccount") {
        Ok(())
    } else {
        Err(Refusal::forbidden(format!("{words} not permitted")))
    }
}

/// A time with milliseconds, as tokens show their end.
fn time_ms(milliseconds: i64) -> serde_json::Value {
    let seconds = milliseconds.div_euclid(1000);
    let text = crate::clock::rest_time(seconds);
    let head = text.split('.').next().unwrap_or(&text);
    json!(format!("{head}.{:03}000000", milliseconds.rem_euclid(1000)))
}
