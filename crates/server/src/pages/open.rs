//! `/open?token=…`: the one-time address. Looking at it (a link preview does) uses nothing up; the button does.

use askama::Template;
use axum::{
    extract::{
        Form, Query, State,
        rejection::{FormRejection, QueryRejection},
    },
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use crate::{
    App,
    answer::Problem,
    pages,
    view::{Frame, Place},
};

/// No token is longer, in bytes.
const MAX_TOKEN: usize = 256;

#[derive(Deserialize)]
pub(crate) struct Asked {
    token: String,
}

#[derive(Template)]
#[template(path = "open.html")]
struct Open {
    token: String,
}

/// Shows the button, whatever the token: whether it is good is told only to who presses it.
pub(crate) async fn get(State(app): State<App>, query: Result<Query<Asked>, QueryRejection>) -> Response {
    if app.people.is_some() {
        return people_sign_in().into_response();
    }
    match query {
        Ok(Query(Asked { token })) if token.len() <= MAX_TOKEN => {
            pages::page(StatusCode::OK, Frame::outside(&app, "Open a session"), &Open { token })
        }
        _ => refused().into_response(),
    }
}

pub(crate) async fn post(State(app): State<App>, form: Result<Form<Asked>, FormRejection>) -> Response {
    if app.people.is_some() {
        return people_sign_in().into_response();
    }
    let now = app.now();
    let good = form
        .is_ok_and(|Form(Asked { token })| token.len() <= MAX_TOKEN && app.open_tokens.consume(&token, now));
    if !good {
        tracing::warn!("a one-time token was refused");
        return refused().into_response();
    }
    let id = match app.sessions.open(&*app.entropy, now) {
        Ok(id) => id,
        Err(error) => {
            tracing::error!(%error, "a session could not be opened");
            return Problem::internal().into_response();
        }
    };
    // No `Secure`, since there is no TLS on loopback yet; else as `__Host-` asks: no domain, the whole path.
    let max_age = app.limits.session_absolute_ms / 1000;
    let cookie = format!("{}={id}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age}", app.cookie);
    let Ok(cookie) = HeaderValue::from_str(&cookie) else { return Problem::internal().into_response() };
    tracing::info!("a session was opened");
    let to = HeaderValue::from_static(Place::Overview.path());
    (StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, to)]).into_response()
}

/// No link carries a right where people sign in.
pub(crate) fn people_sign_in() -> Problem {
    Problem::not_found("No one-time address opens a session here: people sign in with the company's account.")
        .hint("Go to /sign-in.")
}

fn refused() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "This address doesn't open a session: it is good once and not for long, and has been used, is too old, or isn't \
         whole.",
    )
    .hint(
        "Restart the server, which prints a new one, or have one made with the command line's token: \
         POST /api/v1/open-tokens.",
    )
}
