//! The page of a problem: what happened, what to do, and the request's id.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use crate::{App, answer::Problem, pages, people, text::Shown, view::Frame};

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    status: u16,
    title: &'a str,
    message: &'a str,
    hint: Option<&'a str>,
    request: &'a str,
    /// A link to the same page: a browser that followed a link from elsewhere left the session's cookie away, and brings
    /// it when the link is ours.
    again: Option<Shown>,
    /// Where to sign in, to come back here.
    sign_in: Option<String>,
    /// Where to prove to be present, to come back here.
    step_up: Option<&'a str>,
    /// Somebody is signed in, and may not read this.
    is_signed_in: bool,
}

pub(crate) fn page(app: &App, problem: &Problem, path: &str, request: &str) -> Response {
    let title = match problem.status {
        _ if problem.code == "no-role" => "You are signed in, and may not read this",
        _ if problem.code == "step-up-needed" => "Prove that it is you",
        _ if matches!(problem.code, "consent-refused" | "would-not-count") => "Your answer doesn't count",
        StatusCode::CONFLICT => "Not any more",
        _ if problem.code.starts_with("sign-in") => "You are not signed in",
        StatusCode::UNAUTHORIZED if app.people.is_some() => "Nobody is signed in here",
        StatusCode::BAD_REQUEST => "That can't be read",
        StatusCode::UNAUTHORIZED => "No session is open here",
        StatusCode::FORBIDDEN => "Not from here",
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::METHOD_NOT_ALLOWED => "Not in this way",
        StatusCode::MISDIRECTED_REQUEST => "Not by this name",
        StatusCode::SERVICE_UNAVAILABLE => "Not at the moment",
        _ => "Something broke",
    };
    let is_local = path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/open");
    let body = ProblemPage {
        status: problem.status.as_u16(),
        title,
        message: &problem.message,
        hint: problem.hint.as_deref(),
        request,
        again: (problem.status == StatusCode::UNAUTHORIZED && is_local && app.people.is_none())
            .then(|| Shown::line(path)),
        sign_in: sign_in(app, problem, path),
        step_up: problem.step_up.as_deref(),
        is_signed_in: problem.code == "no-role",
    };
    pages::page(problem.status, Frame::outside(app, title), &body)
}

/// The way in, for who isn't.
fn sign_in(app: &App, problem: &Problem, path: &str) -> Option<String> {
    let helps = problem.status == StatusCode::UNAUTHORIZED || problem.code.starts_with("sign-in");
    let back = if path.starts_with("/sign-in") { "/" } else { path };
    (app.people.is_some() && helps).then(|| people::sign_in_path(back))
}
