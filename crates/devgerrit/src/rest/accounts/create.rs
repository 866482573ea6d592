//! `PUT /accounts/{username}`

use std::collections::{BTreeMap, BTreeSet};

use crate::refusal::Refusal;
use crate::rest::{Answer, Request, demand, input, people};
use crate::world::World;
use crate::world::state::{Account, Audit, AuditKind, Token};

pub(crate) fn create(world: &mut World, request: &Request, username: &str) -> Result<Answer, Refusal> {
    let by = demand(world, request.caller, "createAccount", "create account")?;
    let body = request.object()?;
    let fine = |c: char| c.is_ascii_alphanumeric() || "_.-@".contains(c);
    if username.is_empty() || !username.chars().all(fine) {
        return Err(Refusal::bad(format!("Invalid username '{username}'")));
    }
    if world.state.by_username(username).is_some() {
        return Err(Refusal::conflict("account exists"));
    }
    let email = input::text(&body, "email").filter(|email| !email.is_empty());
    if let Some(email) = email {
        if !email.contains('@') {
            return Err(Refusal::bad("invalid email address"));
        }
        if !world.state.by_email(email).is_empty() {
            return Err(Refusal::unprocessable(format!("email '{email}' already exists")));
        }
    }
    let mut groups = Vec::new();
    for name in input::list(&body, "groups") {
        let group = world
            .state
            .group(&name)
            .ok_or_else(|| Refusal::unprocessable(format!("Group '{name}' not found")))?;
        groups.push(group.uuid.clone());
    }
    let id = world.state.next_account;
    let now = world.now();
    let secret = input::text(&body, "http_password");
    let tokens = secret.map(|secret| ("legacy".to_owned(), Token::new(secret, world.random_hex(8), None)));
    let account = Account {
        id,
        username: Some(username.to_owned()),
        name: input::text(&body, "name").map(str::to_owned),
        preferred_email: email.map(str::to_owned),
        emails: email.map(str::to_owned).into_iter().collect::<BTreeSet<_>>(),
        active: true,
        registered: now,
        tokens: tokens.into_iter().collect::<BTreeMap<_, _>>(),
    };
    world.state.next_account += 1;
    world.state.accounts.insert(id, account);
    for uuid in groups {
        if let Some(group) = world.state.groups.get_mut(&uuid) {
            group.members.insert(id);
            group.audit.push(Audit { kind: AuditKind::AddUser, subject: id.to_string(), by, at: now });
        }
    }
    world.save()?;
    Answer::created(people::account(world, id, true))
}
