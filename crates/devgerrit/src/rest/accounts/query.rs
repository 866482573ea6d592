//! `GET /accounts/?q=…`: `email:`, `name:`, `username:`, `is:active`, a number, or words.

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::requirements::expr::{Atom, Expr};
use crate::rest::{Answer, Request, people};
use crate::world::World;
use crate::world::state::Account;

pub(crate) fn query(world: &World, request: &Request) -> Result<Answer, Refusal> {
    let caller = request.caller;
    let text = request.param("q").filter(|q| !q.is_empty());
    let text = text.ok_or_else(|| Refusal::bad("missing query field"))?;
    let expr = Expr::parse(text).map_err(Refusal::bad)?;
    let inactive = expr.atoms().iter().any(|a| a.key == "is" && a.value == "inactive");
    let options: Vec<&str> = request.params("o").collect();
    let (details, emails) = (options.contains(&"DETAILS"), options.contains(&"ALL_EMAILS"));
    if emails && !world.has_capability(caller, "viewSecondaryEmails") {
        return Err(Refusal::forbidden("view secondary emails not permitted"));
    }
    let sees_all = world.has_capability(caller, "viewSecondaryEmails");
    let mut found: Vec<Value> = Vec::new();
    for account in world.state.accounts.values().filter(|a| a.active != inactive) {
        if !expr.eval(&|atom| holds(account, atom, sees_all || caller.account == Some(account.id))) {
            continue;
        }
        let mut out = people::account(world, account.id, details);
        if let Some(out) = out.as_object_mut().filter(|_| emails) {
            if let Some(email) = &account.preferred_email {
                out.insert("email".to_owned(), email.clone().into());
            }
            out.insert("secondary_emails".to_owned(), super::get::secondary(world, account.id));
        }
        found.push(out);
    }
    found.extend(world.faults.found_too());
    let limit = request.number("n")?.filter(|n| *n > 0).unwrap_or(500);
    let more = found.len() > limit;
    found.truncate(limit);
    if let Some(Value::Object(last)) = found.last_mut().filter(|_| more) {
        last.insert("_more_accounts".to_owned(), json!(true));
    }
    Answer::ok(found)
}

fn starts(text: Option<&String>, with: &str) -> bool {
    text.is_some_and(|text| text.to_lowercase().starts_with(&with.to_lowercase()))
}

/// Addresses match by their beginning, and second ones only for those who may see them.
fn holds(account: &Account, atom: &Atom, sees_all: bool) -> bool {
    let value = atom.value.as_str();
    let email = || match sees_all {
        true => account.emails.iter().any(|email| starts(Some(email), value)),
        false => starts(account.preferred_email.as_ref(), value),
    };
    let name = || {
        account.name.as_ref().is_some_and(|n| {
            n.split(' ').any(|word| starts(Some(&word.to_owned()), value)) || starts(Some(n), value)
        })
    };
    match atom.key.as_str() {
        "email" => email(),
        "name" => name(),
        "username" => account.username.as_deref() == Some(value),
        "is" => matches!(value, "active" | "inactive"),
        "" => {
            value.parse() == Ok(account.id) || email() || name() || starts(account.username.as_ref(), value)
        }
        _ => false,
    }
}
