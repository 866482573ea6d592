//! `GET /api/v1/checkpoint`: the newest signed checkpoint, as it was signed (C2SP tlog-checkpoint, a signed note).

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use utoipa::openapi::path::Operation;

use crate::{
    App,
    answer::Problem,
    api::{ask, describe},
};

pub(crate) async fn get(State(app): State<App>) -> Response {
    let note = app.surface.checkpoint().await;
    ask::answer(
        note.map(|note| ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], note).into_response())
            .map_err(|error| Problem::of_surface("checkpoint", &error)),
    )
}

pub(crate) fn doc() -> Operation {
    describe::operation("readCheckpoint", "The newest signed checkpoint of the ledger")
        .bytes(200, "A signed note (C2SP tlog-checkpoint), byte for byte.", "text/plain; charset=utf-8")
        .reader_errors()
        .error(404, "Nothing is under a checkpoint yet.")
        .done()
}
