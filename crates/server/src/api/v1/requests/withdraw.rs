//! `POST /api/v1/requests/{id}/withdraw`: whoever asked takes it back.

use axum::{
    Extension, Json,
    extract::{Path, State},
    response::Response,
};
use engine::surface::RequestView;
use model::RequestId;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::{ask, describe},
};

pub(crate) async fn post(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    ask::answer(withdraw(&app, &caller, &id).await)
}

async fn withdraw(app: &App, caller: &Caller, id: &str) -> Result<Json<RequestView>, Problem> {
    let id: RequestId = ask::id("request id", id)?;
    let by = ask::requester(caller)?;
    let view = app.surface.withdraw(&id, by).await;
    view.map(Json).map_err(|error| Problem::of_reading(&error))
}

pub(crate) fn doc() -> Operation {
    describe::operation("withdrawRequest", "Takes a request back; only whoever asked may")
        .path("id", "The request's id.", "request-id")
        .answer(200, "The request, as it stands now.", Some("RequestView"))
        .person_errors()
        .done()
}
