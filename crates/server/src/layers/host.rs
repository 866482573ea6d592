//! Only by our own names, only from our own pages.
//!
//! A web page can let its own name resolve to 127.0.0.1 and then be "same origin" with us (DNS rebinding); its requests
//! carry that name in `Host`. And a page of another origin can post a form to us; its requests carry `Origin`.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{App, answer::Problem};

pub(crate) async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    if !is_for_us(&app, &request) {
        return Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "misdirected",
            "This server isn't called by the name in the request's Host header.",
        )
        .hint(format!("Use http://{}, or list the name in the server's allowed hosts.", app.address))
        .into_response();
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads && !is_from_us(&app, request.headers()) {
        return Problem::new(
            StatusCode::FORBIDDEN,
            "foreign-origin",
            "This request comes from a page that is not ours, so it was not carried out.",
        )
        .into_response();
    }
    next.run(request).await
}

/// Exactly one `Host`, and it is one of our names; a URL in the request line says the same.
fn is_for_us(app: &App, request: &Request) -> bool {
    let ours = |name: &str| {
        let name = name.to_ascii_lowercase();
        app.hosts.contains(&name) || (app.address.port() == 80 && app.hosts.contains(&format!("{name}:80")))
    };
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let only = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().is_ok_and(ours),
        _ => false,
    };
    only && request.uri().authority().is_none_or(|authority| ours(authority.as_str()))
}

/// No browser is behind it, or one that shows a page of ours.
fn is_from_us(app: &App, headers: &HeaderMap) -> bool {
    let value = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let origin = match value("origin") {
        None => true,
        Some(origin) => app.origins.iter().any(|ours| ours == origin),
    };
    origin && !matches!(value("sec-fetch-site"), Some("cross-site" | "same-site"))
}
