//! `/accounts/{id}/tokens`

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Map, Value, json};

use crate::refusal::Refusal;
use crate::rest::{Answer, Request, input};
use crate::world::World;
use crate::world::state::Token;

pub(crate) fn list(world: &World, request: &Request, id: u32) -> Result<Answer, Refusal> {
    super::demand_self(world, request, id, "list tokens")?;
    let rows = world.account(id).into_iter().flat_map(|account| &account.tokens);
    Answer::ok(rows.map(|(name, token)| shown(name, token).into()).collect::<Vec<Value>>())
}

fn shown(name: &str, token: &Token) -> Map<String, Value> {
    let mut out = Map::from_iter([("id".to_owned(), Value::from(name))]);
    if let Some(end) = token.expires_ms {
        out.insert("expiration".to_owned(), super::time_ms(end));
    }
    out
}

/// A token id that exists is refused as 404, and a lifetime counts in whole minutes: both are Gerrit's.
pub(crate) fn create(world: &mut World, request: &Request, id: u32, name: &str) -> Result<Answer, Refusal> {
    super::demand_self(world, request, id, "create token")?;
    let body = request.object()?;
    if world.account(id).is_some_and(|account| account.tokens.contains_key(name)) {
        return Err(Refusal::not_found("/"));
    }
    let given = input::text(&body, "token");
    if given.is_some() && !world.is_admin(request.caller) {
        return Err(Refusal::forbidden("administrate server not permitted"));
    }
    let minutes = input::text(&body, "lifetime").map(minutes).transpose()?;
    let expires = minutes.map(|minutes| world.now_ms() + minutes * 60_000);
    let secret = given.map_or_else(
        || {
            let mut bytes = [0; 31];
            (world.entropy)(&mut bytes);
            STANDARD_NO_PAD.encode(bytes)
        },
        str::to_owned,
    );
    let token = Token::new(&secret, world.random_hex(8), expires);
    let mut out = shown(name, &token);
    out.insert("token".to_owned(), secret.into());
    if let Some(account) = world.state.accounts.get_mut(&id) {
        account.tokens.insert(name.to_owned(), token);
    }
    world.save()?;
    Answer::created(out)
}

fn minutes(text: &str) -> Result<i64, Refusal> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let wrong = || Refusal::bad(format!("Invalid lifetime: {text}"));
    let number: i64 = digits.parse().map_err(|_| wrong())?;
    let seconds = match text.get(digits.len()..).unwrap_or("").trim() {
        "s" | "sec" => 1,
        "m" | "min" | "" => 60,
        "h" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        "y" | "year" | "years" => 31_536_000,
        _ => return Err(wrong()),
    };
    match number.saturating_mul(seconds) / 60 {
        0 => Err(Refusal::bad("Lifetime must be larger than 0")),
        minutes => Ok(minutes),
    }
}

pub(crate) fn delete(world: &mut World, request: &Request, id: u32, name: &str) -> Result<Answer, Refusal> {
    super::demand_self(world, request, id, "delete token")?;
    let account = world.state.accounts.get_mut(&id).ok_or_else(|| Refusal::not_found(name))?;
    account.tokens.remove(name).ok_or_else(|| Refusal::not_found(name))?;
    world.save()?;
    Answer::none()
}

pub(crate) fn set_password(world: &mut World, request: &Request, id: u32) -> Result<Answer, Refusal> {
    super::demand_self(world, request, id, "set password")?;
    let body = request.object()?;
    let secret = match (input::text(&body, "http_password"), input::flag(&body, "generate")) {
        (Some(_), _) if !world.is_admin(request.caller) => {
            return Err(Refusal::forbidden("administrate server not permitted"));
        }
        (Some(secret), _) => secret.to_owned(),
        (None, Some(true)) => world.random_hex(20),
        (None, _) => return Err(Refusal::bad("a password, or generate, is required")),
    };
    let token = Token::new(&secret, world.random_hex(8), None);
    if let Some(account) = world.state.accounts.get_mut(&id) {
        account.tokens.insert("legacy".to_owned(), token);
    }
    world.save()?;
    Answer::ok(json!(secret))
}
