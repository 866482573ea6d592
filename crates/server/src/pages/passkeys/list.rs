//! `GET /passkeys`: one's own, those of others that wait for somebody, and the button that makes one.

use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use engine::surface::PasskeyView;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    pages,
    text::Shown,
    view::{Frame, Place, when::When},
};

#[derive(Template)]
#[template(path = "passkeys.html")]
struct PasskeysPage {
    mine: Vec<Row>,
    others: Vec<Row>,
    is_fresh: bool,
}

struct Row {
    id: String,
    person: Shown,
    label: Shown,
    at: When,
    confirmed_by: Option<Shown>,
}

impl Row {
    fn of(view: &PasskeyView) -> Self {
        let person = view.person.as_ref().map_or(view.identity.subject.as_str(), |person| person.as_str());
        Self {
            id: view.id.to_string(),
            person: Shown::line(person),
            label: Shown::line(&view.label),
            at: When::of(view.at),
            confirmed_by: view.confirmed_by.as_deref().map(Shown::line),
        }
    }
}

pub(crate) async fn get(State(app): State<App>, Extension(caller): Extension<Caller>) -> Response {
    let (Some(people), Caller::Person(session)) = (&app.people, caller) else {
        return Problem::no_sign_in().into_response();
    };
    if let Err(problem) = super::site(&app) {
        return problem.into_response();
    }
    let all = match app.surface.passkeys().await {
        Ok(all) => all,
        Err(error) => return Problem::of_surface("list of passkeys", &error).into_response(),
    };
    let identity = session.person().identity();
    let page = PasskeysPage {
        mine: all.iter().filter(|one| one.identity == *identity).map(Row::of).collect(),
        others: all
            .iter()
            .filter(|one| one.identity != *identity && one.state == "enrolled")
            .map(Row::of)
            .collect(),
        is_fresh: people.sessions.fresh(&session).is_some(),
    };
    pages::page(StatusCode::OK, Frame::inside(&app, "Passkeys", Place::Sessions), &page)
}
