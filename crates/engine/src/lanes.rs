//! The gate of a lane: who goes next, and may it?

use std::sync::Arc;

use executor::ExecutorError;
use gate::{Judgement, Matter, Rulebook, RunMatter};
use gerrit::git::Want;
use grant::{Grant, Presence};
use model::{
    Answer, DecisionId, GrantId, Mode, Need, OutcomeState, Reason, Revision, RunId, Submission, Timestamp,
};
use operations::Newer;
use proof::GitObjects;
use store::{Commit, CommitError, Expect, StoreExt as _, Transition};

use crate::{
    EngineError,
    consents::KeptConsents,
    engine::{Accepted, Engine},
    entries,
    gerrits::Synced,
    history::{in_order, is_ancestor},
    kept::{AcceptedConfiguration, Judged, KeptGrant, KeptOutcome, KeptSubmission, Lane, LaneRecord},
    lane::Candidate,
    people::{GroupsFound, require_people},
    read::{About, Examined, Known},
    requests::{KeptRequest, matter_of, parent_of},
};

/// How old what a decision rests on may be when its grant is spent, in milliseconds.
const FACTS_MS: i64 = 60_000;
/// Unsettled outcomes that are looked at.
const OUTCOMES: usize = 5_000;

/// An outcome that is being judged.
pub(crate) struct Standing {
    pub(crate) kept: KeptOutcome,
    pub(crate) submission: Submission,
    pub(crate) expect: Expect,
    /// What was read on the way here, and is fresh.
    pub(crate) known: Known,
    /// It was judged before, on another plan.
    pub(crate) other_plan: bool,
}

/// What a lane starts from.
pub(crate) struct Ground {
    pub(crate) record: LaneRecord,
    expect: Expect,
}

impl Engine {
    /// Settles what can be settled in a lane. `fresh` was seen just now and is not in the store yet; `prelude` goes into
    /// the same commit.
    ///
    /// # Errors
    /// [`EngineError`]: then `fresh` is in the store, open, and is judged again later.
    pub(crate) async fn evaluate(
        self: &Arc<Self>,
        lane: &Lane,
        fresh: Option<(Standing, Commit)>,
        synced: Option<Synced>,
    ) -> Result<(), EngineError> {
        let lock = self.lane_lock(&lane.key()).await;
        let _one_at_a_time = lock.lock().await;
        let (mut fresh, mut prelude) = match fresh {
            Some((standing, prelude)) => (Some(standing), prelude),
            None => (None, Commit::new()),
        };
        // What must not be lost if anything below goes wrong.
        let keep = fresh.as_ref().map(|f| open(&prelude, f)).transpose()?;
        let result = self.evaluate_locked(lane, &mut fresh, &mut prelude, synced).await;
        if let (Err(_), Some(keep)) = (&result, keep)
            && self.store.get::<KeptOutcome>(&keep.0).await?.is_none()
        {
            match self.store.commit(keep.1).await {
                Ok(_) => self.moved(),
                // Somebody else wrote it down: all the better.
                Err(CommitError::Precondition { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let about = format!("lane {}", lane.key());
        self.problem(&about, result.as_ref().err().map(ToString::to_string));
        result
    }

    async fn evaluate_locked(
        self: &Arc<Self>,
        lane: &Lane,
        fresh: &mut Option<Standing>,
        prelude: &mut Commit,
        synced: Option<Synced>,
    ) -> Result<(), EngineError> {
        let mut standing = self.unsettled(lane).await?;
        if let Some(fresh) = fresh.take()
            && !standing.iter().any(|s| s.kept.id == fresh.kept.id)
        {
            standing.push(fresh);
        }
        if standing.is_empty() {
            return Ok(());
        }
        let server = Arc::clone(self.server(&lane.server)?);
        let mut synced = match synced {
            Some(synced) => synced,
            None => {
                let wants = [Want::Ref(lane.branch.as_str()), Want::Ref("refs/meta/config")];
                server.sync(&lane.project, &wants).await?
            }
        };
        let accepted = self.accepted.load_full();
        // What was asked for has no line of descent: each request is for itself, the oldest first.
        let asked = standing.iter().all(|one| one.kept.request.is_some());
        let anywhere = standing.first().filter(|_| asked).map(|one| one.kept.tip);
        let Some(mut ground) = self.ground(lane, &accepted, &synced, anywhere).await? else {
            return self.wait_for_baseline(lane, standing, prelude).await;
        };
        if ground.record.active.is_some() {
            return self.leave_open(standing, prelude).await;
        }
        let queues = accepted
            .rulebook
            .configuration
            .operation(&lane.operation)
            .is_some_and(|o| o.newer == Newer::Queues)
            || asked;
        let mut order = order(&standing, &synced).await?;
        if queues {
            order.reverse();
        }
        let mut commit = std::mem::take(prelude);
        let mut spent = None;
        let mut failed = None;
        let wants = [Want::Ref(lane.branch.as_str()), Want::Ref("refs/meta/config")];
        for id in order {
            let Some(at) = standing.iter().position(|s| s.kept.id == id) else { continue };
            let mut one = standing.swap_remove(at);
            let now = self.clock.now();
            if let Some(run) = ground.record.run.as_ref().filter(|_| one.kept.request.is_none())
                && is_ancestor(&synced, &one.kept.tip, &ground.record.base).await?
            {
                let by = run.clone();
                self.settle(&mut commit, one, OutcomeState::Superseded { by, at: now }, &accepted)?;
                continue;
            }
            if let Some(expired) = expired(&one.kept, now) {
                self.settle(&mut commit, one, expired, &accepted)?;
                continue;
            }
            let known = std::mem::take(&mut one.known);
            let (examined, judgement) =
                match self.judge(lane, &one, &ground.record, known, &accepted, synced).await {
                    Ok(judged) => judged,
                    Err(error) => {
                        // What can never be judged is refused; what can't be judged now stays open. Neither stands in the way
                        // of others.
                        match too_long(&error, &one.kept, self.clock.now()) {
                            Some(refused) => self.settle(&mut commit, one, refused, &accepted)?,
                            None => {
                                if one.expect == Expect::Absent {
                                    push_outcome(&mut commit, one.expect, &one.kept)?;
                                }
                                failed = Some(error);
                            }
                        }
                        if standing.is_empty() {
                            break;
                        }
                        synced = server.sync(&lane.project, &wants).await?;
                        continue;
                    }
                };
            let judged = keep_judgement(&mut commit, &examined, &judgement, &accepted)?;
            // Whoever is asked to approve it has to be shown the plan as it is now.
            one.other_plan =
                one.kept.judged.as_ref().is_some_and(|was| was.plan_object != judged.plan_object);
            one.kept.judged = Some(judged);
            let presence = judgement.presence();
            let Judgement { decision, plan, .. } = judgement;
            let (now, facts_at) = (decision.at, decision.facts_at);
            let opened = self.rulebook(&one.kept.configuration).await?;
            let observing = [&*accepted.rulebook, &*opened].into_iter().any(|rulebook| {
                rulebook.configuration.operation(&lane.operation).is_none_or(|o| o.mode == Mode::Observe)
            });
            let next = match (decision.answer, plan) {
                _ if observing => OutcomeState::Observed {
                    decision: decision.id.clone(),
                    allowed: decision.answer == Answer::Allow,
                    reasons: decision.reasons.clone(),
                    at: now,
                },
                (Answer::Allow, Some(plan)) => {
                    let run = RunId::derive(&[one.kept.id.as_str().as_bytes()]);
                    let grant = Grant {
                        schema: Grant::SCHEMA.to_owned(),
                        id: GrantId::derive(&[run.as_str().as_bytes(), decision.id.as_str().as_bytes()]),
                        run: run.clone(),
                        outcome: one.kept.id.clone(),
                        plan: decision.plan,
                        decision: model::Canonical::digest(&decision)?,
                        configuration: decision.configuration,
                        executor: self.executor.key().clone(),
                        host: self.executor.host().to_owned(),
                        origin: self.origin.clone(),
                        issued_at: now,
                        not_after: now.plus_ms(lifetime_ms(&plan)),
                        evidence: decision.evidence,
                        presence,
                    };
                    let signed = grant.sign(&self.gate)?;
                    let consents =
                        self.signed_consents(&one.kept.id, &named(grant.presence.as_ref())).await?;
                    let prepared = self.executor.verify(signed.as_bytes(), &plan, &decision, &consents)?;
                    keep_files(&mut commit, &plan, &opened)?;
                    let object = commit.object(signed.as_bytes().to_vec());
                    let kept = KeptGrant {
                        run: run.clone(),
                        plan,
                        decision,
                        grant: String::from_utf8_lossy(signed.as_bytes()).into_owned(),
                        at: now,
                    };
                    commit.push(Transition::recorded(
                        Expect::Absent,
                        &kept,
                        entries::grant_issued(&kept, &grant.id, &object),
                    )?);
                    ground.record = LaneRecord {
                        base: one.kept.tip,
                        rules: examined.case.rules.now,
                        run: Some(run.clone()),
                        active: Some(run.clone()),
                        at: now,
                        ..ground.record
                    };
                    let lane_entry = entries::lane_moved(&ground.record);
                    commit.push(Transition::recorded(ground.expect, &ground.record, lane_entry)?);
                    // Also against a replica that accepts or refuses another one at this very moment (I5).
                    commit.push(Transition::require::<AcceptedConfiguration>(
                        Expect::Version(accepted.record.version),
                        AcceptedConfiguration::KEY,
                    )?);
                    require_people(&mut commit, &examined.case)?;
                    // And against whoever withdraws it at this very moment.
                    if let Some(asked) = examined.case.matter.request() {
                        commit.push(Transition::require::<KeptRequest>(
                            Expect::Version(asked.version),
                            asked.request.id.as_str(),
                        )?);
                    }
                    // And against whoever says no at this very moment.
                    if !examined.case.consents.is_empty() {
                        commit.push(Transition::require::<KeptConsents>(
                            Expect::Version(examined.case.consents.len() as u64),
                            one.kept.id.as_str(),
                        )?);
                    }
                    let counted: Vec<_> = consents.into_iter().map(|signed| signed.consent).collect();
                    self.require_passkeys(&mut commit, &counted).await?;
                    spent = Some((prepared, facts_at));
                    OutcomeState::Running { run }
                }
                _ => denied(&decision.reasons, &decision.id, one.kept.until, now),
            };
            self.settle(&mut commit, one, next, &accepted)?;
            if spent.is_some() {
                break;
            }
            synced = if standing.is_empty() { break } else { server.sync(&lane.project, &wants).await? };
        }
        // Those below what runs now are behind it; those above wait for it to end.
        if let Some((prepared, facts_at)) = spent {
            let run = ground.record.run.clone();
            let wants = [Want::Ref(lane.branch.as_str())];
            let synced =
                if standing.is_empty() { None } else { Some(server.sync(&lane.project, &wants).await?) };
            for one in standing {
                let behind = match &synced {
                    // A request is behind none.
                    Some(_) if one.kept.request.is_some() => None,
                    Some(synced) => Some(is_ancestor(synced, &one.kept.tip, &ground.record.base).await?),
                    None => None,
                };
                match (&run, behind) {
                    (Some(by), Some(true)) => {
                        let next = OutcomeState::Superseded { by: by.clone(), at: self.clock.now() };
                        self.settle(&mut commit, one, next, &accepted)?;
                    }
                    _ if one.expect == Expect::Absent => push_outcome(&mut commit, one.expect, &one.kept)?,
                    _ => {}
                }
            }
            self.still_holds(facts_at, &accepted)?;
            let spent = self.executor.spend(prepared, commit).await.map_err(|error| match error {
                ExecutorError::NotRecorded(error) => EngineError::Commit(error),
                error => error.into(),
            })?;
            self.moved();
            self.drive(lane.clone(), spent);
            return Ok(());
        }
        if !commit.transitions().is_empty() {
            self.store.commit(commit).await?;
            self.moved();
        }
        failed.map_or(Ok(()), Err)
    }

    /// What the decision rested on is still so, and no older than a minute, at the moment of spending (I12).
    pub(crate) fn still_holds(
        &self,
        facts_at: Timestamp,
        accepted: &Arc<Accepted>,
    ) -> Result<(), EngineError> {
        if !Arc::ptr_eq(&self.accepted.load(), accepted) {
            return Err(EngineError::Outside(
                "the configuration has moved meanwhile: decided again".to_owned(),
            ));
        }
        let age_ms = self.clock.now().ms_since(facts_at);
        if age_ms > FACTS_MS {
            return Err(EngineError::Outside(format!(
                "what was read is {} s old: read again",
                age_ms / 1000
            )));
        }
        Ok(())
    }

    /// The unsettled outcomes of a lane that the store has.
    async fn unsettled(&self, lane: &Lane) -> Result<Vec<Standing>, EngineError> {
        let listed = self.store.all::<KeptOutcome>(&["open", "waiting"], OUTCOMES).await?;
        for broken in &listed.broken {
            self.problem("outcomes", Some(broken.to_string()));
        }
        let mut standing = Vec::new();
        for outcome in listed.items.into_iter().filter(|o| o.value.lane == *lane) {
            let key = outcome.value.outcome.key.submission.as_str();
            let Some(submission) = self.store.get::<KeptSubmission>(key).await? else {
                return Err(EngineError::Outside(format!("outcome {} has no submission", outcome.value.id)));
            };
            standing.push(Standing {
                kept: outcome.value,
                submission: submission.value.submission,
                expect: Expect::Version(outcome.version),
                known: Known::new(),
                other_plan: false,
            });
        }
        Ok(standing)
    }

    /// The lane's record; where a later reviewed baseline lies above its base, that instead. None: neither is there, nor does
    /// it begin `anywhere`, as one of requests does: each of those brings its own change and nothing else.
    pub(crate) async fn ground(
        &self,
        lane: &Lane,
        accepted: &Accepted,
        synced: &Synced,
        anywhere: Option<Revision>,
    ) -> Result<Option<Ground>, EngineError> {
        let found = self.store.get::<LaneRecord>(&lane.key()).await?;
        let configuration = &accepted.rulebook.configuration;
        let baseline = configuration.baseline(
            &lane.operation,
            &lane.environment,
            &lane.server,
            &lane.project,
            &lane.branch,
        );
        let asserted = |at: Timestamp, revision: Revision| LaneRecord {
            lane: lane.clone(),
            base: revision,
            rules: None,
            run: None,
            active: None,
            succeeded: None,
            at,
        };
        Ok(match (found, baseline) {
            (None, None) => anywhere.map(|revision| Ground {
                record: asserted(self.clock.now(), revision),
                expect: Expect::Absent,
            }),
            (None, Some(baseline)) => {
                Some(Ground { record: asserted(self.clock.now(), baseline.revision), expect: Expect::Absent })
            }
            (Some(found), baseline) => {
                let expect = Expect::Version(found.version);
                let mut record = found.value;
                if anywhere.is_some() {
                    // A lane of requests has no line to go on from; a baseline that names where it stands accepts how the
                    // project's own rules have moved since.
                    let accepts = baseline.is_some_and(|b| b.revision == record.base);
                    record.rules = record.rules.filter(|_| !accepts);
                } else if let Some(b) = baseline
                    && b.revision != record.base
                    && is_ancestor(synced, &record.base, &b.revision).await?
                {
                    record = LaneRecord { base: b.revision, rules: None, run: None, ..record };
                }
                Some(Ground { record, expect })
            }
        })
    }

    async fn judge(
        &self,
        lane: &Lane,
        one: &Standing,
        ground: &LaneRecord,
        known: Known,
        accepted: &Accepted,
        synced: Synced,
    ) -> Result<(Examined, Judgement), EngineError> {
        let opened = self.rulebook(&one.kept.configuration).await?;
        let server = self.server(&lane.server)?;
        let (base, request) = match &one.kept.request {
            Some(request) => {
                let (base, matter) = self.asked(request, one.kept.tip, &synced).await?;
                (base, Some(matter))
            }
            None => (ground.base, None),
        };
        let consents = self.consents_of(one).await?;
        let passkeys = self.passkeys_of(&consents).await?;
        let now = self.clock.now();
        let freezes = [&*accepted.rulebook, &*opened].into_iter().flat_map(|rulebook| {
            let calendar = rulebook.configuration.calendar();
            calendar.in_force(now, &lane.operation, &lane.environment).map(|f| f.name.clone())
        });
        let about = About {
            matter: Matter::Run(Box::new(RunMatter {
                submission: one.submission.clone(),
                operation: lane.operation.clone(),
                environment: lane.environment.clone(),
                opened_under: one.kept.configuration,
                before: ground.succeeded,
                request,
            })),
            configuration: accepted.rulebook.commit,
            project: lane.project.clone(),
            branch: lane.branch.clone(),
            base,
            tip: one.kept.tip,
            rules: ground.rules,
            freezes: freezes.collect(),
            groups: GroupsFound::default(),
            consents,
            passkeys,
        };
        let rulebooks = [&*accepted.rulebook, &*opened];
        let examined = self.examine(server, about, known, synced, &rulebooks).await?;
        let now = self.clock.now();
        let judgement = gate::decide(&examined.case, &examined.evidence, &accepted.rulebook, &opened, now)?;
        for error in &judgement.errors {
            tracing::error!(%error, lane = lane.key(), "a policy could not be evaluated: that denies");
        }
        Ok((examined, judgement))
    }

    /// What was said to plans of an outcome. One that nobody has seen yet has been said nothing to.
    async fn consents_of(&self, one: &Standing) -> Result<Vec<grant::Consent>, EngineError> {
        if one.expect == Expect::Absent {
            return Ok(Vec::new());
        }
        let kept = self.store.get::<KeptConsents>(one.kept.id.as_str()).await?;
        Ok(kept.map(|kept| kept.value.consents).unwrap_or_default())
    }

    /// What the gate is told of a merged request, and where its range begins: right before it.
    async fn asked(
        &self,
        request: &model::Request,
        tip: Revision,
        synced: &Synced,
    ) -> Result<(Revision, Box<gate::RequestMatter>), EngineError> {
        let kept = self.store.get::<KeptRequest>(request.id.as_str()).await?;
        let missing = || EngineError::Outside(format!("there is no request {}", request.id));
        let kept = kept.ok_or_else(missing)?;
        let opened = *kept.value.opened().ok_or_else(missing)?;
        Ok((parent_of(synced, tip).await?, Box::new(matter_of(&kept, &opened))))
    }

    /// Moves an outcome on, with its entry and what has to be said about it.
    pub(crate) fn settle(
        &self,
        commit: &mut Commit,
        one: Standing,
        next: OutcomeState,
        accepted: &Accepted,
    ) -> Result<(), EngineError> {
        let Standing { mut kept, submission, expect, other_plan, .. } = one;
        let same = same_wait(&kept.outcome.state, &next) && !other_plan;
        kept.outcome = kept.outcome.become_state(next).map_err(ExecutorError::from)?;
        if same && expect != Expect::Absent {
            // Nothing new to record: it waits for what it waited for.
            return Ok(());
        }
        push_outcome(commit, expect, &kept)?;
        for report in self.reports_of(&kept, &submission, accepted) {
            let entry = entries::report(&report);
            commit.push(Transition::recorded(Expect::Absent, &report, entry)?);
        }
        Ok(())
    }

    async fn wait_for_baseline(
        &self,
        lane: &Lane,
        standing: Vec<Standing>,
        prelude: &mut Commit,
    ) -> Result<(), EngineError> {
        let accepted = self.accepted.load_full();
        let mut commit = std::mem::take(prelude);
        for one in standing {
            let now = self.clock.now();
            let decision = DecisionId::derive(&[b"no-baseline", one.kept.id.as_str().as_bytes()]);
            let reasons = vec![Reason {
                code: "no-baseline".to_owned(),
                text: format!(
                    "nothing says up to which revision of {} {} everything is accepted for {} in {}",
                    lane.project, lane.branch, lane.operation, lane.environment
                ),
                cure: Some(
                    "add a line to baselines.yaml in the operations project, and have it reviewed".to_owned(),
                ),
                policy: None,
                need: Need::Waits,
            }];
            let next = expired(&one.kept, now).unwrap_or(OutcomeState::Waiting {
                reasons,
                decision,
                until: one.kept.until,
            });
            self.settle(&mut commit, one, next, &accepted)?;
        }
        if !commit.is_empty() {
            self.store.commit(commit).await?;
            self.moved();
        }
        Ok(())
    }

    /// Something runs in the lane: who is new is written down, and waits for it.
    async fn leave_open(&self, standing: Vec<Standing>, prelude: &mut Commit) -> Result<(), EngineError> {
        let mut commit = std::mem::take(prelude);
        for one in standing.iter().filter(|s| s.expect == Expect::Absent) {
            push_outcome(&mut commit, one.expect, &one.kept)?;
        }
        if !commit.is_empty() {
            self.store.commit(commit).await?;
            self.moved();
        }
        Ok(())
    }
}

/// The commit that keeps a fresh outcome when it can't be judged now.
async fn order(standing: &[Standing], synced: &Synced) -> Result<Vec<model::OutcomeId>, EngineError> {
    let candidates = standing.iter().map(|s| Candidate {
        id: s.kept.id.clone(),
        tip: s.kept.tip,
        submitted_at_ms: s.submission.submitted_at.as_millis(),
    });
    in_order(synced, candidates.collect()).await
}

fn open(prelude: &Commit, fresh: &Standing) -> Result<(String, Commit), EngineError> {
    let mut keep = prelude.clone();
    push_outcome(&mut keep, fresh.expect, &fresh.kept)?;
    Ok((fresh.kept.id.to_string(), keep))
}

pub(crate) fn push_outcome(
    commit: &mut Commit,
    expect: Expect,
    kept: &KeptOutcome,
) -> Result<(), EngineError> {
    commit.push(Transition::recorded(expect, kept, entries::outcome(kept))?);
    Ok(())
}

/// What has waited too long is refused, with what it waited for.
fn expired(kept: &KeptOutcome, now: Timestamp) -> Option<OutcomeState> {
    let OutcomeState::Waiting { reasons, decision, until } = &kept.outcome.state else { return None };
    (now >= *until).then(|| OutcomeState::Refused {
        decision: decision.clone(),
        reasons: reasons.clone(),
        at: now,
    })
}

/// All reasons can still be cured: it waits. Else it is refused.
fn denied(reasons: &[Reason], decision: &DecisionId, until: Timestamp, now: Timestamp) -> OutcomeState {
    let waits = !reasons.is_empty() && reasons.iter().all(|r| r.need == Need::Waits) && now < until;
    let (decision, reasons) = (decision.clone(), reasons.to_vec());
    if waits {
        OutcomeState::Waiting { reasons, decision, until }
    } else {
        OutcomeState::Refused { decision, reasons, at: now }
    }
}

/// Whether it waits for what it waited for. Texts may name how old facts are; codes don't.
fn same_wait(a: &OutcomeState, b: &OutcomeState) -> bool {
    let codes = |state: &OutcomeState| match state {
        OutcomeState::Waiting { reasons, .. } => {
            // How many have approved is news.
            let text = |r: &Reason| (r.code == "approval-missing").then(|| r.text.clone());
            Some(reasons.iter().map(|r| (r.code.clone(), text(r))).collect::<Vec<_>>())
        }
        _ => None,
    };
    codes(a).is_some() && codes(a) == codes(b)
}

/// A range that is too long to judge is refused: no waiting makes it shorter.
fn too_long(error: &EngineError, kept: &KeptOutcome, now: Timestamp) -> Option<OutcomeState> {
    let EngineError::TooLong { .. } = error else { return None };
    let reason = Reason {
        code: "range-too-long".to_owned(),
        text: error.to_string(),
        cure: Some(
            "assert a later baseline in baselines.yaml, by which two independent people accept these commits"
                .to_owned(),
        ),
        policy: None,
        need: Need::Final,
    };
    let decision = DecisionId::derive(&[b"range-too-long", kept.id.as_str().as_bytes()]);
    Some(OutcomeState::Refused { decision, reasons: vec![reason], at: now })
}

/// How long the grant lives: every step, its undo, and room for pauses; a day at most.
fn lifetime_ms(plan: &model::Plan) -> i64 {
    let of = |action: &model::Action| match action {
        model::Action::Exec(exec) => exec.timeout_ms,
        model::Action::Http(http) => http.within_ms,
        model::Action::Gerrit(_) => 60_000,
    };
    let steps: u64 =
        plan.steps.iter().map(|s| of(&s.action).saturating_add(s.undo.as_ref().map_or(0, of))).sum();
    i64::try_from(steps.saturating_mul(2).saturating_add(600_000))
        .unwrap_or(i64::MAX)
        .min(grant::MAX_LIFETIME_MS)
}

/// Puts the plan's files into the store. They are those that the plan was made of; were one not, the grant is not spent.
fn keep_files(commit: &mut Commit, plan: &model::Plan, of: &Rulebook) -> Result<(), EngineError> {
    for (path, digest) in &plan.files {
        let bytes = of.configuration.tree().get(path).unwrap_or_default().to_vec();
        if commit.object(bytes) != *digest {
            return Err(EngineError::Outside(format!(
                "{path} of the plan is not in the operations tree at {}: nothing is granted",
                of.commit
            )));
        }
    }
    Ok(())
}

/// The consents that a grant names.
pub(crate) fn named(presence: Option<&Presence>) -> Vec<model::Digest> {
    presence.iter().flat_map(|presence| &presence.consents).map(|by| by.consent).collect()
}

/// Puts what a judgement rests on into the store, and says where.
pub(crate) fn keep_judgement(
    commit: &mut Commit,
    examined: &Examined,
    judgement: &Judgement,
    accepted: &Accepted,
) -> Result<Judged, EngineError> {
    for answer in examined.answers.values() {
        commit.object(answer.clone());
    }
    Ok(Judged {
        decision: judgement.decision.clone(),
        decision_object: commit.object(model::to_canonical(&judgement.decision)?),
        plan_object: match &judgement.plan {
            Some(plan) => Some(commit.object(model::to_canonical(plan)?)),
            None => None,
        },
        case_object: commit.object(model::to_canonical(&examined.case)?),
        evidence_object: commit.object(model::to_canonical(&examined.evidence)?),
        git_object: commit.object(GitObjects::encode(&examined.git)?),
        approvers: judgement.approvers.iter().map(ToString::to_string).collect(),
        configuration_version: accepted.record.version,
    })
}
