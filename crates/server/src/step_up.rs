//! Step-up: the identity provider asks a person again, who is signed in already, and they come back where they were.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use identity::{Person, Purpose, ReturnTo, SessionId};
use model::Digest;
use secrecy::ExposeSecret as _;

use crate::{
    App,
    answer::Problem,
    pages,
    people::{self, People},
    view::Frame,
};

/// A step-up that has begun: where the browser goes, and what it keeps.
pub(crate) struct Begun {
    url: String,
    location: HeaderValue,
    cookie: HeaderValue,
}

#[derive(Template)]
#[template(path = "away.html")]
struct Away<'a> {
    url: &'a str,
}

/// Begins one, for a session, bound to what is signed by it, if anything is.
pub(crate) async fn begin(
    people: &People,
    headers: &HeaderMap,
    person: &Person,
    session: SessionId,
    binds: Option<Digest>,
    to: ReturnTo,
) -> Result<Begun, Problem> {
    let purpose = Purpose::StepUp { who: person.identity().clone(), session, binds };
    let begun = people.party.begin(purpose, to, people::binding(people, headers)).await;
    let begun = begun.map_err(|error| people::failed(&error))?;
    let keep_s = people.party.pending_ms() / 1000;
    let cookie = people.cookies.set(&people.cookies.sign_in(), begun.binding.expose_secret(), keep_s);
    match (HeaderValue::from_str(&begun.url), HeaderValue::from_str(&cookie)) {
        (Ok(location), Ok(cookie)) => Ok(Begun { url: begun.url, location, cookie }),
        _ => Err(Problem::internal()),
    }
}

impl Begun {
    /// Where a link was followed.
    pub(crate) fn redirect(self) -> Response {
        let headers = [(header::SET_COOKIE, self.cookie), (header::LOCATION, self.location)];
        (StatusCode::SEE_OTHER, headers).into_response()
    }

    /// Where a form was sent: our pages' policy lets no form lead to another origin, not by a redirect either. A page that
    /// goes on by itself may.
    pub(crate) fn page(self, app: &App) -> Response {
        let mut response = pages::page(
            StatusCode::OK,
            Frame::outside(app, "To the identity provider"),
            &Away { url: &self.url },
        );
        let Ok(refresh) = HeaderValue::from_str(&format!("0;url={}", self.url)) else {
            return Problem::internal().into_response();
        };
        let headers = response.headers_mut();
        headers.insert(header::SET_COOKIE, self.cookie);
        headers.insert(HeaderName::from_static("refresh"), refresh);
        response
    }
}

/// The address that begins one, and comes back to `path`.
pub(crate) fn path(to: &str) -> String {
    people::with_query("/step-up?to=", to)
}

/// What whoever wasn't asked lately reads, and where the page's button leads: back to a page that can be shown.
pub(crate) fn needed(people: &People, page: &str) -> Problem {
    Problem {
        step_up: Some(path(page)),
        ..Problem::new(
            StatusCode::FORBIDDEN,
            "step-up-needed",
            "This needs you to prove once more, now, that it is you: a session may have been left open.",
        )
        .hint(format!(
            "Open {}/step-up in the browser where you are signed in. From a program: GET /api/v1/step-up gives the address \
             to open, and says when it is done.",
            people.origin
        ))
    }
}
