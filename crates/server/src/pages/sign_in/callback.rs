//! `GET /sign-in/callback`: the browser comes back from the identity provider.

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use identity::{Callback, EndReason, Outcome, Via};
use secrecy::ExposeSecret as _;

use crate::{
    App,
    access::cookie,
    answer::Problem,
    pages::consents,
    people::{self, People},
};

pub(crate) async fn get(
    State(app): State<App>,
    headers: HeaderMap,
    query: Result<Query<Callback>, QueryRejection>,
) -> Response {
    let Some(people) = &app.people else { return Problem::no_sign_in().into_response() };
    let callback = query.map(|Query(callback)| callback).unwrap_or_default();
    match finish(&app, people, &headers, callback).await {
        Ok(response) => response,
        Err(error) => people::failed(&error).into_response(),
    }
}

async fn finish(
    app: &App,
    people: &People,
    headers: &HeaderMap,
    callback: Callback,
) -> identity::Result<Response> {
    let binding = people::binding(people, headers).unwrap_or_default();
    let finished = people.party.finish(callback, binding).await?;
    let signed_in = match finished.outcome {
        Outcome::SignedIn(signed_in) => signed_in,
        Outcome::Present(presence) => {
            if presence.proof().binds.is_some() {
                if let Err(problem) = consents::give::came_back(app, people, &presence).await {
                    return Ok(problem.into_response());
                }
            } else {
                people.sessions.prove(&presence).await?;
                tracing::info!("a person proved to be present");
            }
            let to = HeaderValue::from_str(finished.return_to.as_str());
            return Ok(match to {
                Ok(to) => (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response(),
                Err(_) => Problem::internal().into_response(),
            });
        }
    };
    // Whatever session the browser had, or was given by somebody else, is not the one that it has now.
    let name = people.cookies.session();
    let former = cookie(headers, &name).and_then(|token| people.sessions.enter(Via::Browser, token));
    if let Some(former) = former {
        people.sessions.end(&former.id(), EndReason::Replaced).await?;
    }
    let (token, _) = people.sessions.open(Via::Browser, signed_in, people::label(headers)).await?;
    tracing::info!("a person signed in");
    let max_age_s = people.sessions.limits().absolute_ms / 1000;
    let cookie = people.cookies.set(&name, token.expose_secret(), max_age_s);
    match (HeaderValue::from_str(&cookie), HeaderValue::from_str(finished.return_to.as_str())) {
        (Ok(cookie), Ok(to)) => {
            Ok((StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, to)])
                .into_response())
        }
        _ => Ok(Problem::internal().into_response()),
    }
}
