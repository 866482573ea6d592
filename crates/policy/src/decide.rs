//! The answer to a question.

use cedar_policy::{Authorizer, Decision as Cedar, PolicySet};
use model::{Need, Reason};
use serde::{Deserialize, Serialize};

use crate::{Asked, Policies, Question, annotation::Rule, facts};

/// What policy answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Whether it may be done.
    pub allow: bool,
    /// The policies that decided, sorted: those that permit an allow, those that forbid a deny.
    pub policies: Vec<String>,
    /// Why not: one for each rule that isn't satisfied, what can't be supplied any more first. Empty for an allow.
    pub reasons: Vec<Reason>,
    /// What went wrong while policies were evaluated; never empty without a deny, and worth an alarm.
    pub errors: Vec<String>,
}

impl Policies {
    /// Answers a question. Never fails: what can't be evaluated is a deny with the reason `policy-error`.
    #[must_use]
    pub fn decide(&self, question: &Question) -> Verdict {
        let asking = match facts::ask(question, &self.schema) {
            Ok(asking) => asking,
            Err(why) => return cannot_ask(&why.to_string()),
        };
        let set = match question.asked {
            Asked::Run(_) => &self.run,
            Asked::Accept(_) => &self.accept,
        };
        let response = Authorizer::new().is_authorized(&asking.request, set, &asking.entities);
        let mut policies: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        policies.sort();
        let mut errors: Vec<String> = response.diagnostics().errors().map(ToString::to_string).collect();
        errors.sort();
        let allow = response.decision() == Cedar::Allow && errors.is_empty();
        if allow {
            return Verdict { allow, policies, reasons: Vec::new(), errors };
        }
        // An erroring policy doesn't decide in Cedar: a forbid that errors would vanish. Here it denies.
        if response.decision() == Cedar::Allow {
            policies = Vec::new();
        }
        let mut reasons: Vec<Reason> = errors.iter().map(|why| policy_error(why)).collect();
        reasons.extend(policies.iter().filter_map(|id| self.reason(id, question)));
        if reasons.is_empty() {
            reasons.push(no_permit());
        }
        reasons.sort_by_key(|r| (r.need == Need::Waits, r.policy.clone()));
        Verdict { allow, policies, reasons, errors }
    }

    fn reason(&self, id: &str, question: &Question) -> Option<Reason> {
        let Rule { code, reason, cure, need } = self.rules.get(id)?;
        let fill = |text: &str| crate::annotation::fill(text, |name| facts::value(question, code, name));
        Some(Reason {
            code: code.clone(),
            text: fill(reason),
            cure: cure.as_deref().map(fill),
            policy: Some(id.to_owned()),
            need: *need,
        })
    }
}

fn policy_error(why: &str) -> Reason {
    Reason {
        code: "policy-error".to_owned(),
        text: format!("A policy can't be evaluated, so nothing is allowed: {why}"),
        cure: Some("Who maintains the policies in the operations project puts it right".to_owned()),
        policy: None,
        need: Need::Final,
    }
}

fn cannot_ask(why: &str) -> Verdict {
    Verdict {
        allow: false,
        policies: Vec::new(),
        reasons: vec![policy_error(why)],
        errors: vec![why.to_owned()],
    }
}

fn no_permit() -> Reason {
    Reason {
        code: "no-permit".to_owned(),
        text: "No policy permits it".to_owned(),
        cure: Some("Who maintains the policies in the operations project says who may".to_owned()),
        policy: None,
        need: Need::Final,
    }
}

/// Only the policies that speak of the action, so that no question evaluates the others.
pub(crate) type Slice = PolicySet;
