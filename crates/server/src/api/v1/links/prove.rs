//! `POST /api/v1/links/{id}/prove`: looks for the text on a change, and keeps the link that it proves.

use axum::{
    Extension, Json,
    extract::{Path, State, rejection::JsonRejection},
    response::Response,
};
use engine::surface::LinkView;
use serde::Deserialize;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::{ask, describe},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    change: u64,
}

pub(crate) async fn post(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Result<Json<Asked>, JsonRejection>,
) -> Response {
    ask::answer(prove(&app, &caller, &id, body).await)
}

async fn prove(
    app: &App,
    caller: &Caller,
    id: &str,
    body: Result<Json<Asked>, JsonRejection>,
) -> Result<Json<LinkView>, Problem> {
    let by = ask::who(caller)?;
    let Asked { change } = ask::body(body)?;
    if id.len() != 32 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Problem::not_found("There is no such text that waits to be posted."));
    }
    let view = app.surface.prove_link(by, id, change).await;
    view.map(Json).map_err(|error| Problem::of_reading(&error))
}

pub(crate) fn doc() -> Operation {
    describe::operation("proveLink", "Looks for the text on a change, and keeps the link that it proves")
        .path("id", "What the text is known by.", "text")
        .body("`change`, its number.")
        .answer(200, "The link.", Some("LinkView"))
        .person_errors()
        .done()
}
