//! One submission and its outcomes.

use engine::surface::SubmissionView;

use crate::{
    text::Shown,
    view::{
        Hash, branch, outcome,
        outcome::OutcomeModel,
        reason::{self, ReasonModel},
        safe_link,
        when::When,
    },
};

pub(crate) struct SubmissionModel {
    pub(crate) id: String,
    pub(crate) subject: Shown,
    pub(crate) server: String,
    pub(crate) project: String,
    pub(crate) branch: String,
    pub(crate) changes: Vec<u64>,
    pub(crate) change_url: Option<String>,
    pub(crate) tip: Hash,
    pub(crate) gerrit_id: Shown,
    pub(crate) submitted: When,
    pub(crate) seen: When,
    pub(crate) outcomes: Vec<OutcomeModel>,
    /// Why nothing can come of it.
    pub(crate) refused: Vec<ReasonModel>,
    /// Of the operations project: whether it is part of the accepted configuration.
    pub(crate) in_force: Option<bool>,
}

impl SubmissionModel {
    /// `verify_key` is how readers name the ledger's public key.
    pub(crate) fn of(view: &SubmissionView, verify_key: &str) -> Self {
        let submission = &view.submission;
        Self {
            id: submission.id.to_string(),
            subject: Shown::line(view.subject.as_deref().unwrap_or("(subject no longer known)")),
            server: submission.server.to_string(),
            project: submission.project.to_string(),
            branch: branch(&submission.branch),
            changes: submission.changes.clone(),
            change_url: safe_link(&view.change_url),
            tip: Hash::of(&submission.tip),
            gerrit_id: Shown::line(&submission.gerrit_id),
            submitted: When::of(submission.submitted_at),
            seen: When::of(submission.seen_at),
            refused: reason::list(&view.refused),
            in_force: view.in_force,
            outcomes: view.outcomes.iter().map(|o| outcome::model(o, verify_key)).collect(),
        }
    }
}
