//! The request's id, the access log, the counts.
//!
//! What is logged of a path is its template, never itself: a hook's path holds a secret, a query holds a token.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::HeaderValue,
    middleware::Next,
    response::Response,
};

use crate::{App, access::Caller};

/// The id of a request, unique among all runs of the server; it is ours, never the client's.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Routes that are none of ours, in log and counts.
const NO_ROUTE: &str = "none";

pub(crate) async fn layer(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = format!("req-{}-{}", app.boot, app.counters.next_id());
    let route = route_of(&request).to_owned();
    let method = request.method().clone();
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    let took = began.elapsed();
    let status = response.status().as_u16();
    let caller = response.extensions().get::<Caller>().map_or("nobody", |caller| caller.name());
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(target: "server::access", request = %id, %method, route, status, ms, caller, "answered");
    app.counters.served(&route, status, took);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// The template of the route that a request matched.
pub(crate) fn route_of(request: &Request) -> &str {
    request.extensions().get::<MatchedPath>().map_or(NO_ROUTE, MatchedPath::as_str)
}
