//! Looks at the open change of a request: is it as we made it, and is policy satisfied? Then it is submitted, that revision
//! and no other.

use std::{collections::HashMap, sync::Arc};

use gate::{Matter, RequestMatter, object_id};
use gerrit::{ChangeId, git::Want, info::ChangeStatus};
use model::{Answer, Need, Reason, RequestId, Revision};
use notedb::walk;
use store::{Commit, Expect, StoreExt as _, Transition, Versioned};

use super::{
    KeptRequest, RequestState,
    kept::{End, Opened},
};
use crate::{
    EngineError,
    engine::{Accepted, Engine},
    entries,
    gerrits::{Synced, change_refs},
    history::off_thread,
    kept::{ChangeIndex, Lane},
    lanes::keep_judgement,
    people::{GroupsFound, require_people},
    read::{About, Known},
};

impl Engine {
    /// Looks at one.
    ///
    /// # Errors
    /// [`EngineError`]: it is looked at again later.
    pub(super) async fn look_at_request(
        self: &Arc<Self>,
        kept: Versioned<KeptRequest>,
        opened: Opened,
    ) -> Result<(), EngineError> {
        let request = kept.value.request.clone();
        let server = Arc::clone(self.server(&request.server)?);
        let id = ChangeId::new(request.project.as_str(), opened.change);
        let read = self.reader(&server).change(&id).await?;
        let elsewhere = read.info.branch_ref() != request.branch.as_str();
        match read.info.status.clone() {
            ChangeStatus::Abandoned => {
                return self.end_request(kept, End::Abandoned, Vec::new(), None).await;
            }
            _ if elsewhere => {
                let text = format!("Change {} goes to {} now", opened.change, read.info.branch_ref());
                let reason = refused("request-moved", text);
                return self.end_request(kept, End::Refused, vec![reason], None).await;
            }
            // By whoever: the one path says what becomes of it.
            ChangeStatus::Merged => {
                self.look_at_change(&request.server, &request.project, opened.change).await?;
                return self.end_if_passed_by(&request.id).await;
            }
            ChangeStatus::New => {}
            other => {
                return Err(EngineError::Outside(format!(
                    "change {} is {:?}",
                    opened.change,
                    other.as_str()
                )));
            }
        }
        // What is overdue is never submitted, however long Gerrit was away.
        if self.clock.now() >= request.until {
            return self.end_request(kept, End::Expired, Vec::new(), None).await;
        }
        let refs = change_refs(opened.change);
        let wants = [Want::Prefix(&refs), Want::Ref(request.branch.as_str()), Want::Ref("refs/meta/config")];
        let synced = server.sync(&request.project, &wants).await?;
        let base = parent_of(&synced, opened.revision).await?;
        let accepted = self.accepted.load_full();
        let lane = Lane {
            operation: request.operation.clone(),
            environment: request.environment.clone(),
            server: request.server.clone(),
            project: request.project.clone(),
            branch: request.branch.clone(),
        };
        let ground = self.ground(&lane, &accepted, &synced, Some(base)).await?;
        let calendar = accepted.rulebook.configuration.calendar();
        let freezes = calendar.in_force(self.clock.now(), &lane.operation, &lane.environment);
        let about = About {
            matter: Matter::Submit(Box::new(matter_of(&kept, &opened))),
            configuration: accepted.rulebook.commit,
            project: request.project.clone(),
            branch: request.branch.clone(),
            base,
            tip: opened.revision,
            rules: ground.and_then(|ground| ground.record.rules),
            freezes: freezes.map(|freeze| freeze.name.clone()).collect(),
            groups: GroupsFound::default(),
            consents: Vec::new(),
            passkeys: Vec::new(),
        };
        let known: Known = HashMap::from([(opened.change, read)]);
        let rulebook = &accepted.rulebook;
        let examined = self.examine(&server, about, known, synced, &[rulebook]).await?;
        let now = self.clock.now();
        let judgement = gate::decide(&examined.case, &examined.evidence, rulebook, rulebook, now)?;
        for error in &judgement.errors {
            tracing::error!(%error, request = %request.id, "a policy could not be evaluated: that denies");
        }
        let meta = examined.case.changes.get(&opened.change).map(|change| change.meta);
        let reasons = judgement.decision.reasons.clone();
        if judgement.decision.answer != Answer::Allow {
            self.saw_request(&request.id, |seen| {
                seen.judged = meta.map(|meta| (meta, rulebook.commit, now));
                seen.reasons.clone_from(&reasons);
            });
            let finally: Vec<Reason> = reasons.into_iter().filter(|r| r.need == Need::Final).collect();
            if finally.is_empty() {
                return Ok(());
            }
            return self.end_request(kept, End::Refused, finally, None).await;
        }
        self.saw_request(&request.id, |seen| seen.reasons.clear());
        let mut commit = Commit::new();
        require_people(&mut commit, &examined.case)?;
        let judged = keep_judgement(&mut commit, &examined, &judgement, &accepted)?;
        self.submit_request(kept, opened, judged, commit, &accepted).await
    }

    /// Ends a request whose change was merged and looked at, and that the one path passed by: it was merged into something
    /// that is no request, as when requests.yaml names another place meanwhile.
    async fn end_if_passed_by(&self, id: &RequestId) -> Result<(), EngineError> {
        let Some(kept) = self.store.get::<KeptRequest>(id.as_str()).await? else { return Ok(()) };
        let (request, state) = (&kept.value.request, &kept.value.state);
        let Some(change) = kept.value.opened().map(|opened| opened.change) else { return Ok(()) };
        if matches!(state, RequestState::Merged { .. } | RequestState::Ended { .. }) {
            return Ok(());
        }
        let taken = self.takes_requests(&request.server, &request.project, &request.branch);
        let looked_at = self.store.get::<ChangeIndex>(&ChangeIndex::key_of(&request.server, change)).await?;
        if taken && looked_at.is_none() {
            return Ok(());
        }
        let text = format!("Change {change} was merged where it counts as no request");
        self.end_request(kept, End::Refused, vec![refused("request-unknown", text)], None).await
    }

    /// Submits exactly the revision that was decided on.
    async fn submit_request(
        self: &Arc<Self>,
        kept: Versioned<KeptRequest>,
        opened: Opened,
        judged: crate::kept::Judged,
        mut commit: Commit,
        accepted: &Arc<Accepted>,
    ) -> Result<(), EngineError> {
        let request = &kept.value.request;
        self.still_holds(judged.decision.facts_at, accepted)?;
        // That we mean to is recorded before we do; that we meant to before on the same evidence isn't recorded twice.
        let evidence = judged.decision.evidence;
        let meant = matches!(
            &kept.value.state,
            RequestState::Submitting { judged, .. } if judged.decision.evidence == evidence
        );
        if !meant {
            let next = KeptRequest {
                state: RequestState::Submitting { opened, judged: Box::new(judged) },
                at: self.clock.now(),
                ..kept.value.clone()
            };
            let entry = entries::request(&next);
            commit.push(Transition::recorded(Expect::Version(kept.version), &next, entry)?);
            self.store.commit(commit).await?;
            self.moved();
        }
        let server = self.server(&request.server)?;
        let id = ChangeId::new(request.project.as_str(), opened.change);
        match server.writer.submit_revision(&id, &opened.revision.to_string()).await {
            Ok(_) => tracing::info!(request = %request.id, change = opened.change, "request submitted"),
            // Merged already, or somebody pushed: the next look says which.
            Err(gerrit::Error::Conflict { .. }) => {
                let read = self.reader(server).change(&id).await?;
                if read.info.status != ChangeStatus::Merged {
                    return Err(EngineError::Outside(format!(
                        "policy is satisfied, and Gerrit doesn't submit change {}: its own requirements aren't met, or it \
                         conflicts",
                        opened.change
                    )));
                }
            }
            Err(why) => return Err(server.error(why)),
        }
        self.look_at_change(&request.server, &request.project, opened.change).await
    }
}

/// What the gate is told of a request.
pub(crate) fn matter_of(kept: &Versioned<KeptRequest>, opened: &Opened) -> RequestMatter {
    let ended = match &kept.value.state {
        RequestState::Ended { how, .. } => Some(how.in_words().to_owned()),
        _ => None,
    };
    let merged = match &kept.value.state {
        RequestState::Merged { submission, .. } => Some(submission.clone()),
        _ => None,
    };
    RequestMatter {
        request: kept.value.request.clone(),
        change: opened.change,
        revision: opened.revision,
        writer: opened.writer,
        ended,
        merged,
        version: kept.version,
    }
}

/// The commit that one stands on: its first parent.
///
/// # Errors
/// When the mirror can't be read, or it stands on nothing.
pub(crate) async fn parent_of(synced: &Synced, commit: Revision) -> Result<Revision, EngineError> {
    let repo = synced.repo.clone();
    let links =
        off_thread(move || Ok(walk::links(&*repo, &object_id(&commit)).map_err(gate::CaseError::from)?));
    let first = links.await?.and_then(|links| links.parents.first().copied());
    let first = first
        .ok_or_else(|| EngineError::Outside(format!("commit {commit} of a request stands on nothing")))?;
    Ok(gate::revision(&first))
}

fn refused(code: &str, text: String) -> Reason {
    Reason {
        code: code.to_owned(),
        text,
        cure: Some("ask for it anew".to_owned()),
        policy: None,
        need: Need::Final,
    }
}
