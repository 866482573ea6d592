//! `GET /api/v1/why?change=&server= | run= | submission=`: the submission that something belongs to, explained.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use engine::surface::{Subject, SubmissionView};
use serde::Deserialize;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    answer::Problem,
    api::{ask, describe},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    change: Option<u64>,
    server: Option<String>,
    run: Option<String>,
    submission: Option<String>,
}

pub(crate) async fn get(State(app): State<App>, query: Result<Query<Asked>, QueryRejection>) -> Response {
    ask::answer(why(&app, query).await)
}

async fn why(
    app: &App,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<SubmissionView>, Problem> {
    let about = subject(app, ask::query(query)?)?;
    let what = match about {
        Subject::Change(..) => "change that was submitted and is watched",
        Subject::Submission(_) => "submission",
        Subject::Run(_) => "run",
    };
    app.surface.why(&about).await.map(Json).map_err(|error| Problem::of_surface(what, &error))
}

fn subject(app: &App, asked: Asked) -> Result<Subject, Problem> {
    match asked {
        Asked { change: Some(number), server, run: None, submission: None } => {
            let server = match server {
                Some(name) => ask::id("server name", &name)?,
                None => ask::only_server(app)?,
            };
            Ok(Subject::Change(server, number))
        }
        Asked { run: Some(id), change: None, server: None, submission: None } => {
            Ok(Subject::Run(ask::id("run id", &id)?))
        }
        Asked { submission: Some(id), change: None, server: None, run: None } => {
            Ok(Subject::Submission(ask::id("submission id", &id)?))
        }
        _ => Err(Problem::bad_request(
            "Ask about exactly one thing: `change` (with `server`), `run` or `submission`.",
        )),
    }
}

pub(crate) fn doc() -> Operation {
    describe::operation("explain", "The submission that a change, run or submission belongs to, explained")
        .query("change", "A change's number, with `server`.", "integer")
        .query("server", "The change's server; may be left out where only one is watched.", "server-name")
        .query("run", "A run's id.", "run-id")
        .query("submission", "A submission's id.", "submission-id")
        .answer(200, "The submission.", Some("SubmissionView"))
        .reader_errors()
        .error(404, "There is no such thing.")
        .done()
}
