//! The REST API: one file an endpoint, and here the table that says which path is whose.

pub(crate) mod access_check;
pub(crate) mod accounts;
pub(crate) mod changes;
pub(crate) mod groups;
pub(crate) mod input;
pub(crate) mod people;
pub(crate) mod projects;
pub(crate) mod server;

use serde_json::Value;

use crate::refusal::Refusal;
use crate::world::World;
use crate::world::accounts::Caller;
pub(crate) use input::Request;

/// What a client gets when something was done.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Body,
}

/// The forms that answers come in.
#[derive(Debug)]
pub(crate) enum Body {
    /// JSON, behind Gerrit's prefix.
    Json(Value),
    /// Base64 of a file.
    Encoded(String),
    Empty,
}

impl Answer {
    pub(crate) fn ok(value: impl Into<Value>) -> Result<Self, Refusal> {
        Ok(Self { status: 200, body: Body::Json(value.into()) })
    }

    pub(crate) fn created(value: impl Into<Value>) -> Result<Self, Refusal> {
        Ok(Self { status: 201, body: Body::Json(value.into()) })
    }

    pub(crate) fn none() -> Result<Self, Refusal> {
        Ok(Self { status: 204, body: Body::Empty })
    }
}

/// Answers one request.
pub(crate) fn dispatch(world: &mut World, request: &Request) -> Result<Answer, Refusal> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    match (request.method.as_str(), segments.as_slice()) {
        (_, ["accounts", rest @ ..]) => accounts::dispatch(world, request, rest),
        (_, ["groups", rest @ ..]) => groups::dispatch(world, request, rest),
        (_, ["projects", rest @ ..]) => projects::dispatch(world, request, rest),
        ("GET", ["access"]) => projects::access::several(world, request),
        (_, ["changes", rest @ ..]) => changes::dispatch(world, request, rest),
        ("GET", ["config", "server", "version"]) => Answer::ok(server::VERSION),
        ("GET", ["config", "server", "info"]) => server::info(world),
        ("POST", ["config", "server", "index.changes"]) => server::index_changes(world, request),
        _ => Err(nowhere()),
    }
}

/// What a path is told that nothing serves.
pub(crate) fn nowhere() -> Refusal {
    Refusal::absent("Not Found")
}

/// Administrators, or people with the named capability.
pub(crate) fn demand(world: &World, caller: Caller, capability: &str, words: &str) -> Result<u32, Refusal> {
    let id = caller.known()?;
    if world.has_capability(caller, capability) {
        Ok(id)
    } else {
        Err(Refusal::forbidden(format!("{words} not permitted")))
    }
}
