//! `GET /sign-in?to=…`: sends the browser to the identity provider.

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use identity::{Purpose, ReturnTo};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use crate::{App, answer::Problem, people};

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    to: String,
}

pub(crate) async fn get(
    State(app): State<App>,
    headers: HeaderMap,
    query: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let Some(people) = &app.people else { return Problem::no_sign_in().into_response() };
    let to = query.map(|Query(asked)| ReturnTo::parse(&asked.to)).unwrap_or_else(|_| ReturnTo::home());
    let begun = match people.party.begin(Purpose::SignIn, to, people::binding(people, &headers)).await {
        Ok(begun) => begun,
        Err(error) => return people::failed(&error).into_response(),
    };
    let keep_s = people.party.pending_ms() / 1000;
    let cookie = people.cookies.set(&people.cookies.sign_in(), begun.binding.expose_secret(), keep_s);
    match (HeaderValue::from_str(&cookie), HeaderValue::from_str(&begun.url)) {
        (Ok(cookie), Ok(url)) => {
            (StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, url)]).into_response()
        }
        _ => Problem::internal().into_response(),
    }
}
