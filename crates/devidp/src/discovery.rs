//! `/.well-known/openid-configuration` and `/jwks`.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::{Fault, keys::Key, server::Shared};

pub(crate) async fn document(State(idp): State<Shared>) -> Json<Value> {
    let mut world = idp.world();
    world.reads.0 += 1;
    let url = &idp.url;
    let issuer = if world.has(Fault::OtherIssuer) { "https://evil.example" } else { url.as_str() };
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "device_authorization_endpoint": format!("{url}/device_authorization"),
        "jwks_uri": format!("{url}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "grant_types_supported": [
            "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"
        ],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "scopes_supported": ["openid", "profile", "email", "groups"],
    }))
}

pub(crate) async fn keys(State(idp): State<Shared>) -> Json<Value> {
    let mut world = idp.world();
    world.reads.1 += 1;
    let keys: Vec<Value> = world.keys.iter().map(Key::jwk).collect();
    Json(json!({ "keys": keys }))
}
