//! `GET /api/v1/access`: what somebody may do, and why: to themselves, and to the host.

use axum::{
    Extension, Json,
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use engine::surface::{AccessView, Deed};
use model::{EnvironmentName, OperationName, PersonKey};
use serde::Deserialize;
use utoipa::openapi::path::Operation;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::{ask, describe},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    person: Option<PersonKey>,
    deed: Deed,
    on: Option<String>,
}

pub(crate) async fn get(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Response {
    ask::answer(why(&app, &caller, query).await)
}

async fn why(
    app: &App,
    caller: &Caller,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<AccessView>, Problem> {
    let Asked { person, deed, on } = ask::query(query)?;
    let person = match caller {
        Caller::Cli => person.ok_or_else(|| Problem::bad_request("This needs `person`."))?,
        Caller::Person(session) => {
            let who = session.person();
            let own = app.surface.person_of(who.identity(), who.key()).await;
            let own = own.map_err(|error| Problem::of_reading(&error))?;
            let unknown = "Nobody knows which person you are: no link names your identity, and the provider sends no key.";
            let own = own.ok_or_else(|| Problem::bad_request(unknown))?;
            if person.is_some_and(|asked| asked != own) {
                return Err(others());
            }
            own
        }
        _ => return Err(others()),
    };
    let on = on.as_deref().map(place).transpose()?;
    let view = app.surface.access(&person, deed, on).await;
    view.map(Json).map_err(|error| Problem::of_reading(&error))
}

fn others() -> Problem {
    let message = "What other people may do is said to whoever runs this server.";
    Problem::new(StatusCode::FORBIDDEN, "no-person", message).hint("On the host: `exq access why PERSON …`.")
}

fn place(on: &str) -> Result<(OperationName, EnvironmentName), Problem> {
    let (operation, environment) =
        on.split_once('/').ok_or_else(|| Problem::bad_request("`on` is OPERATION/ENVIRONMENT."))?;
    Ok((ask::id("operation's name", operation)?, ask::id("environment's name", environment)?))
}

pub(crate) fn doc() -> Operation {
    describe::operation(
        "access",
        "What somebody may do, and why; to themselves, and to the host's command line",
    )
    .query("person", "The key by which the company names them; left out: oneself.", "text")
    .query("deed", "`ask`, `review`, `approve` or `run`.", "text")
    .query("on", "`OPERATION/ENVIRONMENT`; left out: the operations project.", "text")
    .answer(200, "Whether they may, their roles, and why.", Some("AccessView"))
    .error(403, "It is about somebody else, or the caller is no person.")
    .reader_errors()
    .done()
}
