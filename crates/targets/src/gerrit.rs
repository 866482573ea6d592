//! What a step does on Gerrit: never a review vote.

use async_trait::async_trait;
use grant::{StepAt, VerifiedGrant};
use model::{ChangeKey, Gerrit};

use crate::{Acted, Context};

/// Why something was not done on Gerrit. Each reason is one line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DeskError {
    /// Gerrit does not allow it, or knows no such change.
    #[error("{0}")]
    Refused(String),
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
    for number in changes {
        let change = ChangeKey { server: by.server.clone(), project: by.project.clone(), number: *number };
        let done = match action {
            Gerrit::Message { text } => desk.message(&change, text, &key).await,
            Gerrit::Hashtag { add, remove } => desk.hashtags(&change, add, remove).await,
            Gerrit::Revert { message } => desk.revert(&change, message, &key).await,
        };
        match done {
            Ok(()) => {}
            Err(DeskError::Refused(why)) => return Acted::failed(format!("change {number}: {why}")),
            Err(DeskError::Unsettled(why)) => return Acted::unknown(format!("change {number}: {why}")),
        }
    }
    Acted::succeeded()
}
