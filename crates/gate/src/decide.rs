//! The decision: a function of what was read, and of the rules that are in force. Nothing else.

use std::collections::{BTreeMap, BTreeSet};

use grant::{ByConsent, ConsentAnswer, Presence};
use model::{
    Answer, Canonical as _, Decision, DecisionId, Digest, EnvironmentName, Need, OperationName, PersonKey,
    Plan, Reason, Revision, Timestamp, TriggeredBy,
};
use operations::{Ask, Wish};
use policy::{Asked, Question, Verdict};

use crate::{
    Case, CaseError, CaseEvidence, Matter, Rulebook, RunMatter,
    case::same,
    consent,
    question::{Posed, pose, proven},
    request, revision,
    roles::Missing,
};

/// The code of the built-in policy that counts who gave the approval which an environment wants.
const APPROVAL: &str = "approval-missing";

/// A decision with what it was made from.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The decision.
    pub decision: Decision,
    /// The plan that it is about; none for a configuration, or when none could be made.
    pub plan: Option<Plan>,
    /// The question that was asked under the accepted configuration; none when it couldn't even be asked.
    pub question: Option<Question>,
    /// The persons whose consent counted, each with its hash.
    pub consents: BTreeMap<PersonKey, Digest>,
    /// The persons whose vote counted, in every change independent of who contributed to it.
    pub approvers: BTreeSet<PersonKey>,
    /// What a policy stumbled over: worth an alarm.
    pub errors: Vec<String>,
}

impl Judgement {
    /// Who has to have been present, and was, as a grant says it; none where nobody's approval of the plan is asked for.
    #[must_use]
    pub fn presence(&self) -> Option<Presence> {
        let Asked::Run(run) = &self.question.as_ref()?.asked else { return None };
        let approve = run.approve.as_ref()?;
        let by = |(person, consent): (&PersonKey, &Digest)| ByConsent {
            person: person.clone(),
            consent: *consent,
        };
        Some(Presence { people: approve.people.max(1), consents: self.consents.iter().map(by).collect() })
    }
}

/// Decides a case.
///
/// `opened` is the rulebook that the outcome was opened under, where it is another than the accepted one: it makes the
/// plan, and it has to allow too, so that a later policy can take from a waiting plan and never give to it (I5).
///
/// # Errors
/// [`CaseError`] when it can't be decided; that is no deny, and nothing may follow from it.
pub fn decide(
    case: &Case,
    evidence: &CaseEvidence,
    accepted: &Rulebook,
    opened: &Rulebook,
    now: Timestamp,
) -> Result<Judgement, CaseError> {
    fits(case, evidence, accepted, opened)?;
    // First, for a consent is to this very plan.
    let made = match &case.matter {
        Matter::Accept | Matter::Submit(_) => None,
        Matter::Run(matter) => Some(make_plan(case, matter, opened)),
    };
    let hash = made.as_ref().and_then(|made| made.as_ref().ok()).map(Plan::digest).transpose()?;
    let mut reasons = Vec::new();
    let mut policies = BTreeSet::new();
    let mut errors = Vec::new();
    let mut asked = None;
    let (proven, mut refused) = (proven(case), Vec::new());
    let mut rulebooks = vec![accepted];
    if opened.commit != accepted.commit {
        rulebooks.push(opened);
    }
    for rulebook in &rulebooks {
        match pose(case, evidence, rulebook, hash.as_ref(), now) {
            Ok(Posed { question, unknown, missing }) => {
                let Verdict { policies: deciding, reasons: why, errors: broken, allow } =
                    rulebook.policies.decide(&question);
                if !allow && why.is_empty() {
                    reasons.push(refuse("policy", "no policy permits it".to_owned(), None));
                }
                let links = rulebook.configuration.links().with(&proven);
                let (no, unsure) = consent::refusals(case, &links, &question, hash.as_ref(), &missing);
                refused.extend(no);
                reasons.extend(unsure);
                policies.extend(deciding);
                reasons.extend(with_missing(why, missing, rulebook));
                reasons.extend(unknown);
                errors.extend(broken);
                asked.get_or_insert(question);
            }
            Err(CaseError::Configuration { why, .. }) => reasons.push(refuse(
                "operation-gone",
                format!("the configuration now in force can't run it: {why}"),
                Some("merge a new change once the operation is there again".to_owned()),
            )),
            Err(error) => return Err(error),
        }
    }
    if let Some(asked) = case.matter.request() {
        if matches!(case.matter, Matter::Submit(_)) {
            // Votes can still come while it is open; what is wrong with the change itself stays so.
            reasons.iter_mut().for_each(|reason| reason.need = Need::Waits);
        }
        reasons.extend(request::reasons(case, asked, evidence.request.as_ref(), &rulebooks, opened));
    }
    // What can't be supplied any more stands before what can.
    reasons.splice(0..0, refused);
    let plan = match made.transpose() {
        Ok(plan) => plan,
        Err(why) => {
            reasons.push(refuse(
                "no-plan",
                why.to_string(),
                Some("correct the operation and merge again".to_owned()),
            ));
            None
        }
    };
    let mut seen = BTreeSet::new();
    // The same words may wait under one rulebook and be final under another: both are kept.
    reasons.retain(|reason: &Reason| {
        seen.insert((reason.code.clone(), reason.text.clone(), reason.need == Need::Final))
    });
    let allowed = reasons.is_empty() && asked.is_some();
    let question_digest = asked.as_ref().map(Question::digest).transpose()?;
    let plan_digest = match &case.matter {
        Matter::Submit(asked) => Some(asked.request.plan),
        _ => hash,
    };
    let case_digest = case.digest()?;
    let nothing = model::Digest::of(b"");
    let decision = Decision {
        schema: Decision::SCHEMA.to_owned(),
        id: DecisionId::derive(&[case_digest.as_bytes(), now.to_string().as_bytes()]),
        plan: plan_digest.unwrap_or(nothing),
        configuration: accepted.commit,
        question: question_digest.unwrap_or(nothing),
        evidence: evidence.digest()?,
        answer: if allowed { Answer::Allow } else { Answer::Deny },
        policies: policies.into_iter().collect(),
        reasons,
        facts_at: case.read_at,
        at: now,
    };
    let approvers = asked.as_ref().map(approvers).unwrap_or_default();
    let mut consents = consent::persons(
        case,
        &accepted.configuration.links().with(&proven),
        hash.as_ref(),
        ConsentAnswer::Approve,
    )?;
    let counted: BTreeSet<&PersonKey> = asked.iter().flat_map(Question::approved_by).collect();
    consents.retain(|person, _| counted.contains(person));
    Ok(Judgement { decision, plan, question: asked, consents, approvers, errors })
}

/// That all that is handed in belongs together. A decision on the evidence of another case, or by another rulebook than
/// the case names, would be worth nothing, and look like one.
fn fits(
    case: &Case,
    evidence: &CaseEvidence,
    accepted: &Rulebook,
    opened: &Rulebook,
) -> Result<(), CaseError> {
    case.check()?;
    same("the accepted configuration", &case.configuration, &accepted.commit)?;
    let opened_under = match &case.matter {
        Matter::Run(matter) => matter.opened_under,
        Matter::Accept | Matter::Submit(_) => case.configuration,
    };
    same("the configuration that the outcome was opened under", &opened_under, &opened.commit)?;
    let range = &evidence.range;
    same("the evidence's schema", &evidence.schema, CaseEvidence::SCHEMA)?;
    same("the range's branch", &range.branch, &case.branch)?;
    same("the range's base", &revision(&range.base), &case.base)?;
    same("the range's tip", &revision(&range.tip), &case.tip)?;
    let list =
        |all: Vec<(u64, String)>| all.iter().map(|(n, meta)| format!("{n}@{meta} ")).collect::<String>();
    let read = case.changes.iter().map(|(number, read)| (*number, read.meta.to_string())).collect();
    let judged = evidence.changes.iter().map(|c| (c.change.number, c.meta.to_string())).collect();
    same("the list of changes", &list(judged), &list(read))
}

/// A policy that names a role of which it isn't known whether somebody has it waits until it is, and that is said too.
fn with_missing(mut why: Vec<Reason>, missing: Vec<Missing>, rulebook: &Rulebook) -> Vec<Reason> {
    let mut said = Vec::new();
    for Missing { role, why: reason, .. } in missing {
        let mut asks = false;
        for denial in &mut why {
            let names = |id: &String| rulebook.policies.names_role(id, &role);
            if denial.code == APPROVAL || denial.policy.as_ref().is_some_and(names) {
                denial.need = Need::Waits;
                asks = true;
            }
        }
        said.extend(asks.then_some(reason));
    }
    why.extend(said);
    why
}

fn refuse(code: &str, text: String, cure: Option<String>) -> Reason {
    Reason { code: code.to_owned(), text, cure, policy: None, need: Need::Final }
}

fn make_plan(case: &Case, matter: &RunMatter, opened: &Rulebook) -> Result<Plan, operations::PlanError> {
    let submission = &matter.submission;
    let triggered_by = TriggeredBy {
        submission: submission.id.clone(),
        server: submission.server.clone(),
        project: submission.project.clone(),
        branch: submission.branch.clone(),
        revision: submission.tip,
        base: case.base,
        changes: submission.changes.clone(),
    };
    let of = (&matter.operation, &matter.environment);
    let asked = matter.request.as_ref().map(|asked| &asked.request);
    plan_of(opened, triggered_by, of, matter.before, asked)
}

/// Makes a plan again from a rulebook, for the submission that it names and what it says ran before: for whoever wants to see for
/// themselves that the accepted operation says so.
///
/// # Errors
/// [`operations::PlanError`] when the rulebook gives none.
pub fn plan(
    rulebook: &Rulebook,
    told: &Plan,
    asked: Option<&model::Request>,
) -> Result<Plan, operations::PlanError> {
    let before = told.before.get("revision").and_then(|revision| revision.parse().ok());
    let of = (&told.operation, &told.environment);
    plan_of(rulebook, told.triggered_by.clone(), of, before, asked)
}

fn plan_of(
    rulebook: &Rulebook,
    triggered_by: TriggeredBy,
    (operation, environment): (&OperationName, &EnvironmentName),
    before: Option<Revision>,
    asked: Option<&model::Request>,
) -> Result<Plan, operations::PlanError> {
    let (configuration, commit) = (&rulebook.configuration, rulebook.commit);
    if let Some(request) = asked {
        let wish = Wish {
            operation: &request.operation,
            environment: &request.environment,
            inputs: &request.inputs,
        };
        return Ok(operations::requested(configuration, &wish)?.into_plan(commit, triggered_by));
    }
    operations::plan(
        configuration,
        &Ask {
            commit,
            operation,
            environment,
            triggered_by: &triggered_by,
            inputs: &BTreeMap::new(),
            before,
        },
    )
}

fn approvers(question: &Question) -> BTreeSet<PersonKey> {
    let changes = question.range.changes.iter();
    changes.flat_map(|change| change.independent(question.requester.as_ref())).cloned().collect()
}
