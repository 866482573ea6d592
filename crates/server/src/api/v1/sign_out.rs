//! `POST /api/v1/sign-out`: ends the session by whose token it is called.

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use identity::EndReason;
use utoipa::openapi::path::Operation;

use crate::{App, access::Caller, answer::Problem, api::describe, people};

pub(crate) async fn post(State(app): State<App>, Extension(caller): Extension<Caller>) -> Response {
    let (Some(people), Caller::Person(session)) = (&app.people, caller) else {
        return Problem::no_sign_in().into_response();
    };
    match people.sessions.end(&session.id(), EndReason::SignedOut).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => people::failed(&error).into_response(),
    }
}

pub(crate) fn doc() -> Operation {
    describe::operation("signOut", "Ends the caller's session")
        .answer(204, "It is over.", None)
        .error(401, "Nobody is signed in.")
        .error(403, "The host's token is no person.")
        .error(404, "Nobody signs in here.")
        .error(503, "It is over, but that isn't recorded yet.")
        .done()
}
