//! `GET /api/v1/runs/{id}/bundle`: all that is needed to check one run offline (`docs/BUNDLE.md`).

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use model::RunId;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    answer::Problem,
    api::{ask, describe},
};

/// How the name of a bundle's file ends, with its dot.
pub const BUNDLE_EXTENSION: &str = ".bundle";

pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>) -> Response {
    ask::answer(bundle(&app, &id).await)
}

async fn bundle(app: &App, id: &str) -> Result<Response, Problem> {
    let id: RunId = ask::id("run id", id)?;
    let bytes = app.surface.bundle(&id).await.map_err(|error| Problem::of_surface("bundle", &error))?;
    // A run id's grammar has nothing that a header or a file system could read otherwise.
    let name = format!("attachment; filename=\"{}\"", file_name(&id));
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, bytes).into_response())
}

/// The name under which a browser keeps a run's bundle.
pub(crate) fn file_name(id: &RunId) -> String {
    format!("{id}{BUNDLE_EXTENSION}")
}

pub(crate) fn doc() -> Operation {
    describe::operation("downloadBundle", "All that is needed to check one run offline")
        .path("id", "The run's id.", "run-id")
        .bytes(200, "The bundle.", "application/octet-stream")
        .reader_errors()
        .error(404, "There is no such run.")
        .error(409, "It is not finished, and has no bundle yet.")
        .done()
}
