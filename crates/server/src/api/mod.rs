//! `/api/v1`: JSON for programs; `docs/API.md` has the conventions.

pub(crate) mod ask;
pub(crate) mod describe;
pub(crate) mod openapi;
mod schemas;
pub(crate) mod v1;
