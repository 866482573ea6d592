//! Who is calling, and whether they may.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use identity::{Principal, Via};

use crate::{
    App,
    answer::Problem,
    api::ask,
    layers::problems::is_for_programs,
    people::{People, sign_in_path},
    session::SessionKey,
    step_up,
};

/// Who may call a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Anybody who reaches us. The exceptions are few; a test lists them.
    Public,
    /// Who may read: a person who signed in and is in a group that reads, a service or agent that a reviewed rule lets in, a
    /// browser with a one-time session (where nobody
    /// signs in), or the host's command line.
    Reader,
    /// A person who signed in, in whatever groups: for what is about themselves.
    Person,
    /// A person who signed in and is in a group that reads, or a service or agent that a reviewed rule lets in: for asking
    /// that something be done. The host's token is none.
    Asker,
    /// A person who signed in and is in a group that reads: for what no service or agent may do, such as to say yes to a plan.
    Member,
    /// A person who signed in and proved, minutes ago at most, to be there (step-up): for what must not be done from a
    /// session that was left open. The handler is given an [`identity::Fresh`].
    Present,
    /// The host's command line only.
    Cli,
}

/// Who is calling.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// Someone unknown.
    Nobody,
    /// A browser that was opened with a one-time token.
    Session(SessionKey),
    /// A person who signed in.
    Person(Arc<identity::Session>),
    /// A service or an agent. What approves, consents or executes takes a person by type, and this can't be made one (I9).
    Workload(Arc<Principal>),
    /// The host's command line.
    Cli,
}

impl Caller {
    /// For the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Session(_) => "session",
            Self::Person(_) => "person",
            Self::Workload(principal) => match **principal {
                Principal::Person(_) => "person",
                Principal::Service(_) => "service",
                Principal::Agent(_) => "agent",
            },
            Self::Cli => "cli",
        }
    }

    /// Whether what let them in still holds.
    pub(crate) fn still_holds(&self, app: &App) -> bool {
        match self {
            // A workload's token is looked at with each request: a stream that outlives its looks is a person's.
            Self::Nobody | Self::Workload(_) => false,
            Self::Session(key) => app.sessions.is_open(key, app.now()),
            Self::Person(session) => app.people.as_ref().is_some_and(|people| {
                people.sessions.get(&session.id()).is_some_and(|session| people.may_read(session.person()))
            }),
            Self::Cli => true,
        }
    }
}

/// Lets readers in.
pub(crate) async fn reader(State(app): State<App>, request: Request, next: Next) -> Response {
    match (identify(&app, request.headers()).await, &app.people) {
        (Caller::Nobody, _) => unknown(&app, &request),
        (Caller::Person(session), Some(people)) if !people.may_read(session.person()) => {
            people.no_role(session.person()).into_response()
        }
        (caller, _) => pass(caller, request, next).await,
    }
}

/// Lets people in who signed in.
pub(crate) async fn person(State(app): State<App>, request: Request, next: Next) -> Response {
    match identify(&app, request.headers()).await {
        Caller::Nobody => unknown(&app, &request),
        Caller::Workload(_) => Problem::new(
            StatusCode::FORBIDDEN,
            "no-person",
            "This is for people, and a service or an agent is none.",
        )
        .hint("It may look at plans, ask for operations, and read.")
        .into_response(),
        caller @ Caller::Person(_) => pass(caller, request, next).await,
        Caller::Session(_) | Caller::Cli if app.people.is_none() => Problem::no_sign_in().into_response(),
        Caller::Session(_) | Caller::Cli => Problem::new(
            StatusCode::FORBIDDEN,
            "no-person",
            "This is about a person, and the host's token is none.",
        )
        .hint("Sign in: `exq login`.")
        .into_response(),
    }
}

/// Lets people in who may read, and nobody but people.
pub(crate) async fn member(State(app): State<App>, request: Request, next: Next) -> Response {
    match (identify(&app, request.headers()).await, &app.people) {
        (Caller::Person(session), Some(people)) if !people.may_read(session.person()) => {
            people.no_role(session.person()).into_response()
        }
        _ => person(State(app), request, next).await,
    }
}

/// Lets people in who may read, and proved a short while ago to be there, in the browser that they did it in.
pub(crate) async fn present(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let caller = identify(&app, request.headers()).await;
    if let (Caller::Person(session), Some(people)) = (&caller, &app.people) {
        if let Err(problem) = ask::in_browser(&caller) {
            return problem.into_response();
        }
        match people.sessions.fresh(session) {
            Some(fresh) => drop(request.extensions_mut().insert(fresh)),
            None => return step_up::needed(people, &page_of(people, &request)).into_response(),
        }
    }
    member(State(app), request, next).await
}

/// The page that can be shown again: this one, or where the form was that was sent here.
fn page_of(people: &People, request: &Request) -> String {
    if request.method() == Method::GET {
        return request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    }
    let from = request.headers().get(header::REFERER).and_then(|value| value.to_str().ok());
    let path = from.and_then(|from| from.strip_prefix(people.origin.as_str()));
    path.filter(|path| path.starts_with('/')).unwrap_or("/").to_owned()
}

/// Lets people in who may ask that something be done.
pub(crate) async fn asker(State(app): State<App>, request: Request, next: Next) -> Response {
    match (identify(&app, request.headers()).await, &app.people) {
        (Caller::Person(session), Some(people)) if !people.may_read(session.person()) => {
            people.no_role(session.person()).into_response()
        }
        (caller @ Caller::Workload(_), _) => pass(caller, request, next).await,
        _ => person(State(app), request, next).await,
    }
}

/// A browser that wants a page is sent to sign in; everybody else is told.
fn unknown(app: &App, request: &Request) -> Response {
    if app.people.is_none() {
        return Problem::unauthorized().into_response();
    }
    let headers = request.headers();
    let mode = headers.get("sec-fetch-mode").and_then(|v| v.to_str().ok());
    let wants_page = request.method() == Method::GET && mode == Some("navigate");
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    if wants_page && !is_for_programs(path) && !headers.contains_key(header::AUTHORIZATION) {
        return (StatusCode::SEE_OTHER, [(header::LOCATION, sign_in_path(path))]).into_response();
    }
    Problem::not_signed_in().into_response()
}

/// Lets the command line in.
pub(crate) async fn cli(State(app): State<App>, request: Request, next: Next) -> Response {
    match identify(&app, request.headers()).await {
        Caller::Cli => pass(Caller::Cli, request, next).await,
        Caller::Session(_) | Caller::Person(_) | Caller::Workload(_) | Caller::Nobody => {
            let needs = "This is for the command line: send its token as `Authorization: Bearer …`.";
            Problem::unauthorized().hint(needs).into_response()
        }
    }
}

async fn pass(caller: Caller, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(caller.clone());
    let mut response = next.run(request).await;
    response.extensions_mut().insert(caller);
    response
}

/// An `Authorization` header decides alone: a wrong token is not made good by a cookie.
async fn identify(app: &App, headers: &HeaderMap) -> Caller {
    if headers.contains_key(header::AUTHORIZATION) {
        return match bearer(headers) {
            Some(token) if app.cli_token.matches(token) => Caller::Cli,
            Some(token) => match entered(app, Via::CommandLine, token) {
                Caller::Nobody => {
                    let holder = app.workloads.holder(app, token).await;
                    holder.map_or(Caller::Nobody, |principal| Caller::Workload(Arc::new(principal)))
                }
                caller => caller,
            },
            None => Caller::Nobody,
        };
    }
    if is_foreign_fetch(headers) {
        return Caller::Nobody;
    }
    if let Some(people) = &app.people {
        let token = cookie(headers, &people.cookies.session());
        return token.map_or(Caller::Nobody, |token| entered(app, Via::Browser, token));
    }
    cookie(headers, &app.cookie)
        .and_then(|id| app.sessions.enter(id, app.now()))
        .map_or(Caller::Nobody, Caller::Session)
}

fn entered(app: &App, via: Via, token: &str) -> Caller {
    let session = app.people.as_ref().and_then(|people| people.sessions.enter(via, token));
    session.map_or(Caller::Nobody, Caller::Person)
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
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
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
