//! The newest submissions.

use engine::surface::{Health, Page, SubmissionView};
use model::{Project, ServerName};

use crate::{
    text::Shown,
    view::{Hash, branch, chip, chip::Chip, when::When},
};

pub(crate) struct Overview {
    pub(crate) rows: Vec<Row>,
    pub(crate) next: Option<String>,
    pub(crate) is_first: bool,
    pub(crate) alarms: Vec<Shown>,
    /// Parts that are not well.
    pub(crate) ill: Vec<(Shown, Shown)>,
    pub(crate) watched: Vec<(String, String)>,
}

pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) subject: Shown,
    pub(crate) server: String,
    pub(crate) project: String,
    pub(crate) branch: String,
    pub(crate) changes: Vec<u64>,
    pub(crate) more_changes: usize,
    pub(crate) tip: Hash,
    pub(crate) submitted: When,
    pub(crate) outcomes: Vec<(String, String, Chip)>,
}

/// Changes that a row names; of more it gives the number.
const NAMED: usize = 3;

impl Overview {
    pub(crate) fn of(
        page: &Page<SubmissionView>,
        health: &Health,
        watched: &[(ServerName, Project)],
        is_first: bool,
    ) -> Self {
        Self {
            rows: page.rows.iter().map(row).collect(),
            next: page.next.clone(),
            is_first,
            alarms: health.alarms.iter().map(|alarm| Shown::line(alarm)).collect(),
            ill: health
                .parts
                .iter()
                .filter(|(_, well, _)| !well)
                .map(|(name, _, text)| (Shown::line(name), Shown::line(text)))
                .collect(),
            watched: watched.iter().map(|(s, p)| (s.to_string(), p.to_string())).collect(),
        }
    }
}

fn row(view: &SubmissionView) -> Row {
    let submission = &view.submission;
    Row {
        id: submission.id.to_string(),
        subject: Shown::line(view.subject.as_deref().unwrap_or("(subject no longer known)")),
        server: submission.server.to_string(),
        project: submission.project.to_string(),
        branch: branch(&submission.branch),
        changes: submission.changes.iter().copied().take(NAMED).collect(),
        more_changes: submission.changes.len().saturating_sub(NAMED),
        tip: Hash::of(&submission.tip),
        submitted: When::of(submission.submitted_at),
        outcomes: view
            .outcomes
            .iter()
            .map(|o| (o.operation.to_string(), o.environment.to_string(), chip::of_outcome(&o.state)))
            .collect(),
    }
}
