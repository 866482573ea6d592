//! Our own sessions. What counts is the record in the store; what is asked on each request is a copy in memory.

mod entries;
mod fresh;
mod live;
mod record;
mod sessions;

pub use fresh::Fresh;
pub use live::Session;
pub use record::{EndReason, SessionId, SessionRecord, SessionState, Via};
pub use sessions::{SessionLimits, SessionToken, Sessions};
