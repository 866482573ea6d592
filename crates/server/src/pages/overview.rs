//! `GET /`: the newest submissions and how they stand; `GET /events` keeps it live.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::ask,
    pages,
    view::{Frame, Place, overview::Overview},
};

/// Rows of one page.
const ROWS: usize = 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    body: OverviewBody,
}

#[derive(Template)]
#[template(path = "overview_body.html")]
struct OverviewBody {
    o: Overview,
}

pub(crate) async fn get(State(app): State<App>, query: Result<Query<Asked>, QueryRejection>) -> Response {
    let asked = ask::query(query).and_then(|asked| ask::after(asked.after));
    let after = match asked {
        Ok(after) => after,
        Err(problem) => return problem.into_response(),
    };
    match body(&app, after).await {
        Ok(body) => pages::page(
            StatusCode::OK,
            Frame::inside(&app, "Submissions", Place::Overview),
            &OverviewPage { body },
        ),
        Err(problem) => problem.into_response(),
    }
}

pub(crate) async fn events(State(app): State<App>, Extension(caller): Extension<Caller>) -> Response {
    let to_render = app.clone();
    let render = move || {
        let app = to_render.clone();
        let html = async move { body(&app, None).await.ok()?.render().ok() };
        Box::pin(html) as std::pin::Pin<Box<dyn Future<Output = _> + Send>>
    };
    pages::live::stream(&app, caller, Arc::new(render))
}

async fn body(app: &App, after: Option<String>) -> Result<OverviewBody, Problem> {
    let is_first = after.is_none();
    let (page, health) = tokio::join!(app.surface.submissions(ROWS, after), app.surface.health());
    let page = page.map_err(|error| Problem::of_surface("page of submissions", &error))?;
    Ok(OverviewBody { o: Overview::of(&page, &health, &app.surface.watched(), is_first) })
}
