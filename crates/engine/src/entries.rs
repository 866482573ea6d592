//! The ledger entries that the engine writes, all of them. Facts are ids, hashes and codes; texts are sealed beside.

use grant::{ConsentAnswer, SignedConsent};
use ledger::{Draft, Fact};
use model::{Reason, Revision, RunId};

use crate::{
    EngineError,
    engine::OperationsAt,
    kept::{AcceptedConfiguration, Judged, KeptGrant, KeptOutcome, KeptSubmission, LaneRecord, Report},
    passkeys::KeptPasskey,
    requests::{KeptRequest, RequestState},
};

/// `genesis.accepted`: entry 0. What `exq.yaml` pins, and the keys.
pub(crate) fn genesis(
    configuration: &AcceptedConfiguration,
    servers: Vec<String>,
    gate: &model::KeyId,
    executor: &model::KeyId,
    at: &OperationsAt,
) -> Draft {
    Draft::new("genesis.accepted")
        .fact("configuration", configuration.commit.to_string())
        .fact("git", configuration.git_object.to_string())
        .fact("server", at.server.as_str())
        .fact("project", Fact::id(at.project.as_str()))
        .fact("branch", Fact::id(at.branch.as_str()))
        .fact("servers", servers)
        .fact("gate", gate.as_str())
        .fact("executor", executor.as_str())
}

/// `configuration.accepted`: from here on this commit decides.
pub(crate) fn configuration_accepted(configuration: &AcceptedConfiguration, before: &Revision) -> Draft {
    let draft = Draft::new("configuration.accepted")
        .fact("configuration", configuration.commit.to_string())
        .fact("before", before.to_string())
        .fact("git", configuration.git_object.to_string());
    let draft = rules(draft, configuration.rules.as_ref());
    match &configuration.judged {
        Some(judged) => judgement(draft, judged),
        None => draft,
    }
}

/// `configuration.refused`: an alarm; the last accepted stays.
pub(crate) fn configuration_refused(commit: &Revision, reasons: &[Reason], judged: Option<&Judged>) -> Draft {
    let draft =
        with_reasons(Draft::new("configuration.refused").fact("configuration", commit.to_string()), reasons);
    match judged {
        Some(judged) => judgement(draft, judged),
        None => draft,
    }
}

/// `submission.seen`.
pub(crate) fn submission_seen(kept: &KeptSubmission) -> Draft {
    let s = &kept.submission;
    let draft = Draft::new("submission.seen")
        .fact("submission", s.id.as_str())
        .fact("server", s.server.as_str())
        .fact("project", Fact::id(s.project.as_str()))
        .fact("branch", Fact::id(s.branch.as_str()))
        .fact("revision", s.tip.to_string())
        .fact("changes", s.changes.iter().map(ToString::to_string).collect::<Vec<_>>());
    if kept.refused.is_empty() { draft } else { with_reasons(draft, &kept.refused) }
}

/// `request.made`, `request.opened`, `request.submitting`, `request.merged`, `request.ended`, `request.closed`: how a request
/// stands now. What was asked is an object beside the first of them; the names and words of people are sealed.
pub(crate) fn request(kept: &KeptRequest) -> Draft {
    use RequestState as S;
    let request = &kept.request;
    let kind = match &kept.state {
        S::Made => "made",
        S::Open { .. } => "opened",
        S::Submitting { .. } => "submitting",
        S::Merged { .. } => "merged",
        S::Ended { closed: true, opened: Some(_), how, .. } if how.name() != "abandoned" => "closed",
        S::Ended { .. } => "ended",
    };
    let draft = Draft::new(format!("request.{kind}")).fact("request", request.id.as_str());
    let draft = match kept.opened() {
        Some(opened) => draft
            .fact("change", opened.change)
            .fact("revision", opened.revision.to_string())
            .fact("writer", opened.writer.0),
        None => draft,
    };
    match &kept.state {
        S::Made => draft
            .fact("operation", request.operation.as_str())
            .fact("environment", request.environment.as_str())
            .fact("plan", request.plan.to_string())
            .fact("by", request.by.kind.name())
            .fact("request-object", kept.object.to_string())
            .seal_text("justification", request.justification.as_str())
            .seal_text("requester", request.by.to_string()),
        S::Open { .. } => draft,
        S::Submitting { judged, .. } => judgement(draft, judged),
        S::Merged { submission, .. } => draft.fact("submission", submission.as_str()),
        S::Ended { how, reasons, by, .. } => {
            let by = by.as_ref().map(ToString::to_string).unwrap_or_default();
            with_reasons(draft.fact("how", how.name()), reasons).seal_text("by", by)
        }
    }
}

/// `consent.given`, `consent.refused`: what somebody who was present said to a plan. Who it was, and what proves it, is sealed.
pub(crate) fn consent(signed: &SignedConsent, object: &model::Digest) -> Result<Draft, EngineError> {
    let SignedConsent { consent, token } = signed;
    let kind = match consent.answer {
        ConsentAnswer::Approve => "consent.given",
        ConsentAnswer::Refuse => "consent.refused",
    };
    let draft = Draft::new(kind)
        .fact("outcome", consent.outcome.as_str())
        .fact("plan", consent.plan.to_string())
        .fact("proof", consent.proof.name())
        .fact("consent-object", object.to_string())
        .seal_text("identity", model::to_canonical(&consent.identity)?);
    Ok(match token {
        Some(token) => {
            draft.seal_text("id-token", token.id_token.as_str()).seal_text("key", token.key_bytes()?)
        }
        None => draft,
    })
}

/// `passkey.enrolled`, `passkey.confirmed`, `passkey.revoked`. Whose it is, and who confirmed it, is sealed; of one that counts
/// an object lies beside.
pub(crate) fn passkey(kept: &KeptPasskey, object: Option<&model::Digest>) -> Result<Draft, EngineError> {
    let draft = Draft::new(format!("passkey.{}", store::Kept::state(kept)))
        .fact("passkey", KeptPasskey::id_of(&kept.credential).to_string())
        .seal_text("identity", model::to_canonical(&kept.identity)?);
    Ok(match object {
        Some(object) => draft.fact("passkey-object", object.to_string()),
        None => draft,
    })
}

/// `outcome.open`, `outcome.waiting`, `outcome.running`, `outcome.refused`, …: how an outcome stands now, and the judgement
/// that made it so.
pub(crate) fn outcome(kept: &KeptOutcome) -> Draft {
    use model::OutcomeState as S;
    let state = &kept.outcome.state;
    let draft = Draft::new(format!("outcome.{}", state.name()))
        .fact("outcome", kept.id.as_str())
        .fact("submission", kept.outcome.key.submission.as_str())
        .fact("operation", kept.outcome.key.operation.as_str())
        .fact("environment", kept.outcome.key.environment.as_str())
        .fact("opened-under", kept.configuration.to_string());
    let draft = match &kept.request {
        Some(request) => draft.fact("request", request.id.as_str()),
        None => draft,
    };
    let draft = match state {
        S::Waiting { reasons, .. } | S::Refused { reasons, .. } | S::Observed { reasons, .. } => {
            with_reasons(draft, reasons)
        }
        S::Running { run } => draft.fact("run", run.as_str()),
        S::Ran { run, result, .. } => draft.fact("run", run.as_str()).fact("result", result.name()),
        S::Superseded { by, .. } => draft.fact("by", by.as_str()),
        S::Open => draft,
    };
    match &kept.judged {
        Some(judged) => judgement(draft, judged),
        None => draft,
    }
}

fn with_reasons(draft: Draft, reasons: &[Reason]) -> Draft {
    let codes: Vec<String> = reasons.iter().map(|r| Fact::id(&r.code)).collect();
    let texts: Vec<&str> = reasons.iter().map(|r| r.text.as_str()).collect();
    draft.fact("reasons", codes).seal_text("reasons", texts.join("\n"))
}

fn judgement(draft: Draft, judged: &Judged) -> Draft {
    let decision = &judged.decision;
    let draft = draft
        .fact("decision", decision.id.as_str())
        .fact("answer", if decision.answer == model::Answer::Allow { "allow" } else { "deny" })
        .fact("decision-object", judged.decision_object.to_string())
        .fact("case-object", judged.case_object.to_string())
        .fact("evidence-object", judged.evidence_object.to_string())
        .fact("git-object", judged.git_object.to_string())
        .fact("configuration-version", judged.configuration_version)
        .fact("policies", decision.policies.iter().map(|p| Fact::id(p)).collect::<Vec<_>>())
        .seal_text("approvers", judged.approvers.join("\n"));
    match &judged.plan_object {
        Some(plan) => draft.fact("plan-object", plan.to_string()),
        None => draft,
    }
}

/// `grant.issued`.
pub(crate) fn grant_issued(kept: &KeptGrant, id: &model::GrantId, object: &model::Digest) -> Draft {
    Draft::new("grant.issued")
        .fact("grant", id.as_str())
        .fact("run", kept.run.as_str())
        .fact("grant-object", object.to_string())
        .fact("decision", kept.decision.id.as_str())
}

/// `refs/meta/config` as it was when a base was granted: the next range is judged against it, so it has to be ours to say.
fn rules(draft: Draft, rules: Option<&Revision>) -> Draft {
    match rules {
        Some(rules) => draft.fact("rules", rules.to_string()),
        None => draft,
    }
}

/// `lane.moved`: the base, or what runs there.
pub(crate) fn lane_moved(lane: &LaneRecord) -> Draft {
    let draft = Draft::new("lane.moved")
        .fact("operation", lane.lane.operation.as_str())
        .fact("environment", lane.lane.environment.as_str())
        .fact("server", lane.lane.server.as_str())
        .fact("project", Fact::id(lane.lane.project.as_str()))
        .fact("branch", Fact::id(lane.lane.branch.as_str()))
        .fact("base", lane.base.to_string());
    let draft = rules(draft, lane.rules.as_ref());
    let run = |draft: Draft, name: &str, run: &Option<RunId>| match run {
        Some(run) => draft.fact(name, run.as_str()),
        None => draft,
    };
    let draft = match &lane.succeeded {
        Some(revision) => draft.fact("succeeded", revision.to_string()),
        None => draft,
    };
    run(run(draft, "run", &lane.run), "active", &lane.active)
}

/// `report.due`, `report.posted`: something to say on a change.
pub(crate) fn report(report: &Report) -> Draft {
    Draft::new(if report.posted { "report.posted" } else { "report.due" })
        .fact("about", Fact::id(&report.about))
        .fact("server", report.server.as_str())
        .fact("change", report.change)
        .fact("tries", report.tries)
}

/// `hints.refused`: how many hints of one source were over its budget.
pub(crate) fn hints_refused(server: &str, count: u64) -> Draft {
    Draft::new("hints.refused").fact("server", Fact::id(server)).fact("count", count)
}
