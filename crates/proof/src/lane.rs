//! Where the range begins: where the lane stood, or a reviewed baseline; and how the run moved the lane.

use gate::{Case, RunMatter};
use ledger::Fact;
use model::{Revision, RunId};

use crate::{
    ProofError,
    chain::{Chain, or_none, same_rules},
    error::same,
    log::{Entry, Log, in_order},
    rederive::Rederived,
    states::next_to,
};

/// Checks the lane's entries; says on what the beginning of the range rests.
pub(crate) fn check(
    log: &Log,
    run: &RunId,
    matter: &RunMatter,
    again: &Rederived,
    chain: &Chain,
    result: &str,
) -> Result<String, ProofError> {
    let case = &again.case;
    let moves: Vec<&Entry> = log.entries.iter().filter(|e| e.kind() == "lane.moved").collect();
    for entry in &moves {
        is_lane(entry, matter, case)?;
    }
    let (before, granted, ended) = match moves.as_slice() {
        [granted, ended] => (None, *granted, *ended),
        [before, granted, ended] => (Some(*before), *granted, *ended),
        _ => {
            return Err(ProofError::Ledger(format!("{} entries of the lane, not two or three", moves.len())));
        }
    };
    if let Some(before) = before {
        next_to(before, granted)?;
        if before.maybe("active").is_some() || before.maybe("run") == Some(run.as_str()) {
            return Err(ProofError::Ledger(format!("entry {}: something ran in the lane", before.index)));
        }
    } else if granted.state()?.version != 1 {
        return Err(ProofError::missing("the entry that says where the lane stood"));
    }
    next_to(granted, ended)?;
    let tip = case.tip.to_string();
    let succeeded = before.and_then(|entry| entry.maybe("succeeded"));
    moved(granted, run, &tip, Some(run.as_str()), succeeded)?;
    let now = case.rules.now.map(|rules| rules.to_string());
    same(
        "the rules that the lane's base was granted under",
        or_none(granted.maybe("rules")),
        or_none(now.as_deref()),
    )?;
    let after = if result == "succeeded" { Some(tip.as_str()) } else { succeeded };
    moved(ended, run, &tip, None, after)?;
    same("the rules of the lane", or_none(ended.maybe("rules")), or_none(granted.maybe("rules")))?;
    in_order("the lane moved", granted, "the grant was spent", log.one("grant.spent")?)?;
    in_order("the run finished", log.one("run.finished")?, "the lane was free", ended)?;
    let claimed = matter.before.map(|revision| revision.to_string());
    same("what ran before", or_none(claimed.as_deref()), or_none(succeeded))?;
    base(before, matter, again, chain)
}

fn is_lane(entry: &Entry, matter: &RunMatter, case: &Case) -> Result<(), ProofError> {
    for (fact, here) in [
        ("operation", matter.operation.as_str()),
        ("environment", matter.environment.as_str()),
        ("server", case.server.as_str()),
        ("project", case.project.as_str()),
        ("branch", case.branch.as_str()),
    ] {
        entry.escaped(fact, &format!("the lane's {fact}"), here)?;
    }
    Ok(())
}

fn moved(
    entry: &Entry,
    run: &RunId,
    base: &str,
    active: Option<&str>,
    succeeded: Option<&str>,
) -> Result<(), ProofError> {
    same("where the lane stands", entry.text("base")?, base)?;
    same("the run of the lane", entry.text("run")?, run.as_str())?;
    same("what is active in the lane", or_none(entry.maybe("active")), or_none(active))?;
    same("what succeeded in the lane", or_none(entry.maybe("succeeded")), or_none(succeeded))
}

/// Where the range begins is where the lane stood, or a reviewed baseline that doesn't lie behind it.
fn base(
    before: Option<&Entry>,
    matter: &RunMatter,
    again: &Rederived,
    chain: &Chain,
) -> Result<String, ProofError> {
    let case = &again.case;
    if matter.request.is_some() {
        return of_request(before, matter, case, chain);
    }
    if let Some(before) = before {
        let stood: Revision = before.parsed("base")?;
        if stood == case.base {
            let rules = before.maybe("rules").map(str::parse).transpose();
            let rules = rules.map_err(|why| ProofError::format("the rules of the lane", why))?;
            same_rules(case.project.as_str(), case.rules.base, rules)?;
            let by = before.maybe("run").unwrap_or("an asserted baseline");
            return Ok(format!("the range begins at {stood}, which {by} was granted"));
        }
        if again.evidence.range.commits.iter().any(|commit| gate::revision(&commit.sha) == stood) {
            return Err(ProofError::Ledger(format!(
                "the range begins at {}, behind {stood}, where the lane stood",
                case.base
            )));
        }
    }
    let baseline = chain.accepted().configuration.baseline(
        &matter.operation,
        &matter.environment,
        &case.server,
        &case.project,
        &case.branch,
    );
    match baseline {
        Some(baseline) if baseline.revision == case.base => {
            same_rules(case.project.as_str(), case.rules.base, None)?;
            Ok(format!(
                "the range begins at {}, asserted by a reviewed baseline: {}",
                case.base, baseline.reason
            ))
        }
        _ => Err(ProofError::missing(format!("what makes {} the beginning of the range", case.base))),
    }
}

/// A request brings its own change and nothing else: its range begins right before it on the branch, which the judgement has
/// seen to. The project's own rules are compared with those of the request before in the lane, or with nothing where there was
/// none, or where a reviewed baseline names that one: by it two people accept how they have moved since.
fn of_request(
    before: Option<&Entry>,
    matter: &RunMatter,
    case: &Case,
    chain: &Chain,
) -> Result<String, ProofError> {
    let stood: Option<Revision> = before.map(|before| before.parsed("base")).transpose()?;
    let baseline = chain.accepted().configuration.baseline(
        &matter.operation,
        &matter.environment,
        &case.server,
        &case.project,
        &case.branch,
    );
    let anew = baseline.is_some_and(|baseline| stood == Some(baseline.revision));
    if !(anew && case.rules.base.is_none()) {
        let rules = before.and_then(|before| before.maybe("rules")).map(str::parse).transpose();
        let rules = rules.map_err(|why| ProofError::format("the rules of the lane", why))?;
        same_rules(case.project.as_str(), case.rules.base, rules)?;
    }
    Ok(format!("the range is the request's own change, on top of {}", case.base))
}

/// A list of numbers as a leaf writes it.
pub(crate) fn numbers(list: &[u64]) -> Vec<String> {
    list.iter().map(|number| Fact::id(&number.to_string())).collect()
}
