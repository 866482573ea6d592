//! `GET /step-up?to=…`: asks the identity provider to ask the person again, for this session. `…?for=…` asks for another
//! session of theirs, a command line's: that is said first, and has to be confirmed.

use askama::Template;
use axum::{
    Extension,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use identity::{ReturnTo, SessionId, Via};
use serde::Deserialize;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    pages, step_up,
    text::Shown,
    view::{Frame, Place, when::When},
};

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    to: String,
    #[serde(rename = "for")]
    session: Option<String>,
}

#[derive(Template)]
#[template(path = "step_up.html")]
struct StepUpPage {
    id: String,
    label: Shown,
    via: &'static str,
    opened: When,
}

pub(crate) async fn get(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    query: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let (Some(people), Caller::Person(this)) = (&app.people, caller) else {
        return Problem::no_sign_in().into_response();
    };
    let Ok(Query(Asked { to, session })) = query else {
        return Problem::bad_request("The query can't be read.").into_response();
    };
    let other = match session {
        None => None,
        Some(text) => match mine(people, &this, &text) {
            Some(session) => Some(session).filter(|session| session.id() != this.id()),
            None => return Problem::not_found("There is no such session of yours.").into_response(),
        },
    };
    // Whoever has somebody's token could lead them here: they see whose session it is before they are asked.
    if let Some(session) = other {
        let page = StepUpPage {
            id: session.id().to_string(),
            label: Shown::line(session.label().unwrap_or("unnamed")),
            via: match session.via() {
                Via::Browser => "browser",
                Via::CommandLine => "command line",
            },
            opened: When::of(session.opened_at()),
        };
        return pages::page(StatusCode::OK, Frame::inside(&app, "Is it you?", Place::Sessions), &page);
    }
    match step_up::begin(people, &headers, this.person(), this.id(), None, ReturnTo::parse(&to)).await {
        Ok(begun) => begun.redirect(),
        Err(problem) => problem.into_response(),
    }
}

/// A session of the same person. Somebody else's looks like one that isn't there.
pub(super) fn mine(
    people: &crate::people::People,
    this: &identity::Session,
    id: &str,
) -> Option<std::sync::Arc<identity::Session>> {
    let session = people.sessions.get(&id.parse::<SessionId>().ok()?)?;
    (session.person().identity() == this.person().identity()).then_some(session)
}
