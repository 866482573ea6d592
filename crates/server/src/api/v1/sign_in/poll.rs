//! `POST /api/v1/sign-in/device/poll`: whether the person has signed in; if so, a session's token, once.

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::HeaderMap,
    response::Response,
};
use identity::{DeviceAnswer, Via};
use model::Timestamp;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::Operation;

use crate::{
    App,
    answer::Problem,
    api::{ask, describe},
    people,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    id: String,
}

#[derive(Serialize)]
struct Polled {
    schema: &'static str,
    state: &'static str,
    interval_s: Option<i64>,
    token: Option<String>,
    until: Option<Timestamp>,
}

const SCHEMA: &str = "exequatur.device-polled/1";

pub(crate) async fn post(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Json<Asked>, JsonRejection>,
) -> Response {
    ask::answer(poll(&app, &headers, body).await)
}

async fn poll(
    app: &App,
    headers: &HeaderMap,
    body: Result<Json<Asked>, JsonRejection>,
) -> Result<Json<Polled>, Problem> {
    let people = app.people.as_ref().ok_or_else(Problem::no_sign_in)?;
    let Json(Asked { id }) = body.map_err(|_| Problem::bad_request("The body is no {\"id\": \"…\"}."))?;
    let failed = |error| people::failed(&error);
    let signed_in = match people.devices.poll(&id).await.map_err(failed)? {
        DeviceAnswer::Pending { interval_s } => {
            let interval_s = Some(interval_s);
            return Ok(Json(Polled {
                schema: SCHEMA,
                state: "pending",
                interval_s,
                token: None,
                until: None,
            }));
        }
        DeviceAnswer::SignedIn(signed_in) => signed_in,
    };
    let opened = people.sessions.open(Via::CommandLine, *signed_in, people::label(headers)).await;
    let (token, session) = opened.map_err(failed)?;
    let until = session.opened_at().plus_ms(people.sessions.limits().absolute_ms);
    Ok(Json(Polled {
        schema: SCHEMA,
        state: "signed-in",
        interval_s: None,
        token: Some(token.expose_secret().to_owned()),
        until: Some(until),
    }))
}

pub(crate) fn doc() -> Operation {
    describe::operation("pollDeviceSignIn", "Whether the person has signed in")
        .open()
        .body("`id`: what beginning it gave.")
        .answer(200, "Not yet; or a session's token, told once.", Some("DevicePolled"))
        .error(400, "No such sign-in waits: it was used, or took too long.")
        .error(403, "The person or the identity provider said no.")
        .error(404, "Nobody signs in here.")
        .error(503, "The identity provider can't be asked.")
        .done()
}
