//! `GET /assets/{file}`: our style, our script, our mark; embedded, named by content, kept by browsers.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse as _, Response},
};
use model::Digest;

use crate::answer::Problem;

struct Asset {
    name: &'static str,
    media: &'static str,
    bytes: &'static str,
}

const ALL: [Asset; 3] = [
    Asset { name: "exq.css", media: "text/css; charset=utf-8", bytes: include_str!("../../assets/exq.css") },
    Asset {
        name: "exq.js",
        media: "text/javascript; charset=utf-8",
        bytes: concat!(include_str!("../../assets/exq.js"), "\n", include_str!("../../assets/passkeys.js")),
    },
    Asset { name: "mark.svg", media: "image/svg+xml", bytes: include_str!("../../assets/mark.svg") },
];

/// Changes when any asset does; addresses carry it, so a browser may keep what it has.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let parts: Vec<&[u8]> = ALL.iter().map(|asset| asset.bytes.as_bytes()).collect();
    Digest::of_parts("exequatur.assets", &parts).to_string().chars().take(12).collect()
});

/// See [`VERSION`].
pub(crate) fn version() -> &'static str {
    &VERSION
}

pub(crate) async fn get(Path(file): Path<String>) -> Response {
    let Some(asset) = ALL.iter().find(|asset| asset.name == file) else {
        return Problem::not_found("There is no such file.").into_response();
    };
    let headers =
        [(header::CONTENT_TYPE, asset.media), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.bytes).into_response()
}
