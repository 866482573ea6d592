//! `POST /api/v1/links`: the text by which the holder of an account on Gerrit links it to who is signed in.

use axum::{
    Extension, Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    response::Response,
};
use engine::surface::{LinkAsked, LinkChallengeView};
use model::ServerName;
use serde::Deserialize;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::{ask, describe},
};

/// How long ago somebody may have signed in who links an account: a session that was left open links nothing.
const FRESH_MS: i64 = 5 * 60_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    server: ServerName,
    account: u64,
}

pub(crate) async fn post(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: Result<Json<Asked>, JsonRejection>,
) -> Response {
    ask::answer(asked(&app, &caller, body).await)
}

async fn asked(
    app: &App,
    caller: &Caller,
    body: Result<Json<Asked>, JsonRejection>,
) -> Result<Json<LinkChallengeView>, Problem> {
    let by = ask::who(caller)?;
    let Caller::Person(session) = caller else { return Err(Problem::no_sign_in()) };
    if app.now().ms_since(session.opened_at()) > FRESH_MS {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "sign-in-too-old",
            "Who links an account has to have signed in within the last five minutes.",
        )
        .hint("Sign in again: `exq login`."));
    }
    let Asked { server, account } = ask::body(body)?;
    let mut nonce = [0; 16];
    app.entropy.fill(&mut nonce).map_err(|error| {
        tracing::error!(%error, "no entropy for a link");
        Problem::internal()
    })?;
    let view = app.surface.ask_link(by, LinkAsked { server, account, nonce }).await;
    view.map(Json).map_err(|error| Problem::of_reading(&error))
}

pub(crate) fn doc() -> Operation {
    describe::operation(
        "askLink",
        "The text by which the holder of an account on Gerrit links it to who is signed in",
    )
    .body("`server`, and `account`, its number there.")
    .answer(
        200,
        "What has to be posted on a change, as that account, and until when.",
        Some("LinkChallengeView"),
    )
    .person_errors()
    .done()
}
