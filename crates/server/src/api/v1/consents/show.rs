//! `GET /api/v1/consents/{id}`: the plan of one outcome, its code, and what was said to it.

use axum::{
    Extension, Json,
    extract::{Path, State},
    response::Response,
};
use engine::surface::{ConsentView, Viewer};
use utoipa::openapi::path::Operation;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::{ask, describe},
    pages::consents::give::id,
};

pub(crate) async fn get(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    ask::answer(show(&app, &caller, &id).await.map(Json))
}

pub(crate) async fn show(app: &App, caller: &Caller, text: &str) -> Result<ConsentView, Problem> {
    let view = app.surface.consent(&id(text)?, viewer(caller).as_ref()).await;
    view.map_err(|error| Problem::of_surface("outcome", &error))
}

/// The person who looks, if one does.
pub(crate) fn viewer(caller: &Caller) -> Option<Viewer> {
    let Caller::Person(session) = caller else { return None };
    let person = session.person();
    Some(Viewer { identity: person.identity().clone(), person: person.key().cloned() })
}

pub(crate) fn doc() -> Operation {
    describe::operation("showConsent", "The plan of one outcome, its code, and what was said to it")
        .path("id", "The outcome's id.", "outcome-id")
        .answer(200, "The plan, and what was said.", Some("ConsentView"))
        .reader_errors()
        .error(404, "There is no such outcome.")
        .done()
}
