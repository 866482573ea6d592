//! `GET /readyz`: 200 when the server can do its work, 503 when a part is missing; and which.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use utoipa::openapi::path::Operation;

use crate::{App, api::describe};

#[derive(Serialize)]
struct Ready {
    schema: &'static str,
    ready: bool,
    parts: Vec<Part>,
    alarms: Vec<String>,
}

#[derive(Serialize)]
struct Part {
    name: String,
    well: bool,
    text: String,
}

pub(crate) async fn get(State(app): State<App>) -> Response {
    let health = app.surface.health().await;
    let parts = health.parts.into_iter().map(|(name, well, text)| Part { name, well, text }).collect();
    let status = if health.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let ready = Ready { schema: "exequatur.ready/1", ready: health.ready, parts, alarms: health.alarms };
    (status, Json(ready)).into_response()
}

pub(crate) fn doc() -> Operation {
    describe::operation("readReadiness", "Whether the server can do its work, and which part is missing")
        .answer(200, "It can.", Some("Ready"))
        .answer(503, "A part is missing.", Some("Ready"))
        .error(401, "No open session, and not the command line's token.")
        .done()
}
