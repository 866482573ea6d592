//! `GET /api/v1/evidence?change=&server=&project= | range=BASE..TIP&project=&branch=&server=&rules=`: what is true about a
//! change or a range, read from Gerrit now.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse as _, Response},
};
use engine::surface::RangeQuestion;
use model::ServerName;
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
    range: Option<String>,
    server: Option<String>,
    project: Option<String>,
    branch: Option<String>,
    rules: Option<String>,
}

pub(crate) async fn get(State(app): State<App>, query: Result<Query<Asked>, QueryRejection>) -> Response {
    ask::answer(evidence(&app, query).await)
}

async fn evidence(app: &App, query: Result<Query<Asked>, QueryRejection>) -> Result<Response, Problem> {
    let asked = ask::query(query)?;
    let server: ServerName = match &asked.server {
        Some(name) => ask::id("server name", name)?,
        None => ask::only_server(app)?,
    };
    match asked {
        Asked { change: Some(number), range: None, project, branch: None, rules: None, .. } => {
            let project = project.map(|name| ask::id("project name", &name)).transpose()?;
            let view = app.surface.evidence(&server, number, project).await;
            view.map(|view| Json(view).into_response()).map_err(|error| Problem::of_reading(&error))
        }
        Asked {
            change: None,
            range: Some(range),
            project: Some(project),
            branch: Some(branch),
            rules,
            ..
        } => {
            let (base, tip) = range.split_once("..").ok_or_else(|| {
                Problem::bad_request("`range` is BASE..TIP, two commit ids of 40 hex digits.")
            })?;
            let question = RangeQuestion {
                server,
                project: ask::id("project name", &project)?,
                branch: ask::id("branch, as refs/heads/…", &branch)?,
                base: ask::id("commit id", base)?,
                tip: ask::id("commit id", tip)?,
                rules: rules.map(|id| ask::id("commit id", &id)).transpose()?,
            };
            let view = app.surface.range_evidence(&question).await;
            view.map(|view| Json(view).into_response()).map_err(|error| Problem::of_reading(&error))
        }
        _ => Err(Problem::bad_request(
            "Ask about exactly one thing: `change` (with `server`), or `range` with `project` and `branch`.",
        )),
    }
}

pub(crate) fn doc() -> Operation {
    describe::operation("readEvidence", "What is true about a change or a range, read from Gerrit now")
        .query("change", "A change's number, with `server`.", "integer")
        .query("range", "`BASE..TIP`, two commit ids; with `project` and `branch`.", "text")
        .query("server", "Which server; may be left out where only one is watched.", "server-name")
        .query("project", "The project: of a range, or, to save a look, of the change.", "text")
        .query("branch", "The branch of the range, in full: `refs/heads/main`.", "text")
        .query(
            "rules",
            "The project's `refs/meta/config` at the base: how it moved since is judged too.",
            "revision",
        )
        .answer(200, "The evidence.", Some("EvidenceView"))
        .reader_errors()
        .error(404, "There is no such change or project, or it can't be seen.")
        .error(502, "What Gerrit answers can't be used or judged; the message says why.")
        .done()
}
