//! Turns a [`Problem`] into what its reader can read: a page for a browser's page, JSON for everything else.

use axum::{
    Json,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;

use crate::{App, answer::Problem, layers::log::RequestId, pages};

/// The one shape of an error.
#[derive(Serialize)]
struct Envelope<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    code: &'a str,
    message: &'a str,
    hint: Option<&'a str>,
}

/// Where programs call.
const FOR_PROGRAMS: [&str; 7] =
    ["/api/", "/script/", "/hooks/", "/healthz", "/readyz", "/metrics", "/sign-in/back-channel"];

/// Whether a program calls there, not a browser's page.
pub(crate) fn is_for_programs(path: &str) -> bool {
    FOR_PROGRAMS.iter().any(|prefix| path.starts_with(prefix))
}

pub(crate) async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let body = if is_for_programs(&path) {
        let Problem { code, message, hint, .. } = &problem;
        Json(Envelope { error: Error { code, message, hint: hint.as_deref() } }).into_response()
    } else {
        pages::problem::page(&app, &problem, &path, &id)
    };
    let (parts, body) = body.into_parts();
    response.headers_mut().extend(parts.headers);
    *response.body_mut() = body;
    response
}
