//! `POST /api/v1/sign-in/device`: begins a device sign-in (RFC 8628).

use axum::{Json, extract::State, response::Response};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    answer::Problem,
    api::{ask, describe},
    people,
};

#[derive(Serialize)]
struct Started {
    schema: &'static str,
    id: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in_s: i64,
    interval_s: i64,
}

pub(crate) async fn post(State(app): State<App>) -> Response {
    ask::answer(begin(&app).await)
}

async fn begin(app: &App) -> Result<Json<Started>, Problem> {
    let people = app.people.as_ref().ok_or_else(Problem::no_sign_in)?;
    let started = people.devices.begin().await.map_err(|error| people::failed(&error))?;
    Ok(Json(Started {
        schema: "exequatur.device-started/1",
        id: started.id.expose_secret().to_owned(),
        user_code: started.user_code,
        verification_uri: started.verification_uri,
        verification_uri_complete: started.verification_uri_complete,
        expires_in_s: started.expires_in_s,
        interval_s: started.interval_s,
    }))
}

pub(crate) fn doc() -> Operation {
    describe::operation("beginDeviceSignIn", "Begins a sign-in on a machine without a browser")
        .open()
        .answer(200, "What the person opens and types, and what to poll with.", Some("DeviceStarted"))
        .error(404, "Nobody signs in here.")
        .error(501, "The identity provider offers no device sign-in.")
        .error(503, "The identity provider can't be asked, or too many sign in at once.")
        .done()
}
