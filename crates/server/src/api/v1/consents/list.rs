//! `GET /api/v1/consents`: plans that wait for somebody's approval.

use axum::{Extension, Json, extract::State, response::Response};
use engine::surface::ConsentView;
use serde::Serialize;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::{ask, describe, v1::consents::show::viewer},
};

#[derive(Serialize)]
struct Consents {
    schema: &'static str,
    rows: Vec<ConsentView>,
}

pub(crate) async fn get(State(app): State<App>, Extension(caller): Extension<Caller>) -> Response {
    ask::answer(list(&app, &caller).await)
}

async fn list(app: &App, caller: &Caller) -> Result<Json<Consents>, Problem> {
    let rows = app.surface.consents(viewer(caller).as_ref()).await;
    let rows = rows.map_err(|error| Problem::of_surface("list of approvals", &error))?;
    Ok(Json(Consents { schema: "exequatur.consents/1", rows }))
}

pub(crate) fn doc() -> Operation {
    describe::operation("listConsents", "Plans that wait for somebody's approval")
        .answer(200, "All of them, those first that have waited longest.", Some("Consents"))
        .reader_errors()
        .done()
}
