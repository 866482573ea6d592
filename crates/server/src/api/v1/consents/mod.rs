//! `/api/v1/consents`

pub(crate) mod begin;
pub(crate) mod list;
pub(crate) mod show;

use axum::http::StatusCode;
use model::{Digest, OutcomeId};

use crate::{App, access::Caller, answer::Problem, api::ask, text::Shown};

/// That an answer of the caller's to this plan would count, as far as can be said before it is given.
pub(crate) async fn ready(app: &App, caller: &Caller, id: &str, plan: &Digest) -> Result<OutcomeId, Problem> {
    // A service or an agent says neither yes nor no.
    ask::who(caller)?;
    let view = show::show(app, caller, id).await?;
    let conflict = |code, message: String| Problem::new(StatusCode::CONFLICT, code, message);
    if !view.waits {
        let state = view.state.name();
        return Err(conflict(
            "not-waiting",
            format!("Nothing waits for an answer here: this outcome is {state}."),
        ));
    }
    if view.hash != Some(*plan) {
        return Err(conflict(
            "plan-moved",
            "The plan is another now than the one that was shown.".to_owned(),
        )
        .hint("Look at it again, and at its code."));
    }
    match view.you.and_then(|you| you.why_not) {
        Some(why) => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "would-not-count",
            format!("Your answer would not count: {}.", Shown::line(&why)),
        )),
        None => Ok(view.outcome),
    }
}
