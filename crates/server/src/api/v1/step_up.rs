//! `GET /api/v1/step-up`: whether the caller proved to be present a short while ago, and where they can.

use axum::{Extension, Json, extract::State, response::Response};
use model::Timestamp;
use serde::Serialize;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::{ask, describe},
};

#[derive(Serialize)]
struct StepUp {
    schema: &'static str,
    /// Whether it counts now.
    present: bool,
    /// Until when, if it does.
    until: Option<Timestamp>,
    /// Where the person proves it, in a browser in which they are signed in.
    url: String,
}

pub(crate) async fn get(State(app): State<App>, Extension(caller): Extension<Caller>) -> Response {
    ask::answer(step_up(&app, &caller))
}

fn step_up(app: &App, caller: &Caller) -> Result<Json<StepUp>, Problem> {
    let (Some(people), Caller::Person(session)) = (&app.people, caller) else {
        return Err(Problem::no_sign_in());
    };
    let fresh = people.sessions.fresh(session);
    Ok(Json(StepUp {
        schema: "exequatur.step-up/1",
        present: fresh.is_some(),
        until: fresh.map(|fresh| fresh.until()),
        url: format!("{}/step-up?for={}", people.origin, session.id()),
    }))
}

pub(crate) fn doc() -> Operation {
    describe::operation(
        "stepUp",
        "Whether the caller proved to be present a short while ago, and where they can",
    )
    .answer(200, "How it stands.", Some("StepUp"))
    .error(401, "Nobody is signed in.")
    .error(403, "The host's token is no person.")
    .error(404, "Nobody signs in here.")
    .done()
}
