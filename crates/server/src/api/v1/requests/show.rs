//! `GET /api/v1/requests/{id}`: one request, and how it stands.

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use engine::surface::RequestView;
use model::RequestId;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    answer::Problem,
    api::{ask, describe},
};

pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>) -> Response {
    ask::answer(show(&app, &id).await)
}

async fn show(app: &App, id: &str) -> Result<Json<RequestView>, Problem> {
    let id: RequestId = ask::id("request id", id)?;
    let view = app.surface.request(&id).await;
    view.map(Json).map_err(|error| Problem::of_surface("request", &error))
}

pub(crate) fn doc() -> Operation {
    describe::operation("showRequest", "One request, and how it stands")
        .path("id", "The request's id.", "request-id")
        .answer(200, "The request.", Some("RequestView"))
        .reader_errors()
        .error(404, "There is no such request.")
        .done()
}
