//! Verifies a bundle: offline, total, from the file and the ledger's key alone.

use std::collections::BTreeMap;

use gate::{Matter, RunMatter};
use ledger::VerifierKey;
use serde::Serialize;

use crate::{
    Bundle, ProofError,
    chain::{Chain, Genesis, repeats_decision},
    consent::{self, Rests},
    error::same,
    lane,
    log::{Entry, Log, in_order},
    matter,
    objects::Objects,
    people::People,
    rederive::{Rederived, rederive},
    request,
    run::{self, Granted},
    states,
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
    /// The persons who approved the plan itself, being present.
    pub consents: Vec<String>,
    /// Who asked for it, where somebody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
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
    /// Texts that are not in the bundle: erased, or withheld by who made it; nobody can tell which, and the proofs over them
    /// hold.
    pub absent: Vec<String>,
}

/// Verifies a bundle with the ledger's public key.
///
/// # Errors
/// [`ProofError`]: the first thing that doesn't hold. Then nothing is proven.
pub fn verify(bytes: &[u8], key: &VerifierKey) -> Result<Verified, ProofError> {
    let bundle = Bundle::decode(bytes)?;
    let log = Log::read(&bundle, key)?;
    states::check(&log)?;
    let objects = Objects::decode(&bundle.objects)?;
    let genesis = Genesis::read(&log)?;
    let running = log.one("outcome.running")?;
    let mut people = People::new(&log, &objects);
    let chain = Chain::follow(&log, &objects, &genesis, running, &mut people)?;
    let again =
        rederive(&objects, running, chain.accepted(), &chain.rulebooks, genesis.servers, &mut people)?;
    people.all_used()?;
    let Matter::Run(matter) = &again.case.matter else {
        return Err(ProofError::format("the case", "it is not about a run"));
    };
    request::check(&log, &objects, &bundle.run, running, matter.request.as_deref())?;
    let outcome = matter::check(&log, &bundle.run, running, matter, &again, &chain)?;
    let under = matter.opened_under.to_string();
    for entry in log.entries.iter().filter(|entry| entry.kind().starts_with("outcome.")) {
        same(
            "the configuration that the outcome was opened under",
            entry.text("opened-under")?,
            under.as_str(),
        )?;
    }
    let opened = chain.rulebooks.get(&matter.opened_under);
    let opened =
        opened.ok_or_else(|| ProofError::missing("the configuration that the outcome was opened under"))?;
    matter::in_force(matter, &again, [chain.accepted(), opened])?;
    matter::in_time(running, &again)?;
    let plan = again.judgement.plan.as_ref().ok_or_else(|| ProofError::missing("the plan"))?;
    let recorded: model::Plan = objects.value("the plan", &running.object("plan-object")?)?;
    if recorded != *plan {
        return Err(ProofError::rederived("the plan", "it is not what was recorded"));
    }
    let rests = consent::check(&log, &objects, running, &again.case, &outcome, &again.judgement)?;
    let granted = Granted {
        presence: &again.judgement.presence(),
        run: &bundle.run,
        plan,
        decision: &again.judgement.decision,
        outcome: &outcome,
        gate: &genesis.gate,
        executor: &genesis.executor,
    };
    let result = run::check(&log, &objects, &granted)?;
    let base = lane::check(&log, &bundle.run, matter, &again, &chain, &result)?;
    let ran = log.one("outcome.ran")?;
    same("the run of the outcome", ran.text("run")?, bundle.run.as_str())?;
    same("the result of the outcome", ran.text("result")?, result.as_str())?;
    in_order("the run finished", log.one("run.finished")?, "the outcome was settled", ran)?;
    repeats_running(ran, running)?;
    repeats_decision(&log, ran, &again.judgement)?;
    objects.all_used()?;
    let genesis = genesis.entry.text("configuration")?.to_owned();
    Ok(verified(&bundle, log, &again, matter, &rests, (base, result), (&genesis, chain.len())))
}

/// The entry by which the outcome ended repeats the judgement by which it began.
fn repeats_running(ran: &Entry, running: &Entry) -> Result<(), ProofError> {
    for fact in ["decision", "decision-object", "case-object", "evidence-object", "git-object", "plan-object"]
    {
        same(&format!("{fact} of the outcome's end"), ran.text(fact)?, running.text(fact)?)?;
    }
    let version = "configuration-version";
    same("the configuration of the outcome's end", &ran.integer(version)?, &running.integer(version)?)
}

/// What links and roles rest on, where they are more than a reviewed file.
fn on_people(again: &Rederived) -> Vec<String> {
    let case = &again.case;
    let mut rests_on = Vec::new();
    if !case.links.is_empty() {
        let links = case.links.len();
        rests_on.push(format!(
            "Gerrit's administrator, and the identity provider: that {links} accounts are the persons' who said so there, each in \
             a commit of a change's history"
        ));
    }
    let issuers: std::collections::BTreeSet<&str> =
        case.sessions.iter().map(|session| session.identity.issuer.as_str()).collect();
    for issuer in issuers {
        rests_on.push(format!(
            "the identity provider {issuer}, and this server: that it put people into the groups that fill roles"
        ));
    }
    if !case.groups.is_empty() {
        rests_on.push(
            "Gerrit's administrator, and this server: who is in the groups on Gerrit that fill roles"
                .to_owned(),
        );
    }
    rests_on
}

fn verified(
    bundle: &Bundle,
    log: Log,
    again: &Rederived,
    matter: &RunMatter,
    rests: &[Rests],
    (base, result): (String, String),
    (genesis, rulebooks): (&str, usize),
) -> Verified {
    let approvers: Vec<String> = again.judgement.approvers.iter().map(ToString::to_string).collect();
    let commits = again.evidence.range.commits.len();
    let steps: BTreeMap<&str, usize> = log.entries.iter().fold(BTreeMap::new(), |mut all, entry| {
        *all.entry(entry.kind()).or_default() += 1;
        all
    });
    let mut not_checked = vec![
        "what the steps' programs did on the target, beyond what the executor signed".to_owned(),
        "that this checkpoint is the newest, and that everybody is shown this ledger: ask it, or a witness"
            .to_owned(),
        format!(
            "that {genesis} is the commit that you want all to begin with: compare it with operations.genesis in exq.yaml"
        ),
    ];
    if log.other_signatures > 0 {
        not_checked.push(format!(
            "{} more signatures under the checkpoint, by keys that were not given",
            log.other_signatures
        ));
    }
    let mut proven = vec![
            format!("{} entries are in the ledger {} under its signed checkpoint of {} entries", log.entries.len(), log.origin, log.size),
            format!("the evidence follows from Gerrit's raw objects: {commits} commits, each a reviewed change or a merge that Gerrit made"),
            base,
            format!("{rulebooks} configurations, each accepted by the one before, from genesis on ({genesis}); their policies allow this plan"),
            "the plan is what the accepted operation says for this revision; the grant is for this plan, this run, this executor".to_owned(),
            format!("the grant was spent once, before the first of {} steps; each known outcome is signed by the executor, each step came in its order, and no entry of the run is left out", steps.get("step.finished").unwrap_or(&0)),
    ];
    let mut rests_on = vec![
        "Gerrit's administrator: could have forged accounts, votes and history before they were first read".to_owned(),
        "the reviewed links: that an account is that person's".to_owned(),
        "the reviews are votes: cast by whoever held the account's token; nothing proves that a person was present when voting".to_owned(),
        "whoever is root where the gate, the ledger and the executor ran: they share one process, so that one can sign all three".to_owned(),
    ];
    rests_on.extend(on_people(again));
    consent::say(rests, &mut proven, &mut rests_on, &mut not_checked);
    let asked = matter.request.as_deref().map(|asked| &asked.request);
    if let Some(request) = asked {
        proven.push(format!(
            "it was asked for by {} before its change existed; what was reviewed is that request to the byte, what ran is the \
             plan that it names ({}), and who asked is none of the approvers",
            request.by, request.plan
        ));
        rests_on.push(format!(
            "the identity provider {}, and this server: that it was {} who asked",
            request.by.identity.issuer, request.by.identity.subject
        ));
    }
    Verified {
        schema: "exequatur.verified/1",
        requester: asked.map(|request| request.by.to_string()),
        justification: asked.map(|request| request.justification.to_string()),
        proven,
        rests_on,
        not_checked,
        origin: log.origin,
        size: log.size,
        run: bundle.run.to_string(),
        operation: matter.operation.to_string(),
        environment: matter.environment.to_string(),
        revision: again.case.tip.to_string(),
        changes: matter.submission.changes.clone(),
        approvers,
        consents: rests.iter().map(|one| one.person.clone()).collect(),
        policies: again.judgement.decision.policies.clone(),
        result,
        absent: log.absent,
    }
}
