//! What the run did: grant, spending, steps, end; in this order, signed, and all about the same plan.

use std::collections::BTreeMap;

use grant::{Did, Grant, StepAt, StepReport, check_offline};
use model::{Canonical as _, Decision, Digest, KeyId, OnFailure, Plan, RunId};

use crate::{
    ProofError,
    error::same,
    log::{Entry, Log},
    objects::Objects,
};

/// What is known of the run before its own entries are looked at.
pub(crate) struct Granted<'a> {
    pub(crate) run: &'a RunId,
    pub(crate) plan: &'a Plan,
    pub(crate) decision: &'a Decision,
    pub(crate) outcome: &'a str,
    pub(crate) gate: &'a KeyId,
    pub(crate) executor: &'a KeyId,
}

/// Checks the run's own entries, and gives its result.
pub(crate) fn check(log: &Log, objects: &Objects, granted: &Granted<'_>) -> Result<String, ProofError> {
    let issued = log.one("grant.issued")?;
    let grant = check_grant(log, objects, granted, issued)?;
    let spent = log.one("grant.spent")?;
    same("the spent grant", spent.text("grant")?, grant.id.as_str())?;
    same("the run that spent it", spent.text("run")?, granted.run.as_str())?;
    in_order("the grant was issued", issued, "it was spent", spent)?;
    let steps = steps(log, objects, granted, &grant, spent)?;
    let finished = log.one("run.finished")?;
    same("the run that finished", finished.text("run")?, granted.run.as_str())?;
    let result = finished.text("result")?;
    if let Some(last) = log.entries.iter().rfind(|e| e.kind().starts_with("step.")) {
        in_order("the last step", last, "the run finished", finished)?;
    }
    same("the result", result, expected(granted.plan, &steps).as_str())?;
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
    same("the granted run", &grant.run, granted.run)?;
    same("the granted outcome", grant.outcome.as_str(), granted.outcome)?;
    same("the granted plan", &grant.plan, &digest("the plan", granted.plan.digest())?)?;
    same("the granted decision", &grant.decision, &digest("the decision", granted.decision.digest())?)?;
    same("the granted configuration", &grant.configuration, &granted.decision.configuration)?;
    same("the granted evidence", &grant.evidence, &granted.decision.evidence)?;
    same("the granted executor", &grant.executor, granted.executor)?;
    same("the grant's ledger", grant.origin.as_str(), log.origin.as_str())?;
    same("the grant's entry", issued.text("grant")?, grant.id.as_str())?;
    same("the run of the grant's entry", issued.text("run")?, granted.run.as_str())?;
    same("the decision of the grant's entry", issued.text("decision")?, granted.decision.id.as_str())?;
    if grant.issued_at < granted.decision.at || grant.issued_at > grant.not_after {
        return Err(ProofError::format("the grant", "its times contradict each other"));
    }
    Ok(grant)
}

/// What each action did last, by place.
type Steps = BTreeMap<(u32, bool), Did>;

fn steps(
    log: &Log,
    objects: &Objects,
    granted: &Granted<'_>,
    grant: &Grant,
    spent: &Entry,
) -> Result<Steps, ProofError> {
    let mut steps = Steps::new();
    let mut begun: Option<(StepAt, i64)> = None;
    for entry in
        log.entries.iter().filter(|e| matches!(e.kind(), "step.started" | "step.finished" | "run.turned"))
    {
        same("the run of a step", entry.text("run")?, granted.run.as_str())?;
        in_order("the grant was spent", spent, "a step", entry)?;
        if entry.kind() == "run.turned" {
            continue;
        }
        let at = place(entry, granted.plan)?;
        if entry.kind() == "step.started" {
            begun = Some((at, entry.integer("attempt")?));
            continue;
        }
        let Some((_, attempt)) = begun.take().filter(|(begun, _)| *begun == at) else {
            return Err(ProofError::Ledger(format!(
                "entry {}: a step has an outcome and no intent",
                entry.index
            )));
        };
        let did = match entry.text("did")? {
            "succeeded" => Did::Succeeded,
            "failed" => Did::Failed,
            _ => Did::Unknown,
        };
        if let Some(digest) = entry.maybe("report") {
            let digest: Digest = digest.parse().map_err(|why| ProofError::format("a step's report", why))?;
            let report =
                StepReport::verify_for(objects.get("a step's report", &digest)?, grant, granted.plan)
                    .map_err(|why| ProofError::format("a step's report", why))?;
            if report.at() != at || i64::from(report.attempt) != attempt || report.did != did {
                return Err(ProofError::Ledger(format!(
                    "entry {}: its report is about something else",
                    entry.index
                )));
            }
        } else if did != Did::Unknown {
            return Err(ProofError::missing(format!("the report of entry {}", entry.index)));
        }
        steps.insert((at.index, at.undo), did);
    }
    Ok(steps)
}

fn place(entry: &Entry, plan: &Plan) -> Result<StepAt, ProofError> {
    let index =
        u32::try_from(entry.integer("step")?).map_err(|why| ProofError::format("a step's place", why))?;
    let undo = entry.integer("undo")? != 0;
    let step = usize::try_from(index).ok().and_then(|i| plan.steps.get(i));
    let step = step.ok_or_else(|| ProofError::missing(format!("step {index} of the plan")))?;
    same("a step's id", entry.text("id")?, step.id.as_str())?;
    Ok(StepAt { index, undo })
}

/// The result that follows from what the steps did.
fn expected(plan: &Plan, steps: &Steps) -> String {
    let forward = |i: u32| steps.get(&(i, false)).copied();
    let indices = || (0_u32..).zip(&plan.steps);
    if indices().all(|(i, _)| forward(i) == Some(Did::Succeeded)) {
        return "succeeded".to_owned();
    }
    if steps.values().any(|did| *did == Did::Unknown) {
        return "unknown".to_owned();
    }
    if plan.on_failure == OnFailure::Stop {
        return "failed".to_owned();
    }
    let looked =
        |action: &model::Action| matches!(action, model::Action::Http(h) if h.method == model::Method::Get);
    let taken_back = |i: u32, step: &model::PlannedStep| match forward(i) {
        None => true,
        Some(_) if step.undo.is_none() => looked(&step.action),
        Some(_) => steps.get(&(i, true)) == Some(&Did::Succeeded),
    };
    if indices().all(|(i, step)| taken_back(i, step)) { "undone".to_owned() } else { "partial".to_owned() }
}

fn in_order(a: &str, first: &Entry, b: &str, second: &Entry) -> Result<(), ProofError> {
    if first.index < second.index {
        return Ok(());
    }
    Err(ProofError::Ledger(format!("{a} (entry {}) not before {b} (entry {})", first.index, second.index)))
}
