//! `POST /sign-in/back-channel`: the identity provider says that somebody signed out there (OpenID Connect Back-Channel Logout
//! 1.0). Anybody may call; what counts is the token's signature.

use axum::{
    extract::{Form, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use crate::{App, answer::Problem, people};

#[derive(Deserialize)]
pub(crate) struct Asked {
    logout_token: String,
}

pub(crate) async fn post(State(app): State<App>, form: Result<Form<Asked>, FormRejection>) -> Response {
    let Some(people) = &app.people else { return Problem::no_sign_in().into_response() };
    let Ok(Form(Asked { logout_token })) = form else {
        return Problem::bad_request("There is no logout_token in the form.").into_response();
    };
    let notice = match people.party.logout_notice(&logout_token).await {
        Ok(notice) => notice,
        Err(identity::Error::Refused(why)) => {
            tracing::warn!(%why, "a logout token was refused");
            return Problem::bad_request(format!("The logout token is refused: {why}.")).into_response();
        }
        Err(error) => return people::failed(&error).into_response(),
    };
    match people.sessions.heed(people.party.issuer().name(), &notice).await {
        Ok(ended) => {
            tracing::info!(ended, "the identity provider signed somebody out");
            StatusCode::OK.into_response()
        }
        // They are over here; the provider tells us again, and it is recorded then.
        Err(error) => people::failed(&error).into_response(),
    }
}
