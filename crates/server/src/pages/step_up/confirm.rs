//! `POST /step-up`: whoever is asked confirms that the other session is theirs, and goes to the identity provider.

use axum::{
    Extension,
    extract::{Form, State, rejection::FormRejection},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use identity::ReturnTo;
use serde::Deserialize;

use crate::{App, access::Caller, answer::Problem, pages::step_up::begin::mine, step_up, view::Place};

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(rename = "for")]
    session: String,
}

pub(crate) async fn post(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    form: Result<Form<Asked>, FormRejection>,
) -> Response {
    let (Some(people), Caller::Person(this)) = (&app.people, caller) else {
        return Problem::no_sign_in().into_response();
    };
    let asked = form.ok().and_then(|Form(asked)| mine(people, &this, &asked.session));
    let Some(session) = asked else {
        return Problem::not_found("There is no such session of yours.").into_response();
    };
    let to = ReturnTo::parse(Place::Sessions.path());
    match step_up::begin(people, &headers, this.person(), session.id(), None, to).await {
        Ok(begun) => begun.page(&app),
        Err(problem) => problem.into_response(),
    }
}
