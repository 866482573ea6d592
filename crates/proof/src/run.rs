//! What the run did: grant, spending, steps, end; in this order, signed, and all about the same plan.

use grant::{Did, Grant, Presence, StepAt, StepReport, check_offline};
use model::{Canonical as _, Decision, Digest, GrantId, KeyId, Plan, RunId};

use crate::{
    ProofError,
    error::same,
    log::{Entry, Log, in_order},
    objects::Objects,
    steps::Steps,
};

/// What is known of the run before its own entries are looked at.
pub(crate) struct Granted<'a> {
    pub(crate) run: &'a RunId,
    pub(crate) plan: &'a Plan,
    pub(crate) decision: &'a Decision,
    pub(crate) outcome: &'a str,
    pub(crate) presence: &'a Option<Presence>,
    pub(crate) gate: &'a KeyId,
    pub(crate) executor: &'a KeyId,
}

/// Checks the run's own entries, and gives its result.
pub(crate) fn check(log: &Log, objects: &Objects, granted: &Granted<'_>) -> Result<String, ProofError> {
    let issued = log.one("grant.issued")?;
    let grant = check_grant(log, objects, granted, issued)?;
    let spent = log.one("grant.spent")?;
    same("the spent grant", spent.text("grant")?, grant.id.as_str())?;
    same("the record of the spent grant", spent.state()?.key.as_str(), grant.id.as_str())?;
    same("the run that spent it", spent.text("run")?, granted.run.as_str())?;
    in_order("the grant was issued", issued, "it was spent", spent)?;
    in_order("the outcome was decided", log.one("outcome.running")?, "the grant was spent", spent)?;
    if spent.at()? >= grant.not_after {
        return Err(ProofError::format("the grant", "it was spent after its deadline"));
    }
    let expected = steps(log, objects, granted, &grant, spent)?;
    let finished = log.one("run.finished")?;
    let result = finished.text("result")?;
    same("the result", result, expected)?;
    Ok(result.to_owned())
}

fn check_grant(
    log: &Log,
    objects: &Objects,
    granted: &Granted<'_>,
    issued: &Entry,
) -> Result<Grant, ProofError> {
    let refuse = |why: grant::GrantError| ProofError::format("the grant", why);
    let bytes = objects.get("the grant", &issued.object("grant-object")?)?;
    let grant = check_offline(bytes, granted.gate).map_err(refuse)?;
    let digest = |what: &str, value: Result<Digest, serde_json::Error>| {
        value.map_err(|why| ProofError::rederived(what.to_owned(), why))
    };
    let decision = granted.decision;
    let id = GrantId::derive(&[granted.run.as_str().as_bytes(), decision.id.as_str().as_bytes()]);
    same("the grant's id", &grant.id, &id)?;
    same("the granted run", &grant.run, granted.run)?;
    same("the granted outcome", grant.outcome.as_str(), granted.outcome)?;
    same("the granted plan", &grant.plan, &digest("the plan", granted.plan.digest())?)?;
    same("the granted decision", &grant.decision, &digest("the decision", decision.digest())?)?;
    same("the granted configuration", &grant.configuration, &decision.configuration)?;
    same("the granted evidence", &grant.evidence, &decision.evidence)?;
    same("the granted executor", &grant.executor, granted.executor)?;
    if grant.presence != *granted.presence {
        return Err(ProofError::rederived("who was present", "the grant names others"));
    }
    same("the grant's ledger", grant.origin.as_str(), log.origin.as_str())?;
    same("the grant's entry", issued.text("grant")?, grant.id.as_str())?;
    same("the run of the grant's entry", issued.text("run")?, granted.run.as_str())?;
    same("the record of the grant's entry", issued.state()?.key.as_str(), granted.run.as_str())?;
    same("the decision of the grant's entry", issued.text("decision")?, decision.id.as_str())?;
    if grant.issued_at < decision.at {
        return Err(ProofError::format("the grant", "it was issued before it was decided"));
    }
    Ok(grant)
}

/// Follows the run's entries, and gives the result that follows from them.
fn steps(
    log: &Log,
    objects: &Objects,
    granted: &Granted<'_>,
    grant: &Grant,
    spent: &Entry,
) -> Result<&'static str, ProofError> {
    let mut steps = Steps::new(granted.plan);
    let mut over = false;
    let own = log.entries.iter().filter(|e| e.kind().starts_with("step.") || e.kind().starts_with("run."));
    for entry in own {
        same("the run of a step", entry.text("run")?, granted.run.as_str())?;
        same("the record of a step", entry.state()?.key.as_str(), granted.run.as_str())?;
        in_order("the grant was spent", spent, "a step", entry)?;
        if over {
            return Err(ProofError::Ledger(format!("entry {} comes after the run finished", entry.index)));
        }
        match entry.kind() {
            "run.finished" => over = true,
            "run.turned" => steps.turn()?,
            "step.started" => steps.start(place(entry, granted.plan)?, entry.integer("attempt")?)?,
            _ => finish(&mut steps, entry, objects, granted, grant)?,
        }
    }
    steps.end()
}

/// An outcome, with the report that the executor signed about it. What is unknown may have none: where the process died,
/// nobody was there to sign.
fn finish(
    steps: &mut Steps<'_>,
    entry: &Entry,
    objects: &Objects,
    granted: &Granted<'_>,
    grant: &Grant,
) -> Result<(), ProofError> {
    let at = place(entry, granted.plan)?;
    let did = match entry.text("did")? {
        "succeeded" => Did::Succeeded,
        "failed" => Did::Failed,
        "unknown" => Did::Unknown,
        other => {
            return Err(ProofError::format(format!("entry {}", entry.index), format!("it did {other:?}")));
        }
    };
    let attempt = steps.finish(at, did)?;
    let output = entry.leaf.sealed().get("output");
    if entry.maybe("report").is_none() && did == Did::Unknown {
        return match output {
            None => Ok(()),
            Some(_) => {
                Err(ProofError::Stray(format!("the output of entry {}, which nobody signed,", entry.index)))
            }
        };
    }
    let report = StepReport::verify_for(
        objects.get("a step's report", &entry.object("report")?)?,
        grant,
        granted.plan,
    )
    .map_err(|why| ProofError::format("a step's report", why))?;
    if report.at() != at || i64::from(report.attempt) != attempt || report.did != did {
        return Err(ProofError::Ledger(format!("entry {}: its report is about something else", entry.index)));
    }
    // The same commitment twice: so the output is what the executor signed, whether or not it is still there.
    match output {
        Some(output) if output.as_bytes() == report.output.commitment.as_bytes() => Ok(()),
        Some(_) => {
            Err(ProofError::Ledger(format!("entry {}: its output is not that of its report", entry.index)))
        }
        None => Err(ProofError::missing(format!("the output of entry {}", entry.index))),
    }
}

fn place(entry: &Entry, plan: &Plan) -> Result<StepAt, ProofError> {
    let index =
        u32::try_from(entry.integer("step")?).map_err(|why| ProofError::format("a step's place", why))?;
    let undo = match entry.integer("undo")? {
        0 => false,
        1 => true,
        _ => return Err(ProofError::format(format!("entry {}", entry.index), "its undo is neither 0 nor 1")),
    };
    let step = usize::try_from(index).ok().and_then(|i| plan.steps.get(i));
    let step = step.ok_or_else(|| ProofError::missing(format!("step {index} of the plan")))?;
    same("a step's id", entry.text("id")?, step.id.as_str())?;
    Ok(StepAt { index, undo })
}
