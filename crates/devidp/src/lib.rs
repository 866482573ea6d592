//! A small OpenID Connect issuer on loopback, for the demo and quick tests: discovery, authorization code with PKCE, a page
//! where one picks a person instead of typing a password, key rotation, groups, device grant, refresh, back-channel logout.
//!
//! It does wrong on request ([`Fault`]): that is how tests see what a relying party refuses. It must never be reachable by
//! anybody else, and never be part of a product: whoever reaches it is whoever they like.

mod browser;
mod codes;
mod device;
mod discovery;
mod error;
mod fault;
mod keys;
mod logout;
mod page;
mod server;
mod sign_in;
mod tokens;
mod world;

pub use browser::Browser;
pub use error::Error;
pub use fault::Fault;
pub use keys::Algorithm;
pub use server::{DevIdp, Options};
pub use world::{DevClient, DevPerson};
