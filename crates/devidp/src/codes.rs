//! `/token`: codes, refresh tokens and device codes for ID tokens.

use axum::{
    Json,
    extract::{Form, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use model::Digest;
use serde::Deserialize;
use serde_json::json;

use crate::{
    Fault, device,
    keys::b64,
    server::Shared,
    tokens::id_token,
    world::{DevClient, Grant},
};

#[derive(Deserialize)]
pub(crate) struct Asked {
    grant_type: String,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    device_code: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

pub(crate) async fn post(
    State(idp): State<Shared>,
    headers: HeaderMap,
    Form(asked): Form<Asked>,
) -> Response {
    let Some(client) = client(&idp, &headers, asked.client_id.clone(), asked.client_secret.clone()) else {
        return error(StatusCode::UNAUTHORIZED, "invalid_client");
    };
    let granted = match asked.grant_type.as_str() {
        "authorization_code" => of_code(&idp, &client, &asked),
        "refresh_token" => of_refresh(&idp, &client, asked.refresh_token),
        "urn:ietf:params:oauth:grant-type:device_code" => {
            device::poll(&idp, &client, asked.device_code.clone(), asked.code_verifier.as_deref())
        }
        _ => Err("unsupported_grant_type"),
    };
    let grant = match granted {
        Ok(grant) => grant,
        Err(code) => return error(StatusCode::BAD_REQUEST, code),
    };
    let Ok(refresh) = idp.random() else { return error(StatusCode::INTERNAL_SERVER_ERROR, "server_error") };
    let mut world = idp.world();
    let Ok(token) = id_token(&world, &idp.url, &grant, idp.clock.now()) else {
        return error(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    // A refreshed token bears no nonce.
    world.refresh.insert(refresh.clone(), Grant { nonce: None, ..grant });
    let answer = json!({
        "access_token": "this issuer protects nothing", "token_type": "Bearer", "expires_in": 300,
        "id_token": token, "refresh_token": refresh,
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

/// A code is good once: a second use ends what came of the first.
fn of_code(idp: &Shared, client: &DevClient, asked: &Asked) -> Result<Grant, &'static str> {
    let code = asked.code.as_deref().ok_or("invalid_request")?;
    let kept = idp.world().codes.remove(code).ok_or("invalid_grant")?;
    let verifier = asked.code_verifier.as_deref().ok_or("invalid_grant")?;
    let is_it = kept.grant.client == client.id
        && asked.redirect_uri.as_deref() == Some(kept.redirect_uri.as_str())
        && b64(Digest::of(verifier.as_bytes()).as_bytes()) == kept.challenge
        && (43..=128).contains(&verifier.len())
        && idp.clock.now() < kept.until;
    if is_it { Ok(kept.grant) } else { Err("invalid_grant") }
}

/// A refresh token is good once, too.
fn of_refresh(idp: &Shared, client: &DevClient, token: Option<String>) -> Result<Grant, &'static str> {
    let mut world = idp.world();
    if world.has(Fault::NoRefresh) {
        return Err("invalid_grant");
    }
    let grant = world.refresh.remove(&token.ok_or("invalid_request")?).ok_or("invalid_grant")?;
    if grant.client == client.id { Ok(grant) } else { Err("invalid_grant") }
}

/// The client that proves itself by its secret, in the header or in the form, or that has none.
pub(crate) fn client(
    idp: &Shared,
    headers: &HeaderMap,
    id: Option<String>,
    secret: Option<String>,
) -> Option<DevClient> {
    let (id, secret) = match headers.get(header::AUTHORIZATION) {
        Some(value) => {
            let (id, secret) = basic(value.to_str().ok()?)?;
            (id, Some(secret))
        }
        None => (id?, secret),
    };
    let client = idp.world().clients.get(&id)?.clone();
    (client.secret == secret).then_some(client)
}

fn basic(header: &str) -> Option<(String, String)> {
    let pair = String::from_utf8(STANDARD.decode(header.strip_prefix("Basic ")?).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    // Form-encoded, as RFC 6749 has it: read as one pair of a form.
    url::form_urlencoded::parse(format!("{id}={secret}").as_bytes()).into_owned().next()
}

pub(crate) fn error(status: StatusCode, code: &str) -> Response {
    (status, Json(json!({ "error": code, "error_description": format!("{code}, says this issuer") })))
        .into_response()
}
