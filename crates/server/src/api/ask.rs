//! Reading what a client asks: ids from paths, questions from queries. What can't be read is a 400 that says why.

use std::{collections::BTreeSet, str::FromStr};

use axum::{
    Json,
    extract::{
        Query,
        rejection::{JsonRejection, QueryRejection},
    },
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use identity::{Agent, Deed, Person, Principal, Propose, Service, Via};
use model::{Requester, ServerName};

use crate::{App, access::Caller, answer::Problem};

/// The longest `after` that is taken, in bytes.
const MAX_CURSOR: usize = 256;
/// The most rows of one page.
const MAX_LIMIT: usize = 500;
/// Rows of a page, if nobody says otherwise.
const DEFAULT_LIMIT: usize = 50;

/// An id, as its grammar has it.
pub(crate) fn id<T: FromStr<Err: std::fmt::Display>>(what: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error: T::Err| {
        Problem::bad_request(format!("This is no {what}."))
            .hint(crate::text::Shown::line(&error.to_string()).to_string())
    })
}

/// A query of which every key is known.
pub(crate) fn query<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Problem> {
    query.map(|Query(asked)| asked).map_err(|error| {
        Problem::bad_request("The query can't be read.")
            .hint(crate::text::Shown::line(&error.body_text()).to_string())
    })
}

/// Where only one server is watched, a change needs no server.
pub(crate) fn only_server(app: &App) -> Result<ServerName, Problem> {
    let mut servers: BTreeSet<ServerName> =
        app.surface.watched().into_iter().map(|(server, _)| server).collect();
    match (servers.pop_first(), servers.len()) {
        (Some(only), 0) => Ok(only),
        _ => Err(Problem::bad_request("This needs `server`: more than one is watched, or none.")
            .hint("/api/v1/configuration lists the watched servers.")),
    }
}

/// How many rows.
pub(crate) fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::bad_request(format!("`limit` is 1 to {MAX_LIMIT}.")))
    }
}

/// Where the page begins.
pub(crate) fn after(asked: Option<String>) -> Result<Option<String>, Problem> {
    match asked {
        Some(text) if text.is_empty() || text.len() > MAX_CURSOR => {
            Err(Problem::bad_request("`after` is no `next` of a page before."))
        }
        other => Ok(other),
    }
}

/// A body of which every key is known.
pub(crate) fn body<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, Problem> {
    body.map(|Json(asked)| asked).map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large.")
        }
        _ => Problem::bad_request("The body can't be read.")
            .hint(crate::text::Shown::line(&error.body_text()).to_string()),
    })
}

/// A text of a person, as its rules have it.
pub(crate) fn said<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error: T::Err| {
        let said = error.to_string();
        let mut letters = said.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        Problem::bad_request(format!("{first}{}.", letters.as_str()))
    })
}

/// The person who calls, where only people are let in.
pub(crate) fn who(caller: &Caller) -> Result<&Person, Problem> {
    match caller {
        Caller::Person(session) => Ok(session.person()),
        Caller::Workload(_) => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "no-person",
            "This is for people, and a service or an agent is none.",
        )
        .hint("It may look at plans, ask for operations, and read.")),
        _ => Err(Problem::no_sign_in()),
    }
}

/// The person who calls from a browser. A token that lies in a file can be used by whatever runs as that person, and nobody
/// has to be there.
pub(crate) fn in_browser(caller: &Caller) -> Result<&Person, Problem> {
    let person = who(caller)?;
    match caller {
        Caller::Person(session) if session.via() == Via::Browser => Ok(person),
        _ => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "browser-only",
            "This is done in a browser, by whoever sits there; a command line's token isn't enough.",
        )
        .hint("Sign in with the browser, and do it on the page.")),
    }
}

/// Whoever asks: the person of the session, or the service or agent of the token, and nobody that a body could name.
pub(crate) fn requester(caller: &Caller) -> Result<Requester, Problem> {
    match caller {
        Caller::Person(session) => Ok(Deed::<Propose, Person>::of(session.person()).requester()),
        Caller::Workload(principal) => match &**principal {
            Principal::Service(service) => Ok(Deed::<Propose, Service>::of(service).requester()),
            Principal::Agent(agent) => Ok(Deed::<Propose, Agent>::of(agent).requester()),
            Principal::Person(_) => Err(Problem::no_sign_in()),
        },
        _ => Err(Problem::no_sign_in()),
    }
}

/// The answer, or the problem, as a response.
pub(crate) fn answer<T: axum::response::IntoResponse>(result: Result<T, Problem>) -> Response {
    match result {
        Ok(good) => good.into_response(),
        Err(problem) => problem.into_response(),
    }
}
