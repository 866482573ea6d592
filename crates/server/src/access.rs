//! Who is calling, and whether they may.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{App, answer::Problem, session::SessionKey};

/// Who may call a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Anybody who reaches us. The exceptions are few; a test lists them.
    Public,
    /// A browser with an open session, or the command line.
    Reader,
    /// The command line only.
    Cli,
}

/// Who is calling.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Caller {
    /// Someone unknown.
    Nobody,
    /// A browser.
    Session(SessionKey),
    /// The command line.
    Cli,
}

impl Caller {
    /// For the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Session(_) => "session",
            Self::Cli => "cli",
        }
    }

    /// Whether what let them in still holds.
    pub(crate) fn still_holds(self, app: &App) -> bool {
        match self {
            Self::Nobody => false,
            Self::Session(key) => app.sessions.is_open(&key, app.now()),
            Self::Cli => true,
        }
    }
}

/// Lets readers in.
pub(crate) async fn reader(State(app): State<App>, request: Request, next: Next) -> Response {
    match identify(&app, request.headers()) {
        Caller::Nobody => Problem::unauthorized().into_response(),
        caller => pass(caller, request, next).await,
    }
}

/// Lets the command line in.
pub(crate) async fn cli(State(app): State<App>, request: Request, next: Next) -> Response {
    match identify(&app, request.headers()) {
        Caller::Cli => pass(Caller::Cli, request, next).await,
        Caller::Session(_) | Caller::Nobody => {
            let needs = "This is for the command line: send its token as `Authorization: Bearer …`.";
            Problem::unauthorized().hint(needs).into_response()
        }
    }
}

async fn pass(caller: Caller, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(caller);
    response
}

/// An `Authorization` header decides alone: a wrong token is not made good by a cookie.
fn identify(app: &App, headers: &HeaderMap) -> Caller {
    if headers.contains_key(header::AUTHORIZATION) {
        return match bearer(headers) {
            Some(token) if app.cli_token.matches(token) => Caller::Cli,
            _ => Caller::Nobody,
        };
    }
    if is_foreign_fetch(headers) {
        return Caller::Nobody;
    }
    cookie(headers, &app.cookie)
        .and_then(|id| app.sessions.enter(id, app.now()))
        .map_or(Caller::Nobody, Caller::Session)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let only = all.next()?;
    if all.next().is_some() {
        return None;
    }
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Another page's script or image, which a browser may send our cookie with: other ports of this host are the same
/// "site" to it. Following a link is not that.
fn is_foreign_fetch(headers: &HeaderMap) -> bool {
    let value = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let foreign = matches!(value("sec-fetch-site"), Some("cross-site" | "same-site"));
    foreign && value("sec-fetch-mode") != Some("navigate")
}

/// The one cookie of this name; none if there are several, since then it isn't known whose they are.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = None;
    for header in headers.get_all(header::COOKIE) {
        for pair in header.to_str().ok()?.split(';') {
            if let Some((key, value)) = pair.trim().split_once('=')
                && key == name
                && found.replace(value).is_some()
            {
                return None;
            }
        }
    }
    found
}
