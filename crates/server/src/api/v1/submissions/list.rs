//! `GET /api/v1/submissions?limit=&after=`: the newest submissions with their outcomes.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use engine::surface::SubmissionView;
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
struct Submissions {
    schema: &'static str,
    rows: Vec<SubmissionView>,
    next: Option<String>,
}

pub(crate) async fn get(State(app): State<App>, query: Result<Query<Asked>, QueryRejection>) -> Response {
    ask::answer(list(&app, query).await)
}

async fn list(app: &App, query: Result<Query<Asked>, QueryRejection>) -> Result<Json<Submissions>, Problem> {
    let asked = ask::query(query)?;
    let page = app
        .surface
        .submissions(ask::limit(asked.limit)?, ask::after(asked.after)?)
        .await
        .map_err(|error| Problem::of_surface("page of submissions", &error))?;
    Ok(Json(Submissions { schema: "exequatur.submissions/1", rows: page.rows, next: page.next }))
}

pub(crate) fn doc() -> Operation {
    describe::operation("listSubmissions", "The newest submissions with their outcomes")
        .paged()
        .answer(200, "A page, newest first.", Some("Submissions"))
        .reader_errors()
        .done()
}
