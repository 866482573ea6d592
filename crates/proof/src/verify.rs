//! Verifies a bundle: offline, total, from the file and the ledger's key alone.

use std::collections::BTreeMap;

use gate::{Matter, RunMatter};
use ledger::VerifierKey;
use model::{KeyId, OutcomeKey, Revision, RunId};
use serde::Serialize;

use crate::{
    Bundle, ProofError,
    error::same,
    log::{Entry, Log},
    objects::Objects,
    rederive::{Rederived, Rulebooks, rederive, rulebook},
    run::{Granted, check},
};

/// What a bundle proves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Verified {
    /// `exequatur.verified/1`
    pub schema: &'static str,
    /// The ledger.
    pub origin: String,
    /// How many entries the checkpoint is over.
    pub size: u64,
    /// The run.
    pub run: String,
    /// The operation.
    pub operation: String,
    /// The environment.
    pub environment: String,
    /// The revision that ran.
    pub revision: String,
    /// The changes of the submission.
    pub changes: Vec<u64>,
    /// The persons whose votes counted.
    pub approvers: Vec<String>,
    /// The policies that allowed it.
    pub policies: Vec<String>,
    /// How the run ended.
    pub result: String,
    /// What the auditor has in hand now.
    pub proven: Vec<String>,
    /// What rests on somebody's word, and what that somebody could have forged.
    pub rests_on: Vec<String>,
    /// What was not looked at.
    pub not_checked: Vec<String>,
    /// Texts that were erased; the proofs over them hold.
    pub erased: Vec<String>,
}

/// Every kind of entry that a bundle may hold.
const KINDS: &[&str] = &[
    "genesis.accepted",
    "configuration.accepted",
    "submission.seen",
    "outcome.open",
    "outcome.waiting",
    "outcome.running",
    "outcome.ran",
    "grant.issued",
    "grant.spent",
    "lane.moved",
    "step.started",
    "step.finished",
    "run.turned",
    "run.finished",
];

/// Verifies a bundle with the ledger's public key.
///
/// # Errors
/// [`ProofError`]: the first thing that doesn't hold. Then nothing is proven.
pub fn verify(bytes: &[u8], key: &VerifierKey) -> Result<Verified, ProofError> {
    let bundle = Bundle::decode(bytes)?;
    let log = Log::read(&bundle, key)?;
    let objects = Objects::decode(&bundle.objects)?;
    if let Some(stray) = log.entries.iter().find(|entry| !KINDS.contains(&entry.kind())) {
        return Err(ProofError::Stray(format!("entry {} ({})", stray.index, stray.kind())));
    }
    let genesis = log.one("genesis.accepted")?;
    if genesis.index != 0 {
        return Err(ProofError::Ledger(format!("genesis is entry {}, not entry 0", genesis.index)));
    }
    let (gate, executor): (KeyId, KeyId) = (genesis.parsed("gate")?, genesis.parsed("executor")?);
    let servers = genesis.list("servers")?;
    let running = log.one("outcome.running")?;
    let chain = acceptance(&log, &objects, genesis, servers, running)?;
    let again = rederive(&objects, running, chain.accepted()?, &chain.rulebooks, servers)?;
    let Matter::Run(matter) = &again.case.matter else {
        return Err(ProofError::format("the case", "it is not about a run"));
    };
    let outcome = check_matter(&bundle, &log, running, matter, &again)?;
    let base = check_base(&log, running, matter, &again, &chain)?;
    let plan = again.judgement.plan.as_ref().ok_or_else(|| ProofError::missing("the plan"))?;
    let recorded: model::Plan = objects.value("the plan", &running.object("plan-object")?)?;
    if recorded != *plan {
        return Err(ProofError::rederived("the plan", "it is not what was recorded"));
    }
    let granted = Granted {
        run: &bundle.run,
        plan,
        decision: &again.judgement.decision,
        outcome: &outcome,
        gate: &gate,
        executor: &executor,
    };
    let result = check(&log, &objects, &granted)?;
    let ran = log.one("outcome.ran")?;
    same("the outcome that ran", ran.text("outcome")?, outcome.as_str())?;
    same("the run of the outcome", ran.text("run")?, bundle.run.as_str())?;
    same("the result of the outcome", ran.text("result")?, result.as_str())?;
    repeats_running(ran, running)?;
    objects.all_used()?;
    Ok(verified(&bundle, log, &again, matter, base, result, chain.rulebooks.len()))
}

/// The rulebooks from genesis on, each accepted by the one before.
struct Chain {
    rulebooks: Rulebooks,
    current: Revision,
}

impl Chain {
    fn accepted(&self) -> Result<&gate::Rulebook, ProofError> {
        self.rulebooks
            .get(&self.current)
            .map(|r| &**r)
            .ok_or_else(|| ProofError::missing("the accepted configuration"))
    }
}

fn acceptance(
    log: &Log,
    objects: &Objects,
    genesis: &Entry,
    servers: &[String],
    running: &Entry,
) -> Result<Chain, ProofError> {
    let current: Revision = genesis.parsed("configuration")?;
    let first = rulebook(objects, &genesis.object("git")?, &current)?;
    let mut chain = Chain { rulebooks: Rulebooks::from([(current, first)]), current };
    for entry in log.entries.iter().filter(|e| e.kind() == "configuration.accepted") {
        if entry.index > running.index {
            return Err(ProofError::Stray(format!("entry {} ({})", entry.index, entry.kind())));
        }
        let again = rederive(objects, entry, chain.accepted()?, &chain.rulebooks, servers)?;
        let next: Revision = entry.parsed("configuration")?;
        if again.case.matter != Matter::Accept {
            return Err(ProofError::format("the case of a configuration", "it is about something else"));
        }
        same("the configuration before", &entry.parsed("before")?, &chain.current)?;
        same("where the configuration's range begins", &again.case.base, &chain.current)?;
        same("where the configuration's range ends", &again.case.tip, &next)?;
        same("the operations project", again.case.project.as_str(), genesis.text("project")?)?;
        let rulebook = rulebook(objects, &entry.object("git")?, &next)?;
        chain.rulebooks.insert(next, rulebook);
        chain.current = next;
    }
    Ok(chain)
}

/// The case is about this submission, this outcome and this run, and about no other.
fn check_matter(
    bundle: &Bundle,
    log: &Log,
    running: &Entry,
    matter: &RunMatter,
    again: &Rederived,
) -> Result<String, ProofError> {
    let (submission, case) = (&matter.submission, &again.case);
    let id = model::Submission::id_of(
        &submission.server,
        &submission.project,
        &submission.branch,
        &submission.tip,
    );
    same("the submission's id", &submission.id, &id)?;
    let key = OutcomeKey {
        submission: submission.id.clone(),
        operation: matter.operation.clone(),
        environment: matter.environment.clone(),
    };
    let outcome = key.id();
    same("the outcome", running.text("outcome")?, outcome.as_str())?;
    same("the run", &bundle.run, &RunId::derive(&[outcome.as_str().as_bytes()]))?;
    same("the run that began", running.text("run")?, bundle.run.as_str())?;
    same("the revision", &case.tip, &submission.tip)?;
    same("the server", &case.server, &submission.server)?;
    same("the project", &case.project, &submission.project)?;
    same("the branch", &case.branch, &submission.branch)?;
    let seen = log.one("submission.seen")?;
    same("the submission that was seen", seen.text("submission")?, submission.id.as_str())?;
    same("the revision that was seen", seen.text("revision")?, submission.tip.to_string().as_str())?;
    let changes: Vec<String> = submission.changes.iter().map(ToString::to_string).collect();
    if seen.list("changes")? != changes {
        return Err(ProofError::Ledger("the submission was seen with other changes".to_owned()));
    }
    let others = log.entries.iter().filter(|e| matches!(e.kind(), "outcome.open" | "outcome.waiting"));
    for entry in others {
        same("an outcome before", entry.text("outcome")?, outcome.as_str())?;
        if entry.index > running.index {
            return Err(ProofError::Ledger(format!("entry {} comes after the run began", entry.index)));
        }
    }
    Ok(outcome.to_string())
}

/// Where the range begins is where the lane stood, or a reviewed baseline.
fn check_base(
    log: &Log,
    running: &Entry,
    matter: &RunMatter,
    again: &Rederived,
    chain: &Chain,
) -> Result<String, ProofError> {
    let case = &again.case;
    let (mut before, mut after) = (None, Vec::new());
    for entry in log.entries.iter().filter(|e| e.kind() == "lane.moved") {
        for (fact, here) in [
            ("operation", matter.operation.as_str()),
            ("environment", matter.environment.as_str()),
            ("server", case.server.as_str()),
            ("project", case.project.as_str()),
            ("branch", case.branch.as_str()),
        ] {
            same(&format!("the lane's {fact}"), entry.text(fact)?, here)?;
        }
        if entry.maybe("run") == running.maybe("run") { after.push(entry) } else { before = Some(entry) }
    }
    if !after.iter().any(|entry| entry.maybe("base") == Some(case.tip.to_string().as_str())) {
        return Err(ProofError::missing("the entry by which the lane moved to this revision"));
    }
    if let Some(before) = before
        && after.iter().any(|entry| entry.index < before.index)
    {
        return Err(ProofError::Ledger("the lane moved before it stood where it began".to_owned()));
    }
    let succeeded = before.and_then(|entry| entry.maybe("succeeded")).map(str::to_owned);
    let claimed = matter.before.map(|revision| revision.to_string());
    same("what ran before", claimed.as_deref().unwrap_or("none"), succeeded.as_deref().unwrap_or("none"))?;
    if let Some(before) = before
        && before.maybe("base") == Some(case.base.to_string().as_str())
    {
        return Ok(format!(
            "the range begins at {}, which run {} was granted",
            case.base,
            before.text("run").unwrap_or("-")
        ));
    }
    let baseline = chain.accepted()?.configuration.baseline(
        &matter.operation,
        &matter.environment,
        &case.server,
        &case.project,
        &case.branch,
    );
    match baseline {
        Some(baseline) if baseline.revision == case.base => Ok(format!(
            "the range begins at {}, asserted by a reviewed baseline: {}",
            case.base, baseline.reason
        )),
        _ => Err(ProofError::missing(format!("what makes {} the beginning of the range", case.base))),
    }
}

/// The entry by which the outcome ended repeats the judgement by which it began.
fn repeats_running(ran: &Entry, running: &Entry) -> Result<(), ProofError> {
    for fact in ["decision", "decision-object", "case-object", "evidence-object", "git-object", "plan-object"]
    {
        same(&format!("{fact} of the outcome's end"), ran.text(fact)?, running.text(fact)?)?;
    }
    Ok(())
}

fn verified(
    bundle: &Bundle,
    log: Log,
    again: &Rederived,
    matter: &RunMatter,
    base: String,
    result: String,
    rulebooks: usize,
) -> Verified {
    let approvers: Vec<String> = again.judgement.approvers.iter().map(ToString::to_string).collect();
    let commits = again.evidence.range.commits.len();
    let steps: BTreeMap<&str, usize> = log.entries.iter().fold(BTreeMap::new(), |mut all, entry| {
        *all.entry(entry.kind()).or_default() += 1;
        all
    });
    Verified {
        schema: "exequatur.verified/1",
        proven: vec![
            format!("{} entries are in the ledger {} under its signed checkpoint of {} entries", log.entries.len(), log.origin, log.size),
            format!("the evidence follows from Gerrit's raw objects: {commits} commits, each a reviewed change or a merge that Gerrit made"),
            base,
            format!("{rulebooks} configurations, each accepted by the one before, from genesis on; their policies allow this plan"),
            "the plan is what the accepted operation says for this revision; the grant is for this plan, this run, this executor".to_owned(),
            format!("the grant was spent once, before the first of {} steps; each outcome is signed by the executor", steps.get("step.finished").unwrap_or(&0)),
        ],
        rests_on: vec![
            "Gerrit's administrator: could have forged accounts, votes and history before they were first read".to_owned(),
            "the reviewed links: that an account is that person's".to_owned(),
            "the approvals are votes: cast by whoever held the account's token; nothing proves that a person was present".to_owned(),
            "whoever is root where the gate, the ledger and the executor ran: they share one process, so that one can sign all three".to_owned(),
        ],
        not_checked: vec![
            "what the steps' programs did on the target, beyond what the executor signed".to_owned(),
            "that this checkpoint is the newest: ask the ledger, or a witness".to_owned(),
        ],
        origin: log.origin,
        size: log.size,
        run: bundle.run.to_string(),
        operation: matter.operation.to_string(),
        environment: matter.environment.to_string(),
        revision: again.case.tip.to_string(),
        changes: matter.submission.changes.clone(),
        approvers,
        policies: again.judgement.decision.policies.clone(),
        result,
        erased: log.erased,
    }
}
