//! `POST /api/v1/requests`: asks for an operation. It is durable when this answers; its change in Gerrit follows.

use std::collections::BTreeMap;

use axum::{
    Extension, Json,
    extract::{State, rejection::JsonRejection},
    response::Response,
};
use engine::surface::{Asked as Wanted, RequestView};
use model::{Digest, EnvironmentName, Justification, OperationName};
use serde::Deserialize;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    access::Caller,
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
    justification: String,
    /// The hash of the plan that was looked at.
    plan: Option<Digest>,
}

pub(crate) async fn post(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: Result<Json<Asked>, JsonRejection>,
) -> Response {
    ask::answer(make(&app, &caller, body).await)
}

async fn make(
    app: &App,
    caller: &Caller,
    body: Result<Json<Asked>, JsonRejection>,
) -> Result<Json<RequestView>, Problem> {
    let by = ask::requester(caller)?;
    let Asked { operation, environment, inputs, justification, plan } = ask::body(body)?;
    let justification: Justification = ask::said(&justification)?;
    let mut nonce = [0; 16];
    app.entropy.fill(&mut nonce).map_err(|error| {
        tracing::error!(%error, "no entropy for a request");
        Problem::internal()
    })?;
    let wanted = Wanted { by, operation, environment, inputs, justification, plan, nonce };
    let view = app.surface.ask(wanted).await;
    view.map(Json).map_err(|error| Problem::of_reading(&error))
}

pub(crate) fn doc() -> Operation {
    describe::operation("makeRequest", "Asks for an operation; the one who asks is who is signed in")
        .body(
            "`operation`; `environment`, where there are several; `inputs`, texts by name; `justification`; `plan`, the hash \
             of the plan that was looked at, if it is to be that one.",
        )
        .answer(200, "The request. It is stored; its change follows.", Some("RequestView"))
        .person_errors()
        .done()
}
