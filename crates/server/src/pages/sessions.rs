//! `GET /sessions`: the sessions of whoever asks; `POST /sessions/end` ends one of them.

use askama::Template;
use axum::{
    Extension,
    extract::{Form, State, rejection::FormRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use identity::{EndReason, SessionId, Via};
use serde::Deserialize;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    pages, people,
    text::Shown,
    view::{Frame, Place, when::When},
};

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    name: Shown,
    subject: Shown,
    issuer: Shown,
    person: Option<Shown>,
    groups: Option<Vec<Shown>>,
    asked: When,
    rows: Vec<Row>,
    has_passkeys: bool,
}

struct Row {
    id: String,
    label: Shown,
    via: &'static str,
    opened: When,
    used: When,
    is_this: bool,
}

pub(crate) async fn get(State(app): State<App>, Extension(caller): Extension<Caller>) -> Response {
    let (Some(people), Caller::Person(this)) = (&app.people, caller) else {
        return Problem::no_sign_in().into_response();
    };
    let person = this.person();
    let row = |session: &identity::Session| Row {
        id: session.id().to_string(),
        label: Shown::line(session.label().unwrap_or("unnamed")),
        via: match session.via() {
            Via::Browser => "browser",
            Via::CommandLine => "command line",
        },
        opened: When::of(session.opened_at()),
        used: When::of(session.used_at()),
        is_this: session.id() == this.id(),
    };
    let page = SessionsPage {
        name: Shown::line(person.shown()),
        subject: Shown::line(&person.identity().subject),
        issuer: Shown::line(&person.identity().issuer),
        person: person.key().map(|key| Shown::line(key.as_str())),
        groups: match person.groups() {
            identity::Groups::Known(all) => Some(all.iter().map(|group| Shown::line(group)).collect()),
            _ => None,
        },
        asked: When::of(this.asked_at()),
        has_passkeys: people.passkeys.is_some(),
        rows: people.sessions.of(person.identity()).iter().map(|session| row(session)).collect(),
    };
    pages::page(StatusCode::OK, Frame::inside(&app, "Sessions", Place::Sessions), &page)
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    id: String,
}

/// Ends one of the caller's own. Somebody else's looks like one that isn't there.
pub(crate) async fn post(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    form: Result<Form<Asked>, FormRejection>,
) -> Response {
    let (Some(people), Caller::Person(this)) = (&app.people, caller) else {
        return Problem::no_sign_in().into_response();
    };
    let asked = form.ok().and_then(|Form(asked)| asked.id.parse::<SessionId>().ok());
    let mine = asked
        .and_then(|id| people.sessions.get(&id))
        .filter(|session| session.person().identity() == this.person().identity());
    let Some(session) = mine else {
        return Problem::not_found("There is no such session of yours.").into_response();
    };
    if let Err(error) = people.sessions.end(&session.id(), EndReason::Revoked).await {
        return people::failed(&error).into_response();
    }
    let to = HeaderValue::from_static(Place::Sessions.path());
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}
