//! The gate's answer.

use serde::{Deserialize, Serialize};

use crate::{Canonical, DecisionId, Digest, Revision, Timestamp};

/// Yes or no.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// It may run.
    Allow,
    /// It may not; the reasons say why.
    Deny,
}

/// Whether a missing thing can still come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// It can still be supplied: the outcome waits for it, until its deadline.
    Waits,
    /// It can't: the outcome is refused.
    Final,
}

/// Why, for a person who can act on it (I10).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// A stable code: a finding of evidence, or a rule of the gate.
    pub code: String,
    /// What is so, in a sentence.
    pub text: String,
    /// Who can supply what is missing, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cure: Option<String>,
    /// The policy that says so, where one does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub policy: Option<String>,
    /// Whether the outcome waits for it.
    pub need: Need,
}

/// The gate's answer on one plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// `exequatur.decision/1`
    pub schema: String,
    /// Ours.
    pub id: DecisionId,
    /// The plan's hash.
    pub plan: Digest,
    /// The accepted configuration whose policies decided.
    pub configuration: Revision,
    /// SHA-256 of the canonical question that policy was asked, all facts in it.
    pub question: Digest,
    /// SHA-256 of the canonical evidence that the facts come from.
    pub evidence: Digest,
    /// The answer.
    pub answer: Answer,
    /// The policies that decided, sorted.
    pub policies: Vec<String>,
    /// Empty for an allow.
    pub reasons: Vec<Reason>,
    /// When the oldest fact was read.
    pub facts_at: Timestamp,
    /// When it was decided.
    pub at: Timestamp,
}

impl Decision {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.decision/1";
}

impl Canonical for Decision {
    const DOMAIN: &'static str = "exequatur.decision/1";
}
