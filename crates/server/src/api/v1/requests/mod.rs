//! `/api/v1/requests`

pub(crate) mod list;
pub(crate) mod make;
pub(crate) mod show;
pub(crate) mod withdraw;
