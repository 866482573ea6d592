//! `GET /api/v1/configuration`: what is in force, what was refused, what is watched.

use axum::{Json, extract::State, response::Response};
use model::{Project, Reason, Revision, ServerName, Timestamp};
use serde::Serialize;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    answer::Problem,
    api::{ask, describe},
};

#[derive(Serialize)]
struct Configuration {
    schema: &'static str,
    accepted: Revision,
    since: Timestamp,
    refused: Option<Refused>,
    watched: Vec<Watched>,
}

#[derive(Serialize)]
struct Refused {
    revision: Revision,
    reasons: Vec<Reason>,
}

#[derive(Serialize)]
struct Watched {
    server: ServerName,
    project: Project,
}

pub(crate) async fn get(State(app): State<App>) -> Response {
    ask::answer(show(&app).await)
}

async fn show(app: &App) -> Result<Json<Configuration>, Problem> {
    let view = app
        .surface
        .configuration()
        .await
        .map_err(|error| Problem::of_surface("configuration in force", &error))?;
    let watched = app.surface.watched().into_iter().map(|(server, project)| Watched { server, project });
    Ok(Json(Configuration {
        schema: "exequatur.configuration/1",
        accepted: view.accepted,
        since: view.since,
        refused: view.refused.map(|(revision, reasons)| Refused { revision, reasons }),
        watched: watched.collect(),
    }))
}

pub(crate) fn doc() -> Operation {
    describe::operation("readConfiguration", "What is in force, what was refused, what is watched")
        .answer(200, "The configuration.", Some("Configuration"))
        .reader_errors()
        .done()
}
