//! What is kept of consents: all those of one outcome, in the order in which they came.

use grant::Consent;
use model::OutcomeId;
use serde::{Deserialize, Serialize};
use store::Kept;

/// The consents of one outcome. Each makes a version of its own, so nobody can leave one out; what proves one lies beside its
/// entry, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptConsents {
    /// The outcome.
    pub outcome: OutcomeId,
    /// In the order in which they came.
    pub consents: Vec<Consent>,
}

impl Kept for KeptConsents {
    const KIND: &'static str = "consents";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.outcome.to_string()
    }

    fn state(&self) -> &'static str {
        "given"
    }

    fn sort(&self) -> i64 {
        self.consents.last().map_or(0, |last| last.at.as_millis())
    }
}
