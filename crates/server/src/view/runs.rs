//! The newest runs.

use engine::surface::{Page, RunRow};

use crate::view::{Hash, chip, chip::Chip, when::When};

pub(crate) struct RunsModel {
    pub(crate) rows: Vec<Row>,
    /// The next page, with the same filter.
    pub(crate) next: Option<String>,
    /// Each filter: its query, its name, whether it is the one in use.
    pub(crate) filters: Vec<(&'static str, &'static str, bool)>,
    pub(crate) state: String,
}

pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) submission: String,
    pub(crate) operation: String,
    pub(crate) environment: String,
    pub(crate) revision: Hash,
    pub(crate) granted: When,
    pub(crate) chip: Chip,
}

impl RunsModel {
    /// `state` is the filter as it was asked, already checked.
    pub(crate) fn of(page: &Page<RunRow>, state: &str) -> Self {
        let filters = [("", "All"), ("granted,running,undoing", "Under way"), ("finished", "Finished")];
        Self {
            rows: page.rows.iter().map(row).collect(),
            next: page.next.clone(),
            filters: filters.iter().map(|(query, name)| (*query, *name, *query == state)).collect(),
            state: state.to_owned(),
        }
    }
}

fn row(run: &RunRow) -> Row {
    Row {
        id: run.id.to_string(),
        submission: run.submission.to_string(),
        operation: run.operation.to_string(),
        environment: run.environment.to_string(),
        revision: Hash::of(&run.revision),
        granted: When::of(run.granted_at),
        chip: chip::of_run_name(&run.state),
    }
}
