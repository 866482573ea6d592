//! A panic in a handler is a 500; nothing of it reaches the client, and the server lives.

use std::panic::AssertUnwindSafe;

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures_util::FutureExt as _;

use crate::{
    answer::Problem,
    layers::log::{RequestId, route_of},
};

pub(crate) async fn layer(request: Request, next: Next) -> Response {
    let route = route_of(&request).to_owned();
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    // Unwind safety: what handlers share is behind locks that are taken again after a panic, and whole in between.
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no text");
            tracing::error!(request = %id, route, panic = text, "a handler panicked");
            Problem::internal().into_response()
        }
    }
}
