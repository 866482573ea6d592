//! What ID tokens say, right and wrong.

use model::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    Error, Fault,
    keys::unsigned,
    world::{Grant, World},
};

/// Seconds that a token lives.
const LIFE_S: i64 = 300;

/// The ID token of a grant.
pub(crate) fn id_token(world: &World, issuer: &str, grant: &Grant, now: Timestamp) -> Result<String, Error> {
    let claims = Value::Object(claims(world, issuer, grant, now)?);
    let key = world.keys.last().ok_or(Error::Key("there is none"))?;
    if world.has(Fault::AlgNone) {
        return Ok(unsigned(&claims));
    }
    if world.has(Fault::Hs256OverPublicKey) {
        return Ok(key.confuse(&claims));
    }
    if world.has(Fault::ForeignKey) {
        let foreign = world.foreign.as_ref().ok_or(Error::Key("there is no foreign one"))?;
        return foreign.sign(&key.id, "JWT", &claims);
    }
    if world.has(Fault::UnknownKey) {
        return key.sign("nobody-knows-this-key", "JWT", &claims);
    }
    let kind = if world.has(Fault::AccessToken) { "at+jwt" } else { "JWT" };
    key.sign(&key.id, kind, &claims)
}

fn claims(world: &World, issuer: &str, grant: &Grant, now: Timestamp) -> Result<Map<String, Value>, Error> {
    let has = |fault| world.has(fault);
    let person = world.person(&grant.login)?;
    let now_s = now.as_millis() / 1000;
    let at = |offset: i64| json!(now_s + offset);
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
    put("iss", if has(Fault::WrongIssuer) { json!("https://evil.example") } else { json!(issuer) });
    let subject = if has(Fault::OtherSubject) { "u-somebody-else" } else { person.subject.as_str() };
    put("sub", json!(subject));
    put(
        "aud",
        if has(Fault::WrongAudience) {
            json!("another-client")
        } else if has(Fault::ExtraAudience) {
            json!([grant.client, "another-client"])
        } else {
            json!(grant.client)
        },
    );
    put("azp", if has(Fault::WrongParty) { json!("another-client") } else { json!(grant.client) });
    let (made, ends) = if has(Fault::Expired) {
        (at(-3600), at(-3600 + LIFE_S))
    } else if has(Fault::FromTheFuture) {
        (at(3600), at(3600 + LIFE_S))
    } else {
        (at(0), at(LIFE_S))
    };
    put("iat", made);
    put("exp", ends);
    if !has(Fault::NoSignInTime) {
        let old = if has(Fault::OldSignIn) { 3600 } else { 0 };
        put("auth_time", json!(grant.signed_in_at.as_millis() / 1000 - old));
    }
    if has(Fault::WrongNonce) {
        put("nonce", json!("0".repeat(64)));
    } else if let Some(nonce) = grant.nonce.as_deref().filter(|_| !has(Fault::NoNonce)) {
        put("nonce", json!(nonce));
    }
    put("sid", json!(grant.session));
    put("name", json!(person.name));
    put("preferred_username", json!(person.login));
    put("email", json!(format!("{}@example.com", person.login)));
    put("email_verified", if has(Fault::TextVerified) { json!("true") } else { json!(true) });
    if let Some(key) = &person.person {
        put("person", json!(key));
    }
    if has(Fault::ManyGroups) {
        put("groups", json!((0..40_000).map(|n| format!("{n:050}")).collect::<Vec<_>>()));
    } else if has(Fault::Overage) {
        put("_claim_names", json!({"groups": "src1"}));
        put("_claim_sources", json!({"src1": {"endpoint": "https://graph.example/getMemberObjects"}}));
    } else if !has(Fault::NoGroups) {
        put("groups", json!(person.groups));
    }
    if has(Fault::Delegated) {
        put("act", json!({"sub": "agent-1"}));
    }
    claims.extend(person.claims.clone());
    Ok(claims)
}
