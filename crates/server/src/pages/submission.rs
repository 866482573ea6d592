//! `GET /submissions/{id}`: one submission, its outcomes and runs, explained; `…/events` keeps it live.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::v1,
    pages,
    view::{Frame, Place, submission::SubmissionModel},
};

#[derive(Template)]
#[template(path = "submission.html")]
struct SubmissionPage {
    body: SubmissionBody,
}

#[derive(Template)]
#[template(path = "submission_body.html")]
struct SubmissionBody {
    s: SubmissionModel,
}

pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>) -> Response {
    match body(&app, &id).await {
        Ok(body) => {
            let frame = Frame::inside(&app, &body.s.subject.to_string(), Place::Submission);
            pages::page(StatusCode::OK, frame, &SubmissionPage { body })
        }
        Err(problem) => problem.into_response(),
    }
}

pub(crate) async fn events(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    // What doesn't exist has no stream either.
    if let Err(problem) = body(&app, &id).await {
        return problem.into_response();
    }
    let to_render = app.clone();
    let render = move || {
        let (app, id) = (to_render.clone(), id.clone());
        let html = async move { body(&app, &id).await.ok()?.render().ok() };
        Box::pin(html) as std::pin::Pin<Box<dyn Future<Output = _> + Send>>
    };
    pages::live::stream(&app, caller, Arc::new(render))
}

async fn body(app: &App, id: &str) -> Result<SubmissionBody, Problem> {
    let view = v1::submissions::show::show(app, id).await?;
    Ok(SubmissionBody { s: SubmissionModel::of(&view, &app.verify_key) })
}
