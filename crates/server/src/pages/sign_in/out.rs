//! `POST /sign-out`: ends the session.

use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use identity::EndReason;

use crate::{App, access::Caller, answer::Problem, pages, people, view::Frame};

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut;

pub(crate) async fn post(State(app): State<App>, Extension(caller): Extension<Caller>) -> Response {
    let (Some(people), Caller::Person(session)) = (&app.people, caller) else {
        return Problem::no_sign_in().into_response();
    };
    // It is over in any case; that it could not be recorded yet is for the log.
    if let Err(error) = people.sessions.end(&session.id(), EndReason::SignedOut).await {
        drop(people::failed(&error));
    }
    let Ok(forget) = HeaderValue::from_str(&people.cookies.forget(&people.cookies.session())) else {
        return Problem::internal().into_response();
    };
    let mut response = pages::page(StatusCode::OK, Frame::outside(&app, "Signed out"), &SignedOut);
    response.headers_mut().insert(header::SET_COOKIE, forget);
    response
}
