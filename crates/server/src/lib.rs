//! HTTP: hooks, API, pages. No rule lives here: everything shown and taken is the engine's [`engine::surface::Surface`].
//!
//! - `hooks/`, `api/`, `pages/`: one endpoint, one file; [`routes()`] lists them all, with who may call each.
//! - `layers/`: what holds for every request, one layer a file.
//! - `access`: who is calling, and whether they may. `people`: sign-in by the company's identity provider, where it is
//!   configured. Where it isn't, `session` and `token`: a browser that was opened with a one-time token. Either way the
//!   command line of the host has a token of its own.
//! - `view/`: what a page says, as values; every text from outside becomes [`text::Shown`] on the way in.
//!
//! `docs/API.md` is the reader's side of this.

mod access;
mod answer;
mod api;
mod app;
mod config;
mod counters;
mod error;
mod health;
mod hooks;
mod intents;
mod layers;
mod metrics;
mod pages;
mod people;
mod ready;
mod routes;
mod serve;
mod session;
mod step_up;
mod tend;
mod text;
mod token;
mod view;
mod workloads;

pub use access::Access;
pub use api::openapi::document as openapi;
pub use api::v1::runs::bundle::BUNDLE_EXTENSION;
pub use app::App;
pub use config::{Limits, ServerConfig};
pub use error::ServerError;
pub use people::SignIn;
pub use routes::{RouteInfo, router, routes};
pub use serve::serve;
pub use token::{fresh_token, open_url};
