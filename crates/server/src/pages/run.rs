//! `GET /runs/{id}`: leads to the submission's page, where the run is shown.

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
};

use crate::{App, api::v1};

pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>) -> Response {
    match v1::runs::show::show(&app, &id).await {
        Ok(run) => Redirect::to(&format!("/submissions/{}#{}", run.submission, run.run.id)).into_response(),
        Err(problem) => problem.into_response(),
    }
}
