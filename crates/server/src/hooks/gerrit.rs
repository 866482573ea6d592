//! `POST /hooks/gerrit/{server}/{secret}`: a hint from Gerrit, stored before the answer; the work comes later.
//!
//! A wrong server and a wrong secret get the same answer, and the secret is in no log: logs hold the route's template.

use std::{net::SocketAddr, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use engine::surface::HookAnswer;
use futures_util::StreamExt as _;
use utoipa::openapi::path::Operation;

use crate::{App, answer::Problem, api::describe, layers::limits::hear_out};

/// No server's name or secret is longer, in bytes.
const MAX_PART: usize = 256;
/// When to come back after the budget is used up, or the store was away; in seconds.
const RETRY_AFTER_S: u32 = 10;

pub(crate) async fn post(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    path: Result<Path<(String, String)>, PathRejection>,
    body: Body,
) -> Response {
    match take(&app, peer, path, body).await {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn take(
    app: &App,
    peer: SocketAddr,
    path: Result<Path<(String, String)>, PathRejection>,
    body: Body,
) -> Result<(), Problem> {
    let limit = app.limits.hook_body_bytes;
    let time_out = Duration::from_millis(app.limits.hook_read_timeout_ms);
    let body = tokio::time::timeout(time_out, read(body, limit)).await.map_err(|_| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", "The body took too long to arrive.")
    })??;
    let Ok(Path((server, secret))) = path else { return Err(not_found()) };
    if server.len() > MAX_PART || secret.len() > MAX_PART {
        return Err(not_found());
    }
    match app.surface.hook(&server, &secret, peer.ip(), &body).await {
        HookAnswer::Stored | HookAnswer::Known | HookAnswer::Ignored => Ok(()),
        HookAnswer::Malformed => Err(Problem::bad_request("The body can't be read as an event of Gerrit.")),
        HookAnswer::NotFound => Err(not_found()),
        HookAnswer::OverBudget => Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "over-budget",
            "This source has sent all the hints that it may for now. Nothing is lost: the poll finds the rest.",
        )
        .retry_after(RETRY_AFTER_S)),
        HookAnswer::Unavailable => {
            Err(Problem::busy("unavailable", "The hint could not be stored. The poll will find what it tells.")
                .retry_after(RETRY_AFTER_S))
        }
    }
}

fn not_found() -> Problem {
    Problem::not_found("There is no such hook.")
}

async fn read(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut all = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::bad_request("The body broke off."))?;
        if all.len().saturating_add(chunk.len()) > limit {
            hear_out(chunks).await;
            return Err(Problem::too_large(limit));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.into())
}

pub(crate) fn doc() -> Operation {
    describe::operation("takeGerritHook", "Take a hint from Gerrit")
        .path("server", "The configured server's name.", "server-name")
        .path("secret", "The secret part of the address, from the server's configuration.", "text")
        .open()
        .body("An event, as Gerrit's webhooks and stream-events write it; at most 256 KiB.")
        .answer(202, "Stored, known already, or of no interest.", None)
        .error(400, "Not readable as an event.")
        .error(404, "No such server, or a wrong secret: the same answer for both.")
        .error(408, "The body took too long to arrive.")
        .error(413, "The body is too large.")
        .error(429, "This source's budget is used up; `Retry-After` says when to come back.")
        .error(503, "It could not be stored.")
        .done()
}
