//! `GET /api/v1/openapi.json`: the API described (OpenAPI 3.1), made from the router's own list.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use utoipa::openapi::{
    InfoBuilder, OpenApi, OpenApiBuilder, Paths, PathsBuilder,
    path::HttpMethod,
    security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
};

use crate::{api::schemas, routes};

pub(crate) async fn get() -> Response {
    Json(document()).into_response()
}

/// The document.
#[must_use]
pub fn document() -> OpenApi {
    let mut components = schemas::components();
    components.add_security_scheme("cliToken", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let cookie = ApiKeyValue::with_description(
        "exq-session-PORT",
        "A browser's session; `/open` sets it. The name ends in the server's port.",
    );
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Exequatur")
                .version("1")
                .description(Some(
                    "An operation is a change; approving it is reviewing it; merging it is the trigger.",
                ))
                .build(),
        )
        .paths(paths())
        .components(Some(components))
        .build()
}

fn paths() -> Paths {
    let mut paths = PathsBuilder::new().build();
    for route in routes::list() {
        let Some(doc) = route.doc else { continue };
        let method = match route.info.method {
            "POST" => HttpMethod::Post,
            _ => HttpMethod::Get,
        };
        paths.add_path_operation(route.info.path, vec![method], doc());
    }
    paths
}
