//! `/authorize`: the page, and the way back.

use axum::{
    extract::{Form, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use crate::{
    Fault, page,
    server::Shared,
    world::{Code, Grant},
};

/// Milliseconds that a code is good.
const CODE_MS: i64 = 60_000;

/// What the relying party asks.
#[derive(Clone, Deserialize)]
pub(crate) struct Asked {
    client_id: String,
    redirect_uri: String,
    response_type: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    code_challenge: Option<String>,
    #[serde(default)]
    code_challenge_method: Option<String>,
    #[serde(default)]
    prompt: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Picked {
    person: String,
    #[serde(flatten)]
    asked: Asked,
}

enum Wrong {
    /// Not sent back anywhere: it isn't known to whom.
    Here(&'static str),
    /// Sent back.
    There(&'static str),
}

impl Asked {
    fn check(&self, idp: &Shared) -> Result<(), Wrong> {
        let world = idp.world();
        let client = world.clients.get(&self.client_id).ok_or(Wrong::Here("There is no such client"))?;
        if !client.redirect_uris.contains(&self.redirect_uri) {
            return Err(Wrong::Here("The client isn't reached there"));
        }
        if self.response_type != "code" {
            return Err(Wrong::There("unsupported_response_type"));
        }
        if !self.scope.split(' ').any(|scope| scope == "openid") {
            return Err(Wrong::There("invalid_scope"));
        }
        let challenged = self.code_challenge.as_ref().is_some_and(|text| text.len() == 43);
        if !challenged || self.code_challenge_method.as_deref() != Some("S256") {
            return Err(Wrong::There("invalid_request"));
        }
        if self.prompt.as_deref() == Some("none") {
            return Err(Wrong::There("login_required"));
        }
        Ok(())
    }

    fn fields(&self) -> Vec<(String, String)> {
        let optional = [
            ("state", &self.state),
            ("nonce", &self.nonce),
            ("code_challenge", &self.code_challenge),
            ("code_challenge_method", &self.code_challenge_method),
        ];
        let fixed = [
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("response_type", &self.response_type),
            ("scope", &self.scope),
        ];
        let fixed = fixed.map(|(name, value)| (name.to_owned(), value.clone()));
        let optional = optional
            .into_iter()
            .filter_map(|(name, value)| value.clone().map(|value| (name.to_owned(), value)));
        fixed.into_iter().chain(optional).collect()
    }

    fn back(&self, idp: &Shared, with: (&str, &str)) -> Response {
        let Ok(mut url) = url::Url::parse(&self.redirect_uri) else {
            return page::say(StatusCode::BAD_REQUEST, "The client isn't reached there");
        };
        url.query_pairs_mut().append_pair(with.0, with.1);
        if let Some(state) = &self.state {
            url.query_pairs_mut().append_pair("state", state);
        }
        let world = idp.world();
        if world.has(Fault::OtherIss) {
            url.query_pairs_mut().append_pair("iss", "https://evil.example");
        } else if !world.has(Fault::NoIss) {
            url.query_pairs_mut().append_pair("iss", &idp.url);
        }
        (StatusCode::SEE_OTHER, [(header::LOCATION, String::from(url))]).into_response()
    }

    fn wrong(&self, idp: &Shared, wrong: &Wrong) -> Response {
        match wrong {
            Wrong::Here(text) => page::say(StatusCode::BAD_REQUEST, text),
            Wrong::There(code) => self.back(idp, ("error", code)),
        }
    }
}

pub(crate) async fn get(State(idp): State<Shared>, Query(asked): Query<Asked>) -> Response {
    if let Err(wrong) = asked.check(&idp) {
        return asked.wrong(&idp, &wrong);
    }
    let title = format!("Sign in to {} as", asked.client_id);
    page::pick(&title, "/authorize", idp.world().people.values(), &asked.fields())
}

pub(crate) async fn post(State(idp): State<Shared>, Form(picked): Form<Picked>) -> Response {
    let Picked { person, asked } = picked;
    if let Err(wrong) = asked.check(&idp) {
        return asked.wrong(&idp, &wrong);
    }
    if idp.world().person(&person).is_err() {
        return page::say(StatusCode::BAD_REQUEST, "There is no such person");
    }
    let (Ok(code), Ok(session)) = (idp.random(), idp.random()) else {
        return page::say(StatusCode::INTERNAL_SERVER_ERROR, "There is no randomness");
    };
    let now = idp.clock.now();
    let grant = Grant {
        client: asked.client_id.clone(),
        login: person,
        session,
        nonce: asked.nonce.clone(),
        signed_in_at: now,
    };
    let kept = Code {
        grant,
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.code_challenge.clone().unwrap_or_default(),
        until: now.plus_ms(CODE_MS),
    };
    idp.world().codes.insert(code.clone(), kept);
    asked.back(&idp, ("code", &code))
}
