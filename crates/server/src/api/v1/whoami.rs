//! `GET /api/v1/whoami`: who the caller is, as the identity provider says.

use axum::{Extension, Json, extract::State, response::Response};
use identity::Groups;
use model::Timestamp;
use serde::Serialize;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::{ask, describe},
};

#[derive(Serialize)]
struct Whoami {
    schema: &'static str,
    issuer: String,
    subject: String,
    /// The key by which the company names this human.
    person: Option<String>,
    name: String,
    /// None: the provider doesn't say.
    groups: Option<Vec<String>>,
    /// When it last said that.
    asked_at: Timestamp,
    opened_at: Timestamp,
    via: &'static str,
    may_read: bool,
    /// Groups that may.
    readers: Vec<String>,
}

pub(crate) async fn get(State(app): State<App>, Extension(caller): Extension<Caller>) -> Response {
    ask::answer(whoami(&app, &caller))
}

fn whoami(app: &App, caller: &Caller) -> Result<Json<Whoami>, Problem> {
    let (Some(people), Caller::Person(session)) = (&app.people, caller) else {
        return Err(Problem::no_sign_in());
    };
    let person = session.person();
    Ok(Json(Whoami {
        schema: "exequatur.whoami/1",
        issuer: person.identity().issuer.clone(),
        subject: person.identity().subject.clone(),
        person: person.key().map(ToString::to_string),
        name: person.shown().to_owned(),
        groups: match person.groups() {
            Groups::Known(all) => Some(all.clone()),
            Groups::Overage | Groups::Missing => None,
        },
        asked_at: session.asked_at(),
        opened_at: session.opened_at(),
        via: session.via().name(),
        may_read: people.may_read(person),
        readers: people.readers().to_vec(),
    }))
}

pub(crate) fn doc() -> Operation {
    describe::operation("whoami", "Who the caller is, as the identity provider says")
        .answer(200, "The person.", Some("Whoami"))
        .error(401, "Nobody is signed in.")
        .error(403, "The host's token is no person.")
        .error(404, "Nobody signs in here.")
        .done()
}
