//! `GET /api/v1/runs/{id}`: one run with its plan, steps, timeline and outputs.

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use engine::surface::RunView;
use model::RunId;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    answer::Problem,
    api::{ask, describe},
};

pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>) -> Response {
    ask::answer(show(&app, &id).await.map(Json))
}

/// One run; the page for people looks it up in the same way.
pub(crate) async fn show(app: &App, id: &str) -> Result<RunView, Problem> {
    let id: RunId = ask::id("run id", id)?;
    app.surface.run(&id).await.map_err(|error| Problem::of_surface("run", &error))
}

pub(crate) fn doc() -> Operation {
    describe::operation("readRun", "One run with its plan, steps, timeline and outputs")
        .path("id", "The run's id.", "run-id")
        .answer(200, "The run.", Some("RunView"))
        .reader_errors()
        .error(404, "There is no such run.")
        .done()
}
