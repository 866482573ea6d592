//! Requests: stored first, then a change that our writer makes, and submitted by us when policy is satisfied. What is merged
//! runs by the one path (`lanes.rs`); nothing here grants anything.

mod end;
mod found;
mod kept;
mod look;
mod make;
mod open;
mod tend;
mod view;

use std::{collections::HashMap, sync::Mutex};

use model::{Reason, RequestId, Revision, Timestamp};
use tokio::sync::Notify;

pub(crate) use end::say_request;
pub(crate) use kept::{KeptRequest, RequestState};
pub(crate) use look::{matter_of, parent_of};

/// What is known of requests beside their records: losing it costs a read.
#[derive(Default)]
pub(crate) struct Requests {
    /// Rung when there is something new to do.
    bell: Notify,
    /// Held while one is counted and made.
    making: tokio::sync::Mutex<()>,
    /// What was seen of each that waits.
    seen: Mutex<HashMap<RequestId, Seen>>,
}

/// What was seen of a request that waits.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// Where the change's meta history stood, under which configuration it was judged, and when.
    judged: Option<(Revision, Revision, Timestamp)>,
    /// What it waits for.
    reasons: Vec<Reason>,
    /// What went wrong last.
    trouble: Option<String>,
    /// How often in a row, and not before when it is tried again.
    failed: (u32, Option<Timestamp>),
}
