//! The device grant (RFC 8628).

use axum::{
    Json,
    extract::{Form, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use model::Digest;
use serde::Deserialize;
use serde_json::json;

use crate::{
    codes,
    keys::b64,
    page,
    server::Shared,
    world::{DevClient, DeviceCode, Grant},
};

const LIFE_S: i64 = 600;
const INTERVAL_S: i64 = 1;

#[derive(Deserialize)]
pub(crate) struct Asked {
    client_id: Option<String>,
    client_secret: Option<String>,
    code_challenge: Option<String>,
}

pub(crate) async fn authorize(
    State(idp): State<Shared>,
    headers: HeaderMap,
    Form(asked): Form<Asked>,
) -> Response {
    let Some(client) = codes::client(&idp, &headers, asked.client_id, asked.client_secret) else {
        return codes::error(StatusCode::UNAUTHORIZED, "invalid_client");
    };
    let (Ok(device_code), Ok(user_code)) = (idp.random(), idp.random()) else {
        return codes::error(StatusCode::INTERNAL_SERVER_ERROR, "server_error");
    };
    let user_code: String = user_code.to_uppercase().chars().take(8).collect();
    let code = DeviceCode {
        client: client.id,
        user_code: user_code.clone(),
        challenge: asked.code_challenge,
        until: idp.clock.now().plus_ms(LIFE_S * 1000),
        asked_at: None,
        answer: None,
    };
    idp.world().devices.insert(device_code.clone(), code);
    let url = &idp.url;
    Json(json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": format!("{url}/device"),
        "verification_uri_complete": format!("{url}/device?user_code={user_code}"),
        "expires_in": LIFE_S, "interval": INTERVAL_S,
    }))
    .into_response()
}

#[derive(Deserialize)]
pub(crate) struct Shown {
    user_code: Option<String>,
}

pub(crate) async fn get(State(idp): State<Shared>, Query(shown): Query<Shown>) -> Response {
    let Some(user_code) = shown.user_code else { return page::type_code() };
    let fields = [("user_code".to_owned(), user_code)];
    page::pick("Connect the device as", "/device", idp.world().people.values(), &fields)
}

#[derive(Deserialize)]
pub(crate) struct Picked {
    user_code: String,
    /// Empty: refused.
    person: String,
}

pub(crate) async fn post(State(idp): State<Shared>, Form(picked): Form<Picked>) -> Response {
    let Ok(session) = idp.random() else {
        return page::say(StatusCode::INTERNAL_SERVER_ERROR, "There is no randomness");
    };
    let now = idp.clock.now();
    let mut world = idp.world();
    let is_known = picked.person.is_empty() || world.person(&picked.person).is_ok();
    let code = world.devices.values_mut().find(|code| {
        code.user_code.eq_ignore_ascii_case(picked.user_code.trim())
            && code.answer.is_none()
            && now < code.until
    });
    let Some(code) = code.filter(|_| is_known) else {
        return page::say(StatusCode::BAD_REQUEST, "There is no such code");
    };
    if picked.person.is_empty() {
        code.answer = Some(Err(()));
        return page::say(StatusCode::OK, "Refused");
    }
    let client = code.client.clone();
    code.answer = Some(Ok(Grant { client, login: picked.person, session, nonce: None, signed_in_at: now }));
    page::say(StatusCode::OK, "The device is connected. This page can be closed.")
}

/// What a device code has become.
pub(crate) fn poll(
    idp: &Shared,
    client: &DevClient,
    device_code: Option<String>,
    verifier: Option<&str>,
) -> Result<Grant, &'static str> {
    let device_code = device_code.ok_or("invalid_request")?;
    let now = idp.clock.now();
    let mut world = idp.world();
    let code = world.devices.get_mut(&device_code).filter(|code| code.client == client.id);
    let code = code.ok_or("invalid_grant")?;
    let answer = verifier.map(|verifier| b64(Digest::of(verifier.as_bytes()).as_bytes()));
    if code.challenge.is_some() && code.challenge != answer {
        return Err("invalid_grant");
    }
    if now >= code.until {
        return Err("expired_token");
    }
    let too_soon = code.asked_at.replace(now).is_some_and(|at| now.ms_since(at) < INTERVAL_S * 1000);
    match &code.answer {
        None if too_soon => Err("slow_down"),
        None => Err("authorization_pending"),
        Some(_) => match world.devices.remove(&device_code).and_then(|code| code.answer) {
            Some(Ok(grant)) => Ok(grant),
            _ => Err("access_denied"),
        },
    }
}
