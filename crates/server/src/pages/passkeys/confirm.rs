//! `POST /passkeys/confirm`: another person, who is there, says whose a passkey is.

use axum::{
    Extension,
    extract::{Form, State, rejection::FormRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use identity::Fresh;
use serde::Deserialize;

use super::{id, viewer};
use crate::{App, answer::Problem};

#[derive(Deserialize)]
pub(crate) struct Asked {
    pub(crate) id: String,
}

pub(crate) async fn post(
    State(app): State<App>,
    Extension(fresh): Extension<Fresh>,
    form: Result<Form<Asked>, FormRejection>,
) -> Response {
    let asked = form.map_err(|_| Problem::bad_request("There is no id in the form."));
    let done = match asked.and_then(|Form(asked)| id(&asked.id)) {
        Ok(id) => app.surface.confirm_passkey(&id, viewer(fresh.person())).await,
        Err(problem) => return problem.into_response(),
    };
    match done {
        Ok(_) => back(),
        Err(error) => Problem::of_reading(&error).into_response(),
    }
}

/// To the page.
pub(super) fn back() -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, HeaderValue::from_static("/passkeys"))]).into_response()
}
