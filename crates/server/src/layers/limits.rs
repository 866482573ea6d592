//! No body that announces itself as too large; a place in the lane, or 503 at once; a time-out. Nothing queues: who is turned away knows it and comes back.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::header,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{App, answer::Problem};

pub(crate) async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_hook = request.uri().path().starts_with("/hooks/");
    let largest = if is_hook { app.limits.hook_body_bytes } else { app.limits.body_bytes };
    let announced = request.headers().get(header::CONTENT_LENGTH);
    if announced
        .is_some_and(|len| len.to_str().ok().and_then(|l| l.parse().ok()).is_none_or(|l: usize| l > largest))
    {
        return Problem::too_large(largest).into_response();
    }
    let lane = if is_hook { &app.hooks } else { &app.requests };
    let Ok(_place) = lane.clone().try_acquire_owned() else {
        return Problem::busy("busy", "Too many requests at once.").retry_after(1).into_response();
    };
    let limit = Duration::from_millis(app.limits.request_timeout_ms);
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::busy("timeout", "The answer took too long and was given up.")
            .hint("Try again; /readyz says whether a part is down.")
            .retry_after(5)
            .into_response(),
    }
}
