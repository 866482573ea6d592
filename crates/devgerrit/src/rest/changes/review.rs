//! `POST /changes/{id}/revisions/{r}/review`

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::change::Change;
use crate::change::review::{InlineComment, Review};
use crate::notedb::update::ReviewerState;
use crate::refusal::Refusal;
use crate::rest::{Answer, Request, input};
use crate::world::World;

use super::info;
use super::options::Options;

pub(super) fn review(
    world: &mut World,
    request: &Request,
    change: &Change,
    patch_set: u32,
) -> Result<Answer, Refusal> {
    request.caller.known()?;
    let body = request.object()?;
    let labels = body.get("labels").and_then(Value::as_object);
    let (reviewers, added) = reviewers(world, request, change, &body)?;
    let on_behalf_of = match input::text(&body, "on_behalf_of") {
        Some(name) => {
            let found = world.resolve_account(request.caller, name);
            let id = found.map_err(|refusal| Refusal::unprocessable(refusal.text))?;
            Some((id, world.display_name(id)))
        }
        None => None,
    };
    let review = Review {
        message: input::text(&body, "message").map(str::to_owned),
        tag: input::text(&body, "tag").map(str::to_owned),
        labels: labels
            .into_iter()
            .flatten()
            .filter_map(|(name, v)| Some((name.clone(), number(v)?)))
            .collect(),
        on_behalf_of,
        reviewers,
        work_in_progress: match (input::flag(&body, "work_in_progress"), input::flag(&body, "ready")) {
            (Some(true), Some(true)) => {
                return Err(Refusal::bad("work_in_progress and ready are mutually exclusive"));
            }
            (Some(true), _) => Some(true),
            (_, Some(true)) => Some(false),
            _ => None,
        },
        comments: inline(&body),
        ignore_attention: input::flag(&body, "ignore_automatic_attention_set_rules").unwrap_or(false),
    };
    let taken = world.review(request.caller, change, patch_set, &review)?;
    let now = world.must_change(change.number)?;
    let mut out = Map::new();
    if labels.is_some() {
        out.insert("labels".to_owned(), json!(taken));
    }
    if !added.is_empty() {
        out.insert("reviewers".to_owned(), added.into());
    }
    out.insert("change_info".to_owned(), info::change(world, request.caller, &now, &Options::default())?);
    Answer::ok(out)
}

/// Numbers, also as text (`"+2"`), as Gson takes them.
fn number(value: &Value) -> Option<i32> {
    match value {
        Value::Number(n) => n.as_i64().and_then(|n| i32::try_from(n).ok()),
        Value::String(text) => text.trim().trim_start_matches('+').parse().ok(),
        _ => None,
    }
}

/// `comments`: path → list of comments.
fn inline(body: &Map<String, Value>) -> Vec<InlineComment> {
    let files = body.get("comments").and_then(Value::as_object).into_iter().flatten();
    let all =
        files.flat_map(|(path, list)| list.as_array().into_iter().flatten().map(move |item| (path, item)));
    all.filter_map(|(path, item)| {
        let message = item.get("message").and_then(Value::as_str).filter(|text| !text.is_empty())?;
        Some(InlineComment {
            path: path.clone(),
            line: item.get("line").and_then(Value::as_i64),
            message: message.to_owned(),
            unresolved: item.get("unresolved").and_then(Value::as_bool).unwrap_or(false),
            in_reply_to: item.get("in_reply_to").and_then(Value::as_str).map(str::to_owned),
        })
    })
    .collect()
}

type Added = (BTreeMap<u32, ReviewerState>, Map<String, Value>);

fn reviewers(
    world: &World,
    request: &Request,
    change: &Change,
    body: &Map<String, Value>,
) -> Result<Added, Refusal> {
    let mut states = BTreeMap::new();
    let mut shown = Map::new();
    for item in body.get("reviewers").and_then(Value::as_array).into_iter().flatten() {
        let name = item.get("reviewer").and_then(Value::as_str).unwrap_or("");
        let found = world.resolve_account(request.caller, name);
        let id = found.map_err(|_| {
            Refusal::bad(format!(
                "Account '{name}' not found\n{name} does not identify a registered user or group"
            ))
        })?;
        let state = match item.get("state").and_then(Value::as_str) {
            Some("CC") => ReviewerState::Cc,
            Some("REMOVED") => ReviewerState::Removed,
            _ => ReviewerState::Reviewer,
        };
        states.insert(id, state);
        shown.insert(name.to_owned(), super::reviewers::added(world, change, id, name, state));
    }
    Ok((states, shown))
}
