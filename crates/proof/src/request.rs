//! What was asked, and by whom: stored in the ledger before the change existed, and never withdrawn before it ran.

use gate::RequestMatter;
use model::{Request, RunId};

use crate::{
    ProofError,
    error::same,
    log::{Entry, Log, in_order},
    objects::Objects,
};

/// Checks the request's entries against the one that the case was decided on.
pub(crate) fn check(
    log: &Log,
    objects: &Objects,
    run: &RunId,
    running: &Entry,
    asked: Option<&RequestMatter>,
) -> Result<(), ProofError> {
    let all: Vec<&Entry> = log.entries.iter().filter(|e| e.kind().starts_with("request.")).collect();
    let of_outcome = log.entries.iter().filter(|e| e.kind().starts_with("outcome."));
    let Some(asked) = asked else {
        if let Some(stray) = all.first() {
            return Err(ProofError::Stray(format!("entry {} ({})", stray.index, stray.kind())));
        }
        let told = of_outcome.filter_map(|entry| entry.maybe("request")).next();
        return match told {
            Some(_) => Err(ProofError::missing(format!("the request of {run}"))),
            None => Ok(()),
        };
    };
    let request = &asked.request;
    let id = request.id.as_str();
    for entry in of_outcome {
        same("the request of the outcome", entry.text("request")?, id)?;
    }
    for entry in &all {
        same("the request", entry.text("request")?, id)?;
        same("the record of the request", entry.state()?.key.as_str(), id)?;
        in_order("the request moved", entry, "the run began", running)?;
    }
    let (made, opened, merged) =
        (log.one("request.made")?, log.one("request.opened")?, log.one("request.merged")?);
    let stored: Request = objects.value("the request", &made.object("request-object")?)?;
    if stored != *request {
        return Err(ProofError::rederived("the request", "it was decided on another than was stored"));
    }
    same("the plan that was asked for", &made.object("plan")?, &request.plan)?;
    same("the operation that was asked for", made.text("operation")?, request.operation.as_str())?;
    same("the environment that was asked for", made.text("environment")?, request.environment.as_str())?;
    same("what kind of identity asked", made.text("by")?, request.by.kind.name())?;
    made.not_before("when it was asked", request.made_at)?;
    for (what, told, here) in [
        ("justification", "why it was asked", request.justification.to_string()),
        ("requester", "who asked", request.by.to_string()),
    ] {
        if let Some(text) = log.texts.get(&(made.index, what.to_owned())) {
            same(told, String::from_utf8_lossy(text).as_ref(), here.as_str())?;
        }
    }
    for entry in all.iter().filter(|entry| entry.kind() != "request.made") {
        same("the change of the request", &entry.integer("change")?, &number(asked.change))?;
        same("the revision of the request", entry.text("revision")?, asked.revision.to_string().as_str())?;
        same("the account that made it", &entry.integer("writer")?, &number(asked.writer.0))?;
    }
    in_order("the request was stored", made, "its change was made", opened)?;
    let newest = all.last().map(|entry| entry.state().map(|state| state.version)).transpose()?;
    same("the version of the request", &newest.unwrap_or_default(), &asked.version)?;
    let seen = log.one("submission.seen")?;
    same("the submission of the request", merged.text("submission")?, seen.text("submission")?)?;
    let decided = asked.merged.as_ref().map(model::SubmissionId::as_str).unwrap_or_default();
    same("the submission that it was decided on", decided, merged.text("submission")?)
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
