//! `GET /api/v1/submissions/{id}`: one submission with its outcomes, decisions, ranges and runs.

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use engine::surface::SubmissionView;
use model::SubmissionId;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    answer::Problem,
    api::{ask, describe},
};

pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>) -> Response {
    ask::answer(show(&app, &id).await.map(Json))
}

/// One submission; the page shows the same.
pub(crate) async fn show(app: &App, id: &str) -> Result<SubmissionView, Problem> {
    let id: SubmissionId = ask::id("submission id", id)?;
    app.surface.submission(&id).await.map_err(|error| Problem::of_surface("submission", &error))
}

pub(crate) fn doc() -> Operation {
    describe::operation("readSubmission", "One submission with its outcomes, decisions, ranges and runs")
        .path("id", "The submission's id.", "submission-id")
        .answer(200, "The submission.", Some("SubmissionView"))
        .reader_errors()
        .error(404, "There is no such submission.")
        .done()
}
