//! Submitting: which changes go together, whether they may, and what then stands on the branches and in the
//! histories. Everything is computed before the first ref moves.

mod cherry_pick;
mod footers;
mod merge;
mod rebase;
mod select;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Change, push_merged};
use crate::git::{Commit, Ident, Oid, Repo};
use crate::notedb::results::StoredResult;
use crate::refusal::Refusal;
use crate::world::World;
use crate::world::accounts::Caller;

/// What a client asks for with a submit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SubmitRequest {
    /// Pushed with `%submit`: requirements are forced, not judged.
    pub(crate) forced: bool,
}

/// The changes of one branch that are submitted, parents before children.
struct Batch {
    project: String,
    branch: String,
    repo: Repo,
    submit_type: String,
    changes: Vec<Member>,
}

/// A change that is submitted.
struct Member {
    change: Arc<Change>,
    commit: Commit,
    results: Vec<StoredResult>,
}

/// What the submit makes of one change.
enum Outcome {
    /// Its commit goes to the branch as it is.
    AsIs,
    /// The submit made a patch set of its own.
    Rewritten { commit: Oid, verb: &'static str, facts: Vec<(&'static str, String)>, rebased: bool },
}

/// What becomes of one branch.
struct Plan {
    head: Oid,
    outcomes: Vec<Outcome>,
}

/// Why a change can't go, by its number.
type Problems = BTreeMap<u32, String>;

/// What a strategy may fail with.
enum Failure {
    /// Named per change in one list.
    Problem(u32, String),
    /// Told as it is.
    Refused(Refusal),
}

impl From<crate::git::GitError> for Failure {
    fn from(error: crate::git::GitError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What every path conflict is called.
const PATH_CONFLICT: &str = "Change could not be merged due to a path conflict. Please rebase the change locally and \
                             upload the rebased commit for review.";

impl World {
    /// Whether the caller may submit this change.
    pub(crate) fn may_submit(&self, caller: Caller, change: &Change) -> bool {
        // the configuration of a project is submitted by its owners only
        let fine = change.branch != crate::world::projects::CONFIG || self.is_owner(caller, &change.project);
        fine && self.can(caller, &change.project, &change.branch, "submit")
    }

    /// Submits a change with all that goes with it. `caller.account` is the submitter.
    pub(crate) fn submit(
        &mut self,
        caller: Caller,
        change: &Change,
        ask: SubmitRequest,
    ) -> Result<(), Refusal> {
        if !change.is_new() {
            return Err(Refusal::conflict(format!("change is {}", change.status.lower())));
        }
        if !ask.forced && !self.may_submit(caller, change) {
            return Err(Refusal::forbidden("submit not permitted"));
        }
        let batches = self.select(change)?;
        let total: usize = batches.iter().map(|batch| batch.changes.len()).sum();
        let failed = |problems: &Problems| {
            let word = if total == 1 { "change" } else { "changes" };
            let lines: Vec<String> = problems.iter().map(|(id, why)| format!("Change {id}: {why}")).collect();
            Refusal::conflict(format!(
                "Failed to submit {total} {word} due to the following problems:\n{}",
                lines.join("\n")
            ))
        };
        let problems = self.problems(caller, change, &batches, ask);
        if !problems.is_empty() {
            return Err(failed(&problems));
        }
        let submitter = caller.known()?;
        let ident = self.ident(submitter);
        let mut plans = Vec::new();
        for batch in &batches {
            match self.plan(batch, &ident) {
                Ok(plan) => plans.push(plan),
                Err(Failure::Problem(id, why)) => return Err(failed(&Problems::from([(id, why)]))),
                Err(Failure::Refused(refusal)) => return Err(refusal),
            }
        }
        let submission = push_merged::submission_id(change);
        self.write_submission(caller, &batches, &plans, &submission, ask.forced)
    }

    /// Why each change can't go; empty if all can.
    fn problems(&self, caller: Caller, pressed: &Change, batches: &[Batch], ask: SubmitRequest) -> Problems {
        let mut problems = Problems::new();
        for member in batches.iter().flat_map(|batch| &batch.changes) {
            let change = &member.change;
            let subject = if change.number == pressed.number {
                format!("Change {}", change.number)
            } else {
                let (id, other) = (pressed.number, change.number);
                format!("Change {id} must be submitted with change {other} but {other}")
            };
            let unmet = member.results.iter().find(|result| !result.fulfilled());
            if self.config(&change.project).state() != "ACTIVE" {
                let state = self.config(&change.project).state();
                problems.insert(change.number, format!("project state {state} does not permit write"));
            } else if change.work_in_progress {
                problems.insert(change.number, format!("{subject} is marked work in progress"));
            } else if !ask.forced && !self.may_submit(caller, change) {
                problems.insert(change.number, format!("{subject} can't be submitted: submit not permitted"));
            } else if let Some(unmet) = unmet.filter(|_| !ask.forced) {
                let why =
                    format!("{subject} is not ready: submit requirement '{}' is unsatisfied.", unmet.name);
                problems.insert(change.number, why);
            }
        }
        problems
    }

    fn plan(&self, batch: &Batch, submitter: &Ident) -> Result<Plan, Failure> {
        let head = batch.repo.reference(&batch.branch);
        match batch.submit_type.as_str() {
            "FAST_FORWARD_ONLY" => merge::fast_forward_only(batch, head),
            "MERGE_ALWAYS" => merge::merge(batch, head, submitter, &self.server_ident(), true),
            "REBASE_IF_NECESSARY" => rebase::rebase(self, batch, head, submitter, false),
            "REBASE_ALWAYS" => rebase::rebase(self, batch, head, submitter, true),
            "CHERRY_PICK" => cherry_pick::cherry_pick(self, batch, head, submitter),
            _ => merge::merge(batch, head, submitter, &self.server_ident(), false),
        }
    }
}
