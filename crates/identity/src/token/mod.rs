//! Tokens of an issuer: taken apart, their signature checked, their claims read. In this order: nothing in a token is
//! believed before its signature is.

pub(crate) mod claims;
pub(crate) mod id_token;
mod jws;
mod keys;

pub(crate) use claims::Claims;
pub(crate) use id_token::{Expected, IdToken};
pub(crate) use jws::Jws;
pub(crate) use keys::{Key, Keys};
