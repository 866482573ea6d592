//! `POST /close`: ends the session.

use axum::{
    Extension,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use askama::Template;

use crate::{App, access::Caller, answer::Problem, pages, view::Frame};

#[derive(Template)]
#[template(path = "closed.html")]
struct Closed;

pub(crate) async fn post(State(app): State<App>, Extension(caller): Extension<Caller>) -> Response {
    if let Caller::Session(key) = caller {
        app.sessions.close(&key, app.now());
    }
    let forget = format!("{}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0", app.cookie);
    let Ok(forget) = HeaderValue::from_str(&forget) else { return Problem::internal().into_response() };
    let mut response = pages::page(StatusCode::OK, Frame::outside(&app, "Session closed"), &Closed);
    response.headers_mut().insert(header::SET_COOKIE, forget);
    response
}
