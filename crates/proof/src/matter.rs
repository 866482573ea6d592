//! The case is about this submission, this outcome and this run, and about no other.

use std::collections::BTreeSet;

use gate::{Rulebook, RunMatter};
use model::{Mode, OutcomeKey, RunId, Submission};

use crate::{
    ProofError,
    chain::{Chain, repeats_decision},
    error::same,
    lane::numbers,
    log::{Entry, Log, in_order},
    rederive::Rederived,
};

/// How old facts may be when the run begins, in milliseconds.
const FACTS_MS: i64 = 180_000;

/// Checks submission and outcome against the case; gives the outcome's id.
pub(crate) fn check(
    log: &Log,
    run: &RunId,
    running: &Entry,
    matter: &RunMatter,
    again: &Rederived,
    chain: &Chain,
) -> Result<String, ProofError> {
    let (submission, case) = (&matter.submission, &again.case);
    let id = Submission::id_of(&submission.server, &submission.project, &submission.branch, &submission.tip);
    same("the submission's id", &submission.id, &id)?;
    let key = OutcomeKey {
        submission: submission.id.clone(),
        operation: matter.operation.clone(),
        environment: matter.environment.clone(),
    };
    let outcome = key.id().to_string();
    same("the run", run, &RunId::derive(&[outcome.as_bytes()]))?;
    same("the run that began", running.text("run")?, run.as_str())?;
    same("the revision", &case.tip, &submission.tip)?;
    same("the server", &case.server, &submission.server)?;
    same("the project", &case.project, &submission.project)?;
    same("the branch", &case.branch, &submission.branch)?;
    seen(log, submission, again)?;
    let mut first = None;
    for entry in log.entries.iter().filter(|e| e.kind().starts_with("outcome.")) {
        same("the outcome", entry.text("outcome")?, &outcome)?;
        same("the record of the outcome", entry.state()?.key.as_str(), &outcome)?;
        same("the outcome's submission", entry.text("submission")?, submission.id.as_str())?;
        same("the outcome's operation", entry.text("operation")?, matter.operation.as_str())?;
        same("the outcome's environment", entry.text("environment")?, matter.environment.as_str())?;
        if let Some(opened) = entry.maybe("opened-under") {
            same(
                "the configuration that the outcome was opened under",
                opened,
                matter.opened_under.to_string().as_str(),
            )?;
        }
        first.get_or_insert(entry);
    }
    for entry in log.entries.iter().filter(|e| matches!(e.kind(), "outcome.open" | "outcome.waiting")) {
        in_order("the outcome waited", entry, "the run began", running)?;
    }
    if let Some(first) = first {
        chain.before(&matter.opened_under, first)?;
    }
    repeats_decision(log, running, &again.judgement)?;
    Ok(outcome)
}

fn seen(log: &Log, submission: &Submission, again: &Rederived) -> Result<(), ProofError> {
    let seen = log.one("submission.seen")?;
    same("the submission that was seen", seen.text("submission")?, submission.id.as_str())?;
    same("the record of the submission", seen.state()?.key.as_str(), submission.id.as_str())?;
    same("the server that it was seen on", seen.text("server")?, submission.server.as_str())?;
    seen.escaped("project", "the project that it was seen in", submission.project.as_str())?;
    seen.escaped("branch", "the branch that it was seen on", submission.branch.as_str())?;
    same("the revision that was seen", seen.text("revision")?, submission.tip.to_string().as_str())?;
    if seen.list("changes")? != numbers(&submission.changes) {
        return Err(ProofError::Ledger("the submission was seen with other changes".to_owned()));
    }
    if let Some(running) = log.entries.iter().find(|e| e.kind() == "outcome.running") {
        in_order("the submission was seen", seen, "the run began", running)?;
    }
    seen.not_before("when it was first seen", submission.seen_at)?;
    submitted(submission, again)?;
    let accounted: BTreeSet<u64> = again.evidence.range.commits.iter().filter_map(|c| c.change).collect();
    match submission.changes.iter().find(|number| !accounted.contains(number)) {
        Some(stray) => {
            let what = format!("change {stray}, said to be of the submission but of no commit of its range,");
            Err(ProofError::Stray(what))
        }
        None => Ok(()),
    }
}

/// When it was submitted decides which operations it may trigger: it is what the histories of its changes say, to the
/// second.
fn submitted(submission: &Submission, again: &Rederived) -> Result<(), ProofError> {
    let own =
        again.evidence.changes.iter().filter(|change| submission.changes.contains(&change.change.number));
    let times = own
        .filter_map(|change| change.submitted.as_ref())
        .map(|submitted| submitted.at.unix_seconds().saturating_mul(1000));
    let (first, last) = times.fold((i64::MAX, i64::MIN), |(first, last), at| (first.min(at), last.max(at)));
    let at = submission.submitted_at.as_millis();
    if (first..=last.saturating_add(999)).contains(&at) {
        return Ok(());
    }
    Err(ProofError::Differs {
        what: "when it was submitted".to_owned(),
        here: submission.submitted_at.to_string(),
        there: "what the histories of its changes say".to_owned(),
    })
}

/// What a decision rested on was fresh when its grant was spent (I12): a minute, and what a commit may take, and a clock that
/// is set meanwhile.
pub(crate) fn in_time(running: &Entry, again: &Rederived) -> Result<(), ProofError> {
    let age_ms = running.at()?.ms_since(again.judgement.decision.facts_at);
    if age_ms <= FACTS_MS {
        return Ok(());
    }
    Err(ProofError::Ledger(format!(
        "the decision rests on facts that were {} s old when the run began (entry {})",
        age_ms / 1000,
        running.index
    )))
}

/// What the rulebooks say besides their policies: that the operation runs at all, and when it must not.
pub(crate) fn in_force(
    matter: &RunMatter,
    again: &Rederived,
    rulebooks: [&Rulebook; 2],
) -> Result<(), ProofError> {
    let case = &again.case;
    for rulebook in rulebooks {
        let operation = rulebook.configuration.operation(&matter.operation);
        if operation.is_none_or(|operation| operation.mode != Mode::Enforce) {
            return Err(ProofError::rederived(
                "the decision",
                format!("{} at {} only observes: nothing runs", matter.operation, rulebook.commit),
            ));
        }
        let calendar = rulebook.configuration.calendar();
        let at =
            |time| calendar.in_force(time, &matter.operation, &matter.environment).map(|f| f.name.as_str());
        let late: BTreeSet<&str> = at(again.judgement.decision.at).collect();
        // In force from the first fact to the decision: nobody could miss it.
        if let Some(freeze) =
            at(case.read_at).find(|name| late.contains(name) && !case.freezes.contains(*name))
        {
            return Err(ProofError::rederived(
                "the case",
                format!("the freeze {freeze:?} was in force, and it doesn't say so"),
            ));
        }
    }
    Ok(())
}
