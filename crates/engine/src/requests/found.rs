//! What was merged into the requests project: a request of ours, or something that counts for nothing.

use std::{collections::BTreeSet, sync::Arc};

use model::{
    Outcome, OutcomeKey, OutcomeState, Project, Reason, RefName, Request, RequestId, ServerName, Submission,
    SubmissionId,
};
use store::{Commit, CommitError, Expect, StoreExt as _, Transition, Versioned};

use super::{KeptRequest, RequestState};
use crate::{
    EngineError,
    engine::Engine,
    entries,
    kept::{ChangeIndex, KeptOutcome, KeptSubmission, Lane, Report},
    lanes::push_outcome,
    look::Found,
    report::{LONGEST, say_reasons},
};

/// How long an outcome waits whose operation isn't there any more, in milliseconds.
const WAIT_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Requests that are looked through for a change.
const LIVE: usize = 5_000;

impl Engine {
    /// Whether that is where requests become changes.
    pub(crate) fn takes_requests(&self, server: &ServerName, project: &Project, branch: &RefName) -> bool {
        let accepted = self.accepted.load();
        let at = accepted.rulebook.configuration.requests();
        at.is_some_and(|at| at.server == *server && at.project == *project && at.branch == *branch)
            && !self.is_operations(server, project)
    }

    /// Something was merged there.
    ///
    /// # Errors
    /// [`EngineError`]: it is looked at again.
    pub(crate) async fn found_request(self: &Arc<Self>, found: Found) -> Result<(), EngineError> {
        let Found { submission, subject, paths, .. } = found;
        if self.store.get::<KeptSubmission>(submission.id.as_str()).await?.is_some() {
            return Ok(());
        }
        let mut asked = self.request_of(&submission, paths.as_ref()).await?;
        // What was merged once runs once, whatever brings its change to the branch's tip again.
        if let Some(RequestState::Merged { opened, submission: before }) =
            asked.as_ref().map(|a| &a.value.state)
            && *before != submission.id
        {
            tracing::warn!(change = opened.change, %before, tip = %submission.tip, "merged before: nothing new");
            if submission.changes == [opened.change] {
                let known = self.index(&submission, opened.change, before)?;
                self.store.commit(vec![known].into()).await?;
                return Ok(());
            }
            asked = None;
        }
        let mut commit = Commit::new();
        let mut kept = KeptSubmission {
            submission: submission.clone(),
            subject,
            outcomes: Vec::new(),
            refused: Vec::new(),
        };
        let outcome = asked.as_ref().map(|asked| self.outcome_of_request(&submission, &asked.value.request));
        match &outcome {
            Some(outcome) => kept.outcomes.push(outcome.id.clone()),
            None if self.anything_could_be_asked(&submission) => {
                kept.refused.extend(submission.changes.iter().map(|number| gate::unknown_request(*number)));
            }
            None => {}
        }
        commit.push(Transition::recorded(Expect::Absent, &kept, entries::submission_seen(&kept))?);
        for (number, why) in submission.changes.iter().zip(&kept.refused) {
            let report = self.counts_for_nothing(&submission, *number, why);
            let entry = entries::report(&report);
            commit.push(Transition::recorded(Expect::Absent, &report, entry)?);
        }
        for number in &submission.changes {
            commit.push(self.index(&submission, *number, &submission.id)?);
        }
        if let Some(asked) = asked
            && let Some(opened) = asked.value.opened().copied()
            && !matches!(asked.value.state, RequestState::Ended { .. } | RequestState::Merged { .. })
        {
            self.forget_request(&asked.value.request.id);
            let next = KeptRequest {
                state: RequestState::Merged { opened, submission: submission.id.clone() },
                at: self.clock.now(),
                ..asked.value
            };
            let entry = entries::request(&next);
            commit.push(Transition::recorded(Expect::Version(asked.version), &next, entry)?);
        }
        let lane = outcome.as_ref().map(|outcome| outcome.lane.clone());
        if let Some(outcome) = &outcome {
            push_outcome(&mut commit, Expect::Absent, outcome)?;
        }
        tracing::info!(submission = %submission.id, changes = ?submission.changes, request = outcome.is_some(), "submission seen");
        match self.store.commit(commit).await {
            Ok(_) => self.moved(),
            // Somebody else wrote it down, or the request moved at this very moment: looked at again.
            Err(why @ CommitError::Precondition { .. }) => return Err(why.into()),
            Err(why) => return Err(why.into()),
        }
        match lane {
            Some(lane) => self.evaluate(&lane, None, None).await,
            None => Ok(()),
        }
    }

    /// By which submission a change was merged.
    fn index(
        &self,
        seen: &Submission,
        number: u64,
        submission: &SubmissionId,
    ) -> Result<Transition, EngineError> {
        let (server, submission) = (seen.server.clone(), submission.clone());
        let index = ChangeIndex { server, number, submission, at: self.clock.now() };
        Ok(Transition::bookkeeping(Expect::Any, &index)?)
    }

    /// The request whose change was merged: by the file that came, or by the number of the change that we made.
    async fn request_of(
        &self,
        submission: &Submission,
        paths: Option<&BTreeSet<String>>,
    ) -> Result<Option<Versioned<KeptRequest>>, EngineError> {
        let ours = |kept: &KeptRequest| {
            kept.request.server == submission.server
                && kept.opened().is_some_and(|opened| submission.changes.contains(&opened.change))
        };
        let named: Vec<RequestId> =
            paths.into_iter().flatten().filter_map(|path| Request::id_of_path(path)).take(16).collect();
        for id in named {
            if let Some(kept) = self.store.get::<KeptRequest>(id.as_str()).await?
                && ours(&kept.value)
            {
                return Ok(Some(kept));
            }
        }
        let live = self.store.all::<KeptRequest>(KeptRequest::LIVE, LIVE).await?;
        Ok(live.items.into_iter().find(|kept| ours(&kept.value)))
    }

    fn outcome_of_request(&self, submission: &Submission, request: &Request) -> KeptOutcome {
        let accepted = self.accepted.load();
        let wait = accepted.rulebook.configuration.operation(&request.operation).map(|o| o.wait.0);
        let wait_ms = wait.map_or(WAIT_MS, |wait| i64::try_from(wait).unwrap_or(i64::MAX));
        let key = OutcomeKey {
            submission: submission.id.clone(),
            operation: request.operation.clone(),
            environment: request.environment.clone(),
        };
        let now = self.clock.now();
        KeptOutcome {
            id: key.id(),
            lane: Lane {
                operation: request.operation.clone(),
                environment: request.environment.clone(),
                server: submission.server.clone(),
                project: submission.project.clone(),
                branch: submission.branch.clone(),
            },
            outcome: Outcome { key, opened_at: now, state: OutcomeState::Open },
            tip: submission.tip,
            configuration: accepted.rulebook.commit,
            until: now.plus_ms(wait_ms),
            judged: None,
            request: Some(Box::new(request.clone())),
        }
    }

    /// Whether there was anything to ask for when that was submitted: what is older is nobody's request.
    fn anything_could_be_asked(&self, submission: &Submission) -> bool {
        let accepted = self.accepted.load();
        let since = &accepted.record.value.since;
        let mut asked = accepted.rulebook.configuration.operations().filter(|o| o.trigger.is_none());
        asked.any(|o| since.get(&o.name).is_some_and(|since| submission.submitted_at.plus_ms(999) >= *since))
    }

    fn counts_for_nothing(&self, submission: &Submission, change: u64, why: &Reason) -> Report {
        let mut text = "Not run\n".to_owned();
        say_reasons(&mut text, std::slice::from_ref(why));
        Report {
            about: format!("{}/unknown", submission.id),
            server: submission.server.clone(),
            project: submission.project.clone(),
            change,
            text: text.chars().take(LONGEST).collect(),
            deployed: false,
            hashtags: vec!["exq-refused".to_owned()],
            at: self.clock.now(),
            tries: 0,
            posted: false,
        }
    }
}
