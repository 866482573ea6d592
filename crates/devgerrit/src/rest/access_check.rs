//! `GET /projects/{p}/check.access`: may this account do that on a ref?

use serde_json::json;

use crate::refusal::Refusal;
use crate::world::World;
use crate::world::accounts::Caller;

use super::{Answer, Request, demand};

/// The permissions that the real server can answer for.
const KNOWN: [&str; 12] = [
    "read",
    "create",
    "delete",
    "push",
    "forgeAuthor",
    "forgeCommitter",
    "forgeServerAsCommitter",
    "createTag",
    "createSignedTag",
    "viewPrivateChanges",
    "pushMerge",
    "rebase",
];

pub(crate) fn check(world: &World, request: &Request, project: &str) -> Result<Answer, Refusal> {
    demand(world, request.caller, "viewAccess", "view access")?;
    let name = request.param("account").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Refusal::bad("input requires 'account'"))?;
    let account = world
        .resolve_account(request.caller, name)
        .map_err(|_| Refusal::unprocessable(format!("Account '{name}' not found")))?;
    if request.query.iter().any(|(key, _)| key == "permission") {
        return Err(Refusal::bad("\"--permission\" is not a valid option"));
    }
    let permission = request.param("perm").unwrap_or("read");
    if !KNOWN.contains(&permission) {
        return Err(Refusal::bad(format!("'{permission}' is not recognized as ref permission")));
    }
    let name = request.param("ref").unwrap_or("refs/heads/*");
    let may = world.can(Caller::of(account), project, name, permission);
    let who = world.display_name(account);
    let line = |permission: &str, name: &str| {
        let caller = Caller::of(account);
        let may = world.can(caller, project, name, permission);
        let rule = world.allowing(caller, project, name, permission).filter(|_| may);
        let why = rule.map(|(group, name)| format!(" (allowed for group '{group}' by rule 'group {name}')"));
        let word = if may { "can" } else { "cannot" };
        format!(
            "'{who}' {word} perform '{permission}' with force=false on project '{project}' for ref '{name}'{}",
            why.unwrap_or_default()
        )
    };
    // whether the project is visible at all is asked first
    let log = [line("read", "refs/heads/*"), line(permission, name)];
    if may {
        return Answer::ok(json!({"status": 200, "debug_logs": log}));
    }
    let message = format!("user {account} lacks permission {permission} for {name} in project {project}");
    Answer::ok(json!({"message": message, "status": 403, "debug_logs": log}))
}
