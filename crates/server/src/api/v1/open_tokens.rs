//! `POST /api/v1/open-tokens`: one more one-time token, for another browser or after a session ended.

use axum::{Json, extract::State, response::Response};
use model::Timestamp;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    answer::Problem,
    api::{ask, describe},
    pages::open::people_sign_in,
    token::{TokenHash, fresh_token, open_url},
};

#[derive(Serialize)]
struct OpenToken {
    schema: &'static str,
    token: String,
    url: String,
    until: Timestamp,
}

pub(crate) async fn post(State(app): State<App>) -> Response {
    ask::answer(make(&app))
}

fn make(app: &App) -> Result<Json<OpenToken>, Problem> {
    if app.people.is_some() {
        return Err(people_sign_in());
    }
    let internal = |error: crate::ServerError| {
        tracing::error!(%error, "a one-time token could not be made");
        Problem::internal()
    };
    let token = fresh_token(&*app.entropy).map_err(internal)?;
    let hash = TokenHash::of_strong("one-time token", &token).map_err(internal)?;
    let until = app.now().plus_ms(app.limits.open_token_ms);
    app.open_tokens.add(hash, until);
    let url = open_url(app.address, &token);
    Ok(Json(OpenToken {
        schema: "exequatur.open-token/1",
        token: token.expose_secret().to_owned(),
        url,
        until,
    }))
}

pub(crate) fn doc() -> Operation {
    describe::operation("makeOpenToken", "One more one-time token that opens a session in a browser")
        .answer(200, "The token, and the address that takes it. It is good once.", Some("OpenToken"))
        .error(401, "Not the command line's token.")
        .error(404, "People sign in here; there are no one-time tokens.")
        .done()
}
