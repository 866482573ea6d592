//! `GET /runs?state=&limit=&after=`: the newest runs.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use crate::{
    App,
    api::v1::runs::list,
    pages,
    view::{Frame, Place, runs::RunsModel},
};

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage {
    r: RunsModel,
}

pub(crate) async fn get(
    State(app): State<App>,
    query: Result<Query<list::Asked>, QueryRejection>,
) -> Response {
    let state = query.as_ref().ok().and_then(|Query(asked)| asked.state.clone()).unwrap_or_default();
    match list::list(&app, query).await {
        Ok(page) => {
            let body = RunsPage { r: RunsModel::of(&page, &state) };
            pages::page(StatusCode::OK, Frame::inside(&app, "Runs", Place::Runs), &body)
        }
        Err(problem) => problem.into_response(),
    }
}
