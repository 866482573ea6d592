//! Pages for people: rendered here, readable without JavaScript; a little of it keeps them live.
//!
//! A page is a model of [`crate::view`] in a template of `templates/`; templates escape every value.

pub(crate) mod assets;
pub(crate) mod close;
pub(crate) mod configuration;
pub(crate) mod consents;
pub(crate) mod live;
pub(crate) mod open;
pub(crate) mod overview;
pub(crate) mod passkeys;
pub(crate) mod problem;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod step_up;
pub(crate) mod submission;

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};

use crate::{answer::Problem, view::Frame};

/// A page inside the frame that all share.
#[derive(Template)]
#[template(path = "frame.html")]
struct Framed<'a, T: Template> {
    frame: Frame,
    body: &'a T,
}

/// A page, or a 500 if its template fails.
pub(crate) fn page<T: Template>(status: StatusCode, frame: Frame, body: &T) -> Response {
    match (Framed { frame, body }).render() {
        Ok(html) => (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            Problem::internal().into_response()
        }
    }
}
