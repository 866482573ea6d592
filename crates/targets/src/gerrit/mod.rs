//! What a step does on Gerrit: never a review vote.

mod desk;

use std::time::Duration;

use async_trait::async_trait;
use grant::{StepAt, VerifiedGrant};
use model::{ChangeKey, Gerrit};
use tokio::time::sleep;

use crate::{Acted, Context};

pub use desk::ClientDesk;

/// Waits between tries; each call is done once by its key, so trying again does no harm.
const WAITS: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1_600),
    Duration::from_millis(6_400),
];

/// Why something was not done on Gerrit.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DeskError {
    /// Gerrit does not allow it, or knows no such change.
    #[error("{0}")]
    Refused(String),
    /// Gerrit is not there: nothing was done.
    #[error("{0}")]
    Unavailable(String),
    /// It may have been done: the answer was lost.
    #[error("{0}")]
    Unsettled(String),
}

/// The way to Gerrit, with the writer's account. Whatever has a key is done once: it is looked for before it is made.
#[async_trait]
pub trait GerritDesk: Send + Sync {
    /// Posts a message on a change, unless one with this key is there.
    async fn message(&self, change: &ChangeKey, text: &str, key: &str) -> Result<(), DeskError>;

    /// Adds and removes hashtags of a change.
    async fn hashtags(&self, change: &ChangeKey, add: &[String], remove: &[String]) -> Result<(), DeskError>;

    /// Makes the change that reverts this one, unless one with this key is there.
    async fn revert(&self, change: &ChangeKey, message: &str, key: &str) -> Result<(), DeskError>;
}

/// Acts on each change of the submission, in order; a revert on the last one only.
pub(crate) async fn act(grant: &VerifiedGrant, at: StepAt, action: &Gerrit, context: &Context<'_>) -> Acted {
    let Some(desk) = context.desk else {
        return Acted::refused("this executor has no way to Gerrit");
    };
    let by = &grant.plan().triggered_by;
    let key = grant.idempotency_key(at).to_string();
    let changes = match action {
        Gerrit::Message { .. } | Gerrit::Hashtag { .. } => by.changes.as_slice(),
        Gerrit::Revert { .. } => by.changes.last().map(std::slice::from_ref).unwrap_or_default(),
    };
    if changes.is_empty() {
        return Acted::refused("the submission has no change");
    }
    let mut touched = false;
    for number in changes {
        let change = ChangeKey { server: by.server.clone(), project: by.project.clone(), number: *number };
        match once(desk, &change, action, &key).await {
            Ok(()) => touched = true,
            Err(DeskError::Unsettled(why)) => return Acted::unknown(format!("change {number}: {why}")),
            Err(DeskError::Refused(why) | DeskError::Unavailable(why)) => {
                return Acted { touched, ..Acted::failed(format!("change {number}: {why}")) };
            }
        }
    }
    Acted::succeeded()
}

/// One change: again, a few times, while Gerrit is not there or an answer is lost. What may have been done at one try
/// stays so, unless a later one settles it.
async fn once(
    desk: &dyn GerritDesk,
    change: &ChangeKey,
    action: &Gerrit,
    key: &str,
) -> Result<(), DeskError> {
    let mut waits = WAITS.iter();
    let mut may_have_acted = false;
    loop {
        let done = match action {
            Gerrit::Message { text } => desk.message(change, text, key).await,
            Gerrit::Hashtag { add, remove } => desk.hashtags(change, add, remove).await,
            Gerrit::Revert { message } => desk.revert(change, message, key).await,
        };
        may_have_acted |= matches!(done, Err(DeskError::Unsettled(_)));
        match (done, waits.next()) {
            (Err(DeskError::Unavailable(_) | DeskError::Unsettled(_)), Some(wait)) => sleep(*wait).await,
            (Err(DeskError::Unavailable(why) | DeskError::Refused(why)), _) if may_have_acted => {
                return Err(DeskError::Unsettled(why));
            }
            (done, _) => return done,
        }
    }
}
