//! HTTP: hooks, API, pages. No rule lives here: everything shown and taken is the engine's [`engine::surface::Surface`].
//!
//! - `hooks/`, `api/`, `pages/`: one endpoint, one file; [`routes()`] lists them all, with who may call each.
//! - `layers/`: what holds for every request, one layer a file.
//! - `access`, `session`, `token`: who is calling. Until sign-in exists the server answers on loopback only, to a browser
//!   that was opened with a one-time token, and to the command line with its own token.
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
mod layers;
mod metrics;
mod pages;
mod ready;
mod routes;
mod serve;
mod session;
mod text;
mod token;
mod view;

pub use access::Access;
pub use api::openapi::document as openapi;
pub use api::v1::runs::bundle::BUNDLE_EXTENSION;
pub use app::App;
pub use config::{Limits, ServerConfig};
pub use error::ServerError;
pub use routes::{RouteInfo, router, routes};
pub use serve::serve;
pub use token::{fresh_token, open_url};
