//! `POST /api/v1/consents/{id}`: where whoever calls says yes or no to a plan: a present human does that in a browser, and no
//! program for them.

use axum::{
    Extension, Json,
    extract::{Path, State, rejection::JsonRejection},
    response::Response,
};
use model::Digest;
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::Operation;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::{ask, describe, v1::consents::ready},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// The hash of the plan that was looked at.
    plan: Digest,
}

#[derive(Serialize)]
struct Begun {
    schema: &'static str,
    /// To be opened in a browser in which the person is signed in.
    url: String,
    /// The code that the page has to show.
    code: String,
}

pub(crate) async fn post(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Result<Json<Asked>, JsonRejection>,
) -> Response {
    ask::answer(begin(&app, &caller, &id, body).await)
}

async fn begin(
    app: &App,
    caller: &Caller,
    id: &str,
    body: Result<Json<Asked>, JsonRejection>,
) -> Result<Json<Begun>, Problem> {
    let Some(people) = &app.people else { return Err(Problem::no_sign_in()) };
    let Asked { plan } = ask::body(body)?;
    let outcome = ready(app, caller, id, &plan).await?;
    let url = format!("{}/consents/{outcome}", people.origin);
    Ok(Json(Begun { schema: "exequatur.consent-begun/1", url, code: plan.short_code() }))
}

pub(crate) fn doc() -> Operation {
    describe::operation("beginConsent", "Where whoever calls says yes or no to a plan, in a browser")
        .path("id", "The outcome's id.", "outcome-id")
        .body("`plan`, the hash of the plan that was looked at.")
        .answer(200, "What to open.", Some("ConsentBegun"))
        .error(409, "Nothing waits for an answer, or the plan is another now.")
        .person_errors()
        .done()
}
