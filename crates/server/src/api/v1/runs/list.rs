//! `GET /api/v1/runs?state=&limit=&after=`: the newest runs.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use engine::surface::{Page, RunQuery, RunRow};
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::Operation;

use crate::{
    App,
    answer::Problem,
    api::{ask, describe},
};

/// The states that can be asked for (DESIGN's words for a run).
const STATES: [&str; 4] = ["granted", "running", "undoing", "finished"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// One or several, with commas between.
    pub(crate) state: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Serialize)]
struct Runs {
    schema: &'static str,
    rows: Vec<RunRow>,
    next: Option<String>,
}

pub(crate) async fn get(State(app): State<App>, query: Result<Query<Asked>, QueryRejection>) -> Response {
    ask::answer(
        list(&app, query)
            .await
            .map(|Page { rows, next }| Json(Runs { schema: "exequatur.runs/1", rows, next })),
    )
}

/// A page of runs; the page for people shows the same.
pub(crate) async fn list(
    app: &App,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Page<RunRow>, Problem> {
    let asked = ask::query(query)?;
    let states: Vec<String> = match asked.state.as_deref() {
        None | Some("") => Vec::new(),
        Some(text) => text.split(',').map(str::to_owned).collect(),
    };
    if states.len() > STATES.len() || !states.iter().all(|state| STATES.contains(&state.as_str())) {
        return Err(Problem::bad_request(
            "`state` is one or several of granted, running, undoing, finished.",
        ));
    }
    let query = RunQuery { states, limit: ask::limit(asked.limit)?, after: ask::after(asked.after)? };
    app.surface.runs(&query).await.map_err(|error| Problem::of_surface("page of runs", &error))
}

pub(crate) fn doc() -> Operation {
    describe::operation("listRuns", "The newest runs")
        .query(
            "state",
            "Only these: granted, running, undoing, finished; several with commas between.",
            "text",
        )
        .paged()
        .answer(200, "A page, newest first.", Some("Runs"))
        .reader_errors()
        .done()
}
