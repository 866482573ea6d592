//! What holds for every request, one layer a file. From the outside in:
//!
//! | layer | does |
//! |---|---|
//! | [`log`] | gives the request its id; one line and one count when it is answered |
//! | [`headers`] | the headers that every answer carries |
//! | [`problems`] | turns a [`crate::answer::Problem`] into JSON or a page |
//! | [`panics`] | a panic in a handler is a 500, and the server lives |
//! | [`host`] | only our own names (DNS rebinding), only our own pages may post |
//! | [`limits`] | a place in the lane, or 503; a time-out |

pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod limits;
pub(crate) mod log;
pub(crate) mod panics;
pub(crate) mod problems;
