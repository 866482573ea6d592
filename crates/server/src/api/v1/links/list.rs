//! `GET /api/v1/links`: every link that was proven.

use axum::{Json, extract::State, response::Response};
use engine::surface::LinkView;
use serde::Serialize;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    answer::Problem,
    api::{ask, describe},
};

#[derive(Serialize)]
struct Links {
    schema: &'static str,
    rows: Vec<LinkView>,
}

pub(crate) async fn get(State(app): State<App>) -> Response {
    let links = app.surface.links().await.map(|rows| Json(Links { schema: "exequatur.links/1", rows }));
    ask::answer(links.map_err(|error| Problem::of_reading(&error)))
}

pub(crate) fn doc() -> Operation {
    describe::operation("listLinks", "Every link that was proven by challenge, those that were revoked too")
        .answer(200, "The links.", Some("Links"))
        .reader_errors()
        .done()
}
