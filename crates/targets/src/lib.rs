//! What a step acts on: one module per kind of step.
//!
//! Nothing here acts without a [`VerifiedGrant`], and what is done is taken from the plan that it permits, by place:
//! there is no way to hand in an action of one's own. When to act, and what follows, others decide.

mod acted;
mod context;
mod error;
mod exec;
mod gerrit;
mod http;
mod output;
mod workspace;

use grant::{StepAt, VerifiedGrant};
use model::{Action, Method};

pub use self::gerrit::{ClientDesk, DeskError, GerritDesk};
pub use acted::{Acted, Did};
pub use context::{Context, Limits};
pub use error::TargetError;
pub use exec::{leftovers_end, still_running};
pub use output::{SafeOutput, Secrets};
pub use workspace::{Files, Workspace};

/// Does one action of the granted plan, once more if `attempt` is above 1, and says what it did. Dropping the future
/// stops what it started.
///
/// The caller has recorded the intent, has spent the grant, and asks [`VerifiedGrant::check_deadline`] just before.
pub async fn act(grant: &VerifiedGrant, at: StepAt, attempt: u32, context: &Context<'_>) -> Acted {
    match grant.action(at) {
        None => Acted::refused("the granted plan has no such action"),
        Some(Action::Exec(exec)) => exec::act(grant, at, attempt, exec, context).await,
        Some(Action::Http(http)) => http::act(grant, at, http, context).await,
        Some(Action::Gerrit(gerrit)) => gerrit::act(grant, at, gerrit, context).await,
    }
}

/// Whether an action may be done again when it is not known whether it was done (I7): by its own nature, by its
/// idempotency key, or because the accepted operation says so. Otherwise a person has to look.
#[must_use]
pub const fn may_repeat(action: &Action) -> bool {
    match action {
        Action::Exec(exec) => exec.idempotent,
        Action::Http(http) => match http.method {
            Method::Get | Method::Put | Method::Delete => true,
            Method::Post => false,
        },
        // A message and a revert are looked for by their key before they are made; hashtags are a set.
        Action::Gerrit(_) => true,
    }
}
