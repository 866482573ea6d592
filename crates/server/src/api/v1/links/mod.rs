//! `/api/v1/links`: accounts on Gerrit that their holders linked to themselves.

pub(crate) mod ask;
pub(crate) mod list;
pub(crate) mod prove;
pub(crate) mod revoke;
