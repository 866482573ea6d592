//! No body that announces itself as too large; a place in the lane, or 503 at once; a time-out. Nothing queues: who is turned away knows it and comes back.

use std::time::Duration;

use axum::{
    body::BodyDataStream,
    extract::{Request, State},
    http::header,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use futures_util::StreamExt as _;

use crate::{App, answer::Problem};

/// What is read and dropped at most of a body that is too large, in bytes.
const MAX_DROPPED: usize = 1024 * 1024;

pub(crate) async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_hook = request.uri().path().starts_with("/hooks/");
    let largest = if is_hook { app.limits.hook_body_bytes } else { app.limits.body_bytes };
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.map(|len| len.to_str().ok().and_then(|l| l.parse().ok()).unwrap_or(usize::MAX));
    if announced.is_some_and(|len| len > largest.saturating_add(MAX_DROPPED)) {
        return Problem::too_large(largest).into_response();
    }
    let lane = if is_hook { &app.hooks } else { &app.requests };
    let Ok(_place) = lane.clone().try_acquire_owned() else {
        return Problem::busy("busy", "Too many requests at once.").retry_after(1).into_response();
    };
    let limit = Duration::from_millis(app.limits.request_timeout_ms);
    let answer = async {
        if announced.is_some_and(|len| len > largest) {
            let time_out = Duration::from_millis(app.limits.hook_read_timeout_ms);
            let _ = tokio::time::timeout(time_out, hear_out(request.into_body().into_data_stream())).await;
            return Problem::too_large(largest).into_response();
        }
        next.run(request).await
    };
    match tokio::time::timeout(limit, answer).await {
        Ok(response) => response,
        Err(_) => Problem::busy("timeout", "The answer took too long and was given up.")
            .hint("Try again; /readyz says whether a part is down.")
            .retry_after(5)
            .into_response(),
    }
}

/// Reads and drops what is left of a body that is too large, within reason: who is answered in the midst of sending has the
/// connection reset by the kernel, and may never see the answer.
pub(crate) async fn hear_out(mut body: BodyDataStream) {
    let mut dropped = 0_usize;
    while let Some(Ok(chunk)) = body.next().await {
        dropped = dropped.saturating_add(chunk.len());
        if dropped > MAX_DROPPED {
            return;
        }
    }
}
