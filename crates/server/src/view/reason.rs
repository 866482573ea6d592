//! A reason, for a person who can act on it.

use model::{Need, Reason};

use crate::text::Shown;

pub(crate) struct ReasonModel {
    pub(crate) code: Shown,
    pub(crate) text: Shown,
    pub(crate) cure: Option<Shown>,
    pub(crate) policy: Option<Shown>,
    /// It can still be supplied.
    pub(crate) waits: bool,
}

pub(crate) fn list(reasons: &[Reason]) -> Vec<ReasonModel> {
    let one = |reason: &Reason| ReasonModel {
        code: Shown::line(&reason.code),
        text: Shown::line(&reason.text),
        cure: reason.cure.as_deref().map(Shown::line),
        policy: reason.policy.as_deref().map(Shown::line),
        waits: reason.need == Need::Waits,
    };
    reasons.iter().map(one).collect()
}
