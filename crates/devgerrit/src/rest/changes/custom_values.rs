//! `/changes/{id}/custom_keyed_values`: for the owner of the change and administrators only.

use serde_json::{Value, json};

use crate::change::Change;
use crate::notedb::MetaUpdate;
use crate::refusal::Refusal;
use crate::rest::{Answer, Request, input};
use crate::world::World;

pub(super) fn get(change: &Change) -> Result<Answer, Refusal> {
    Answer::ok(json!(change.custom_values))
}

pub(super) fn post(world: &mut World, request: &Request, change: &Change) -> Result<Answer, Refusal> {
    let by = request.caller.known()?;
    let body = request.object()?;
    // the permission `editCustomKeyedValues` is stored and shown, and never asked: Gerrit 3.13 does so
    if by != change.owner && !world.is_admin(request.caller) {
        return Err(Refusal::forbidden("edit custom keyed values not permitted"));
    }
    let mut update = MetaUpdate::on(change.current);
    for (key, value) in body.get("add").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().unwrap_or("");
        if key.len() > 100 || value.len() > 1000 {
            return Err(Refusal::bad(format!("custom keyed value of {key} is too long")));
        }
        if change.custom_values.get(key).map(String::as_str) != Some(value) {
            update.custom_values.insert(key.clone(), value.to_owned());
        }
    }
    for key in input::list(&body, "remove") {
        if change.custom_values.contains_key(&key) {
            update.custom_values.insert(key, String::new());
        }
    }
    world.record(request.caller, change, update)?;
    get(&*world.must_change(change.number)?)
}
