//! `GET /api/v1/requests?limit=&after=`: the newest requests.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use engine::surface::RequestView;
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::Operation;

use crate::{
    App,
    answer::Problem,
    api::{ask, describe},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Serialize)]
struct Requests {
    schema: &'static str,
    rows: Vec<RequestView>,
    next: Option<String>,
}

pub(crate) async fn get(State(app): State<App>, query: Result<Query<Asked>, QueryRejection>) -> Response {
    ask::answer(list(&app, query).await)
}

async fn list(app: &App, query: Result<Query<Asked>, QueryRejection>) -> Result<Json<Requests>, Problem> {
    let Asked { limit, after } = ask::query(query)?;
    let page = app.surface.requests(ask::limit(limit)?, ask::after(after)?).await;
    let page = page.map_err(|error| Problem::of_surface("page of requests", &error))?;
    Ok(Json(Requests { schema: "exequatur.requests/1", rows: page.rows, next: page.next }))
}

pub(crate) fn doc() -> Operation {
    describe::operation("listRequests", "The newest requests")
        .paged()
        .answer(200, "A page.", Some("Requests"))
        .reader_errors()
        .done()
}
