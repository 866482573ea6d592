//! `POST /passkeys/revoke`: its own person gives one up. Whoever lost it does that from any session.

use axum::{
    Extension,
    extract::{Form, State, rejection::FormRejection},
    response::{IntoResponse as _, Response},
};

use super::{confirm::Asked, confirm::back, id, viewer};
use crate::{App, access::Caller, answer::Problem, api::ask};

pub(crate) async fn post(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    form: Result<Form<Asked>, FormRejection>,
) -> Response {
    let person = match ask::who(&caller) {
        Ok(person) => person,
        Err(problem) => return problem.into_response(),
    };
    let none = || Problem::not_found("There is no such passkey of yours.").into_response();
    let Some(id) = form.ok().and_then(|Form(asked)| id(&asked.id).ok()) else { return none() };
    match app.surface.revoke_passkey(&id, &viewer(person)).await {
        Ok(_) => back(),
        Err(error) => Problem::of_reading(&error).into_response(),
    }
}
