//! `POST /api/v1/plan`: exactly what a request would do, with its hash.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    response::Response,
};
use engine::surface::PlanView;
use model::{EnvironmentName, OperationName};
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
    operation: OperationName,
    environment: Option<EnvironmentName>,
    #[serde(default)]
    inputs: BTreeMap<String, String>,
}

pub(crate) async fn post(State(app): State<App>, body: Result<Json<Asked>, JsonRejection>) -> Response {
    ask::answer(plan(&app, body).await)
}

async fn plan(app: &App, body: Result<Json<Asked>, JsonRejection>) -> Result<Json<PlanView>, Problem> {
    let Asked { operation, environment, inputs } = ask::body(body)?;
    let view = app.surface.plan(&operation, environment.as_ref(), &inputs).await;
    view.map(Json).map_err(|error| Problem::of_reading(&error))
}

pub(crate) fn doc() -> Operation {
    describe::operation("planRequest", "Exactly what a request would do, with the hash that it names")
        .body("`operation`; `environment`, where there are several; `inputs`, texts by name.")
        .answer(200, "The plan.", Some("PlanView"))
        .person_errors()
        .done()
}
