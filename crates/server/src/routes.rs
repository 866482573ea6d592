//! Every route, with who may call it: the one list that the router, the tests and the OpenAPI document are made from.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get, post},
};
use utoipa::openapi::path::Operation;

use crate::{
    App, access, access::Access, answer::Problem, api, health, hooks, layers, metrics, pages, ready,
};

/// One route, for tests and readers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RouteInfo {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path's template.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
}

/// One route with its endpoint.
pub(crate) struct Route {
    pub(crate) info: RouteInfo,
    pub(crate) mount: fn() -> MethodRouter<App>,
    /// Its part of the OpenAPI document.
    pub(crate) doc: Option<fn() -> Operation>,
}

macro_rules! route {
    ($access:ident, GET, $path:literal, $handler:path $(, $doc:path)?) => {
        route!(@ $access, "GET", get, $path, $handler $(, $doc)?)
    };
    ($access:ident, POST, $path:literal, $handler:path $(, $doc:path)?) => {
        route!(@ $access, "POST", post, $path, $handler $(, $doc)?)
    };
    (@ $access:ident, $method:literal, $on:ident, $path:literal, $handler:path) => {
        Route {
            info: RouteInfo { method: $method, path: $path, access: Access::$access },
            mount: || $on($handler),
            doc: None,
        }
    };
    (@ $access:ident, $method:literal, $on:ident, $path:literal, $handler:path, $doc:path) => {
        Route {
            info: RouteInfo { method: $method, path: $path, access: Access::$access },
            mount: || $on($handler),
            doc: Some($doc),
        }
    };
}

/// The list.
pub(crate) fn list() -> Vec<Route> {
    use api::v1;
    vec![
        route!(Public, GET, "/healthz", health::get),
        route!(Reader, GET, "/readyz", ready::get, ready::doc),
        route!(Cli, GET, "/metrics", metrics::get),
        route!(Public, POST, "/hooks/gerrit/{server}/{secret}", hooks::gerrit::post, hooks::gerrit::doc),
        route!(Reader, GET, "/api/v1/submissions", v1::submissions::list::get, v1::submissions::list::doc),
        route!(
            Reader,
            GET,
            "/api/v1/submissions/{id}",
            v1::submissions::show::get,
            v1::submissions::show::doc
        ),
        route!(Reader, GET, "/api/v1/why", v1::why::get, v1::why::doc),
        route!(Reader, GET, "/api/v1/evidence", v1::evidence::get, v1::evidence::doc),
        route!(Asker, POST, "/api/v1/plan", v1::plan::post, v1::plan::doc),
        route!(Reader, GET, "/api/v1/requests", v1::requests::list::get, v1::requests::list::doc),
        route!(Asker, POST, "/api/v1/requests", v1::requests::make::post, v1::requests::make::doc),
        route!(Reader, GET, "/api/v1/requests/{id}", v1::requests::show::get, v1::requests::show::doc),
        route!(
            Asker,
            POST,
            "/api/v1/requests/{id}/withdraw",
            v1::requests::withdraw::post,
            v1::requests::withdraw::doc
        ),
        route!(Reader, GET, "/api/v1/access", v1::access::get, v1::access::doc),
        route!(Reader, GET, "/api/v1/links", v1::links::list::get, v1::links::list::doc),
        route!(Asker, POST, "/api/v1/links", v1::links::ask::post, v1::links::ask::doc),
        route!(Asker, POST, "/api/v1/links/{id}/prove", v1::links::prove::post, v1::links::prove::doc),
        route!(
            Reader,
            POST,
            "/api/v1/links/{server}/{account}/revoke",
            v1::links::revoke::post,
            v1::links::revoke::doc
        ),
        route!(Reader, GET, "/api/v1/consents", v1::consents::list::get, v1::consents::list::doc),
        route!(Reader, GET, "/api/v1/consents/{id}", v1::consents::show::get, v1::consents::show::doc),
        route!(Member, POST, "/api/v1/consents/{id}", v1::consents::begin::post, v1::consents::begin::doc),
        route!(Reader, GET, "/api/v1/runs", v1::runs::list::get, v1::runs::list::doc),
        route!(Reader, GET, "/api/v1/runs/{id}", v1::runs::show::get, v1::runs::show::doc),
        route!(Reader, GET, "/api/v1/runs/{id}/bundle", v1::runs::bundle::get, v1::runs::bundle::doc),
        route!(Reader, GET, "/api/v1/configuration", v1::configuration::get, v1::configuration::doc),
        route!(Reader, GET, "/api/v1/checkpoint", v1::checkpoint::get, v1::checkpoint::doc),
        route!(Cli, POST, "/api/v1/open-tokens", v1::open_tokens::post, v1::open_tokens::doc),
        route!(Reader, GET, "/api/v1/openapi.json", api::openapi::get),
        route!(Reader, GET, "/", pages::overview::get),
        route!(Reader, GET, "/events", pages::overview::events),
        route!(Reader, GET, "/submissions/{id}", pages::submission::get),
        route!(Reader, GET, "/submissions/{id}/events", pages::submission::events),
        route!(Reader, GET, "/runs", pages::runs::get),
        route!(Reader, GET, "/runs/{id}", pages::run::get),
        route!(Reader, GET, "/consents", pages::consents::list::get),
        route!(Reader, GET, "/consents/{id}", pages::consents::show::get),
        route!(Member, POST, "/consents/{id}", pages::consents::give::post),
        route!(Reader, GET, "/configuration", pages::configuration::get),
        route!(Public, GET, "/open", pages::open::get),
        route!(Public, POST, "/open", pages::open::post),
        route!(Public, GET, "/assets/{file}", pages::assets::get),
        route!(Public, GET, "/sign-in", pages::sign_in::begin::get),
        route!(Public, GET, "/sign-in/callback", pages::sign_in::callback::get),
        route!(Public, POST, "/sign-in/back-channel", pages::sign_in::back_channel::post),
        route!(Person, POST, "/sign-out", pages::sign_in::out::post),
        route!(Person, GET, "/sessions", pages::sessions::get),
        route!(Person, POST, "/sessions/end", pages::sessions::post),
        route!(Member, GET, "/passkeys", pages::passkeys::list::get),
        route!(Present, POST, "/passkeys/confirm", pages::passkeys::confirm::post),
        route!(Member, POST, "/passkeys/revoke", pages::passkeys::revoke::post),
        route!(Present, POST, "/script/passkeys/begin", pages::passkeys::enrol::begin),
        route!(Present, POST, "/script/passkeys/finish", pages::passkeys::enrol::finish),
        route!(Member, POST, "/script/consents/{id}/begin", pages::passkeys::consent::begin),
        route!(Member, POST, "/script/consents/{id}/finish", pages::passkeys::consent::finish),
        route!(Person, GET, "/step-up", pages::step_up::begin::get),
        route!(Person, POST, "/step-up", pages::step_up::confirm::post),
        route!(Person, GET, "/api/v1/step-up", v1::step_up::get, v1::step_up::doc),
        route!(Public, POST, "/api/v1/sign-in/device", v1::sign_in::begin::post, v1::sign_in::begin::doc),
        route!(Public, POST, "/api/v1/sign-in/device/poll", v1::sign_in::poll::post, v1::sign_in::poll::doc),
        route!(Person, GET, "/api/v1/whoami", v1::whoami::get, v1::whoami::doc),
        route!(Person, POST, "/api/v1/sign-out", v1::sign_out::post, v1::sign_out::doc),
        route!(Reader, POST, "/close", pages::close::post),
    ]
}

/// Every route, with who may call it.
#[must_use]
pub fn routes() -> Vec<RouteInfo> {
    list().into_iter().map(|route| route.info).collect()
}

/// The whole service. It expects the peer's address as axum's `ConnectInfo<SocketAddr>`; [`crate::serve()`] gives it.
pub fn router(app: &App) -> Router {
    let mut router = Router::new();
    for route in list() {
        let mounted = match route.info.access {
            Access::Public => (route.mount)(),
            Access::Reader => (route.mount)().route_layer(from_fn_with_state(app.clone(), access::reader)),
            Access::Person => (route.mount)().route_layer(from_fn_with_state(app.clone(), access::person)),
            Access::Asker => (route.mount)().route_layer(from_fn_with_state(app.clone(), access::asker)),
            Access::Member => (route.mount)().route_layer(from_fn_with_state(app.clone(), access::member)),
            Access::Present => (route.mount)().route_layer(from_fn_with_state(app.clone(), access::present)),
            Access::Cli => (route.mount)().route_layer(from_fn_with_state(app.clone(), access::cli)),
        };
        router = router.route(route.info.path, mounted);
    }
    // The last layer is the outermost; see `layers`.
    router
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(app.limits.body_bytes))
        .layer(from_fn_with_state(app.clone(), layers::limits::layer))
        .layer(from_fn_with_state(app.clone(), layers::host::layer))
        .layer(from_fn(layers::panics::layer))
        .layer(from_fn_with_state(app.clone(), layers::problems::layer))
        .layer(from_fn(layers::headers::layer))
        .layer(from_fn_with_state(app.clone(), layers::log::layer))
        .with_state(app.clone())
}

async fn nothing_here() -> Response {
    Problem::not_found("There is nothing at this address.")
        .hint("Check the address: the ids of submissions begin with sub-, those of runs with run-.")
        .into_response()
}

async fn wrong_method() -> Response {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "This address isn't used with this method.",
    )
    .into_response()
}
