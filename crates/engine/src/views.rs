//! What the engine shows: the store's records in words.

use std::{collections::BTreeMap, net::IpAddr, sync::PoisonError};

use async_trait::async_trait;
use gate::CaseEvidence;
use grant::{Registration, SignedConsent};
use identity::{Person, Rule};
use ledger::{Fact, Leaf};
use model::{
    Account, Digest, EnvironmentName, Identity, OperationName, OutcomeId, PersonKey, Plan, Project,
    RequestId, Requester, Run, RunId, RunState, ServerName, Submission, SubmissionId, Timestamp,
};
use store::{Cursor, Query, ReadError, StoreExt as _};
use tokio::sync::watch;

use crate::{
    EngineError,
    engine::Engine,
    kept::{ChangeIndex, KeptGrant, KeptOutcome, KeptSubmission},
    surface::{
        AccessView, Asked, ChangeEvidenceView, CommitView, ConfigurationView, ConsentView, Deed, Event,
        Health, HookAnswer, LinkAsked, LinkChallengeView, LinkView, Metric, OutcomeView, Output, Page,
        PasskeyView, PlanView, RangeEvidenceView, RangeQuestion, RangeView, RequestView, RunQuery, RunRow,
        RunView, Subject, SubmissionView, Surface, SurfaceError, Viewer,
    },
};

/// Entries of one run that are shown.
const TIMELINE: usize = 2_000;

impl From<ReadError> for SurfaceError {
    fn from(why: ReadError) -> Self {
        Self::Unavailable(why.to_string())
    }
}

impl From<EngineError> for SurfaceError {
    fn from(why: EngineError) -> Self {
        Self::Unavailable(why.to_string())
    }
}

/// Why something that was read for whoever asked could not be read, in words for them.
pub(crate) fn asked(why: EngineError) -> SurfaceError {
    let gerrit = |said: String, again: bool, why: &EngineError| SurfaceError::Gerrit {
        said,
        why: why.to_string(),
        again,
    };
    match &why {
        EngineError::NotFound { server, number } => {
            SurfaceError::NotFound(format!("change {number} that can be seen on {server}"))
        }
        EngineError::NoServer(name) => SurfaceError::NotFound(format!("server {name} in exq.yaml")),
        EngineError::Gerrit { server, why: error } => match error.class() {
            gerrit::Class::Retry | gerrit::Class::Unsettled | gerrit::Class::Conflict => {
                gerrit(format!("Gerrit {server} doesn't answer at the moment."), true, &why)
            }
            gerrit::Class::NotFound => {
                SurfaceError::NotFound(format!("project that can be seen on {server} under that name"))
            }
            gerrit::Class::Denied => {
                gerrit(format!("Gerrit {server} doesn't let our account read this."), false, &why)
            }
            gerrit::Class::Permanent => {
                gerrit(format!("What Gerrit {server} answers can't be used."), false, &why)
            }
        },
        EngineError::Case(gate::CaseError::Range(range)) => SurfaceError::Asked(range.to_string()),
        EngineError::TooLong { .. } => SurfaceError::Asked(why.to_string()),
        EngineError::Clock { .. } | EngineError::Mirror { .. } => {
            gerrit("What Gerrit answers can't be used now.".to_owned(), true, &why)
        }
        EngineError::Case(_) | EngineError::Outside(_) => {
            gerrit(format!("What Gerrit answered can't be judged: {why}"), false, &why)
        }
        _ => SurfaceError::Unavailable(why.to_string()),
    }
}

#[async_trait]
impl Surface for Engine {
    async fn hook(&self, server: &str, secret: &str, source: IpAddr, body: &[u8]) -> HookAnswer {
        self.take_hook(server, secret, source, body).await
    }

    async fn submissions(
        &self,
        limit: usize,
        after: Option<String>,
    ) -> Result<Page<SubmissionView>, SurfaceError> {
        let query = Query::of("submission").after(cursor(after)?).limit(u32::try_from(limit).unwrap_or(100));
        let page = self.store.page::<KeptSubmission>(query).await?;
        let mut rows = Vec::new();
        for kept in page.items {
            rows.push(self.view(kept.value, false).await?);
        }
        Ok(Page { rows, next: page.next.map(place) })
    }

    async fn submission(&self, id: &SubmissionId) -> Result<SubmissionView, SurfaceError> {
        let kept = self.store.get::<KeptSubmission>(id.as_str()).await?;
        let kept = kept.ok_or_else(|| SurfaceError::NotFound(format!("submission {id}")))?;
        self.view(kept.value, true).await
    }

    async fn why(&self, about: &Subject) -> Result<SubmissionView, SurfaceError> {
        match about {
            Subject::Submission(id) => self.submission(id).await,
            Subject::Change(server, number) => {
                let index = self.store.get::<ChangeIndex>(&ChangeIndex::key_of(server, *number)).await?;
                let Some(index) = index else {
                    return Err(self.why_not_merged(server, *number).await?);
                };
                self.submission(&index.value.submission).await
            }
            Subject::Run(id) => {
                let grant = self.store.get::<KeptGrant>(id.as_str()).await?;
                let grant = grant.ok_or_else(|| SurfaceError::NotFound(format!("run {id}")))?;
                self.submission(&grant.value.plan.triggered_by.submission).await
            }
        }
    }

    async fn evidence(
        &self,
        server: &ServerName,
        change: u64,
        project: Option<Project>,
    ) -> Result<ChangeEvidenceView, SurfaceError> {
        self.evidence_of(server, change, project).await.map_err(asked)
    }

    async fn range_evidence(&self, question: &RangeQuestion) -> Result<RangeEvidenceView, SurfaceError> {
        self.evidence_of_range(question).await.map_err(asked)
    }

    async fn plan(
        &self,
        operation: &OperationName,
        environment: Option<&EnvironmentName>,
        inputs: &BTreeMap<String, String>,
    ) -> Result<PlanView, SurfaceError> {
        self.plan_of(operation, environment, inputs)
    }

    async fn ask(&self, asked: Asked) -> Result<RequestView, SurfaceError> {
        self.make_request(asked).await
    }

    async fn requests(&self, limit: usize, after: Option<String>) -> Result<Page<RequestView>, SurfaceError> {
        self.request_page(limit, after).await
    }

    async fn request(&self, id: &RequestId) -> Result<RequestView, SurfaceError> {
        self.request_shown(id).await
    }

    async fn withdraw(&self, id: &RequestId, by: Requester) -> Result<RequestView, SurfaceError> {
        self.withdraw_request(id, by).await
    }

    async fn ask_link(&self, by: &Person, wanted: LinkAsked) -> Result<LinkChallengeView, SurfaceError> {
        self.ask_link(by, wanted).await
    }

    async fn prove_link(&self, by: &Person, id: &str, change: u64) -> Result<LinkView, SurfaceError> {
        self.prove_link(by, id, change).await
    }

    async fn access(
        &self,
        person: &PersonKey,
        deed: Deed,
        on: Option<(OperationName, EnvironmentName)>,
    ) -> Result<AccessView, SurfaceError> {
        self.access_of(person, deed, on).await
    }

    async fn person_of(
        &self,
        identity: &Identity,
        key: Option<&PersonKey>,
    ) -> Result<Option<PersonKey>, SurfaceError> {
        self.person_of_identity(identity, key).await
    }

    fn workloads(&self) -> (model::Revision, Vec<Rule>) {
        self.workload_rules()
    }

    async fn links(&self) -> Result<Vec<LinkView>, SurfaceError> {
        self.links_shown().await
    }

    async fn revoke_link(
        &self,
        account: &Account,
        whose: Option<&Identity>,
        by: String,
    ) -> Result<LinkView, SurfaceError> {
        self.revoke_link(account, whose, by).await
    }

    async fn consents(&self, viewer: Option<&Viewer>) -> Result<Vec<ConsentView>, SurfaceError> {
        self.consents_shown(viewer).await
    }

    async fn consent(&self, id: &OutcomeId, viewer: Option<&Viewer>) -> Result<ConsentView, SurfaceError> {
        self.consent_shown(id, viewer).await
    }

    async fn give_consent(&self, signed: SignedConsent) -> Result<ConsentView, SurfaceError> {
        let engine = self.me.upgrade().ok_or_else(|| SurfaceError::Unavailable("it stops".to_owned()))?;
        engine.take_consent(signed).await
    }

    async fn passkeys(&self) -> Result<Vec<PasskeyView>, SurfaceError> {
        self.passkeys_shown().await
    }

    async fn enrol_passkey(
        &self,
        by: Viewer,
        made: Registration,
        label: &str,
    ) -> Result<PasskeyView, SurfaceError> {
        self.enrol(by, made, label).await
    }

    async fn confirm_passkey(&self, id: &Digest, by: Viewer) -> Result<PasskeyView, SurfaceError> {
        self.confirm(id, by).await
    }

    async fn revoke_passkey(&self, id: &Digest, by: &Viewer) -> Result<PasskeyView, SurfaceError> {
        self.revoke(id, by).await
    }

    async fn runs(&self, query: &RunQuery) -> Result<Page<RunRow>, SurfaceError> {
        let mut of = Query::of("run").after(cursor(query.after.clone())?);
        of = of.limit(u32::try_from(query.limit.clamp(1, 500)).unwrap_or(100));
        for state in ["granted", "running", "undoing", "finished"] {
            if query.states.iter().any(|wanted| wanted == state) {
                of = of.state(state);
            }
        }
        let page = self.store.page::<Run>(of).await?;
        let mut rows = Vec::new();
        for run in page.items {
            let Some(grant) = self.store.get::<KeptGrant>(run.value.id.as_str()).await? else { continue };
            let plan = grant.value.plan;
            rows.push(RunRow {
                id: run.value.id,
                operation: plan.operation,
                environment: plan.environment,
                revision: plan.triggered_by.revision,
                submission: plan.triggered_by.submission,
                granted_at: run.value.granted_at,
                state: match run.value.state {
                    RunState::Finished { result, .. } => result.name().to_owned(),
                    state => state.name().to_owned(),
                },
            });
        }
        Ok(Page { rows, next: page.next.map(place) })
    }

    async fn run(&self, id: &RunId) -> Result<RunView, SurfaceError> {
        let missing = || SurfaceError::NotFound(format!("run {id}"));
        let run = self.store.get::<Run>(id.as_str()).await?.ok_or_else(missing)?.value;
        let grant = self.store.get::<KeptGrant>(id.as_str()).await?.ok_or_else(missing)?.value;
        self.run_view(run, grant.plan).await
    }

    async fn bundle(&self, id: &RunId) -> Result<Vec<u8>, SurfaceError> {
        let run = self.store.get::<Run>(id.as_str()).await?;
        let run = run.ok_or_else(|| SurfaceError::NotFound(format!("run {id}")))?;
        if !matches!(run.value.state, RunState::Finished { .. }) {
            return Err(SurfaceError::NotYet(format!(
                "{id} is not finished, and only then there is a bundle"
            )));
        }
        self.collect_bundle(id).await?.ok_or_else(|| SurfaceError::NotFound(format!("run {id}")))
    }

    async fn configuration(&self) -> Result<ConfigurationView, SurfaceError> {
        let accepted = self.accepted.load();
        let value = &accepted.record.value;
        Ok(ConfigurationView {
            accepted: value.commit,
            since: value.at,
            refused: value.refused.as_ref().map(|refused| (refused.commit, refused.reasons.clone())),
        })
    }

    fn watched(&self) -> Vec<(ServerName, Project)> {
        let of = |server: &ServerName| {
            self.watched_projects(server).into_iter().map(|p| (server.clone(), p)).collect()
        };
        self.servers.keys().flat_map(|server| -> Vec<_> { of(server) }).collect()
    }

    async fn checkpoint(&self) -> Result<String, SurfaceError> {
        Ok(self.store.checkpoint().await?.note)
    }

    fn progress(&self) -> watch::Receiver<u64> {
        self.watch()
    }

    async fn health(&self) -> Health {
        let store = self.store.checkpoint().await;
        let problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut parts = vec![match &store {
            Ok(checkpoint) => ("store".to_owned(), true, format!("{} entries", checkpoint.size)),
            Err(why) => ("store".to_owned(), false, why.to_string()),
        }];
        for server in self.servers.keys() {
            let about = format!("poll of {server}");
            let problem = problems.get(&about).cloned();
            parts.push((
                format!("gerrit {server}"),
                problem.is_none(),
                problem.unwrap_or_else(|| "answers".to_owned()),
            ));
        }
        Health {
            ready: store.is_ok(),
            parts,
            alarms: problems.into_iter().map(|(about, what)| format!("{about}: {what}")).collect(),
        }
    }

    async fn metrics(&self) -> Vec<Metric> {
        let mut metrics: Vec<Metric> = Vec::new();
        for count in self.store.counts().await.unwrap_or_default() {
            metrics.push(("exq_records", vec![("kind", count.kind), ("state", count.state)], count.count));
        }
        if let Ok(checkpoint) = self.store.checkpoint().await {
            metrics.push(("exq_ledger_entries", vec![], checkpoint.size));
        }
        let problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner).len();
        metrics.push(("exq_problems", vec![], problems as u64));
        metrics
    }
}

pub(crate) fn place(cursor: Cursor) -> String {
    format!("{}~{}", cursor.sort, cursor.key)
}

pub(crate) fn cursor(text: Option<String>) -> Result<Option<Cursor>, SurfaceError> {
    let Some(text) = text else { return Ok(None) };
    let parsed = text
        .split_once('~')
        .and_then(|(sort, key)| Some(Cursor { sort: sort.parse().ok()?, key: key.to_owned() }));
    parsed.map(Some).ok_or_else(|| SurfaceError::Asked(format!("No page begins after {text:?}.")))
}

impl Engine {
    async fn view(&self, kept: KeptSubmission, whole: bool) -> Result<SubmissionView, SurfaceError> {
        let mut outcomes = Vec::new();
        for id in &kept.outcomes {
            if let Some(outcome) = self.store.get::<KeptOutcome>(id.as_str()).await? {
                outcomes.push(self.outcome_view(outcome.value, whole).await?);
            }
        }
        let submission = kept.submission;
        let base = self.servers.get(&submission.server).map_or("", |s| s.reader.base_url().as_str());
        let number = submission.changes.last().copied().unwrap_or_default();
        let (in_force, mut refused) = (self.in_force(&submission, whole).await?, kept.refused);
        if let Some(newest) = self.accepted.load().record.value.refused.as_ref()
            && in_force == Some(false)
            && newest.commit == submission.tip
        {
            refused.extend(newest.reasons.iter().cloned());
        }
        Ok(SubmissionView {
            schema: "exequatur.submission-view/1",
            change_url: format!("{base}c/{}/+/{number}", submission.project),
            subject: Some(kept.subject).filter(|subject| !subject.is_empty()),
            submission,
            outcomes,
            refused,
            in_force,
        })
    }

    /// Whether what was merged into the operations project is part of the accepted configuration; in a list, only whether
    /// it is that itself.
    async fn in_force(&self, of: &Submission, whole: bool) -> Result<Option<bool>, SurfaceError> {
        if !self.is_operations(&of.server, &of.project) || of.branch != self.operations.branch {
            return Ok(None);
        }
        let accepted = self.accepted.load().record.value.commit;
        if !whole || of.tip == accepted {
            return Ok(Some(of.tip == accepted));
        }
        Ok(Some(self.server(&of.server)?.has_below(&of.project, of.tip, accepted).await?))
    }

    async fn outcome_view(&self, kept: KeptOutcome, whole: bool) -> Result<OutcomeView, SurfaceError> {
        use model::OutcomeState as S;
        let accepted = self.accepted.load_full();
        let key = &kept.outcome.key;
        let title = accepted.rulebook.configuration.operation(&key.operation).map(|o| o.title.clone());
        let run = match &kept.outcome.state {
            S::Running { run } | S::Ran { run, .. } if whole => Some(Surface::run(self, run).await?),
            _ => None,
        };
        let range = match &kept.judged {
            Some(judged) if whole => self.range_view(&judged.evidence_object).await?,
            _ => None,
        };
        Ok(OutcomeView {
            id: kept.id,
            operation: key.operation.clone(),
            title: title.unwrap_or_default(),
            environment: key.environment.clone(),
            opened_at: kept.outcome.opened_at,
            approvers: kept.judged.as_ref().map(|j| j.approvers.clone()).unwrap_or_default(),
            decision: kept.judged.map(|j| j.decision),
            state: kept.outcome.state,
            range,
            run,
        })
    }

    async fn range_view(&self, object: &Digest) -> Result<Option<RangeView>, SurfaceError> {
        let Some(bytes) = self.store.object(*object).await? else { return Ok(None) };
        let evidence: CaseEvidence =
            serde_json::from_slice(&bytes).map_err(|why| SurfaceError::Unavailable(why.to_string()))?;
        let commits = evidence.range.commits.iter().map(|commit| {
            let change = commit.change.and_then(|n| evidence.changes.iter().find(|c| c.change.number == n));
            CommitView {
                sha: gate::revision(&commit.sha),
                account: word(&commit.account),
                change: commit.change,
                reviewed: commit.reviewed,
                notes: change.map(notes).unwrap_or_else(|| vec![commit.why.clone()]),
            }
        });
        Ok(Some(RangeView {
            base: gate::revision(&evidence.range.base),
            tip: gate::revision(&evidence.range.tip),
            reviewed: evidence.range.reviewed,
            commits: commits.collect(),
        }))
    }

    async fn run_view(&self, run: Run, plan: Plan) -> Result<RunView, SurfaceError> {
        let mut timeline = Vec::new();
        let mut outputs = Vec::new();
        for made in self.store.history("run", run.id.as_str()).await?.into_iter().take(TIMELINE) {
            let Some(entry) = self.store.entry(made.entry).await? else { continue };
            let leaf = Leaf::decode(&entry.leaf).map_err(|why| SurfaceError::Unavailable(why.to_string()))?;
            let step = leaf.fact("id").and_then(Fact::as_text).unwrap_or_default().to_owned();
            if leaf.kind() == "step.finished" {
                for text in &entry.sealed {
                    let Some((_, body)) = &text.text else { continue };
                    let text = String::from_utf8_lossy(body).into_owned();
                    if !text.is_empty() {
                        let truncated = text.contains("bytes left out");
                        outputs.push(Output { step: step.clone(), text, truncated });
                    }
                }
            }
            timeline.push(Event {
                index: entry.index,
                at: Timestamp::from_millis(leaf.at().unix_ms()),
                kind: leaf.kind().to_owned(),
                text: in_words(&leaf, &step),
            });
        }
        Ok(RunView {
            schema: "exequatur.run-view/1",
            submission: plan.triggered_by.submission.clone(),
            run,
            plan,
            timeline,
            outputs,
        })
    }
}

fn in_words(leaf: &Leaf, step: &str) -> String {
    let text = |name: &str| leaf.fact(name).and_then(Fact::as_text).unwrap_or_default();
    let undo = leaf.fact("undo").and_then(Fact::as_integer) == Some(1);
    let what = if undo { "undo of" } else { "step" };
    match leaf.kind() {
        "step.started" => {
            let attempt = leaf.fact("attempt").and_then(Fact::as_integer).unwrap_or(1);
            let again = if attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
            format!("{what} {step} begins{again}")
        }
        "step.finished" => format!("{what} {step} {}", text("did")),
        "run.turned" => "a step failed: what acted is taken back".to_owned(),
        "run.finished" => format!("the run {}", text("result")),
        other => other.to_owned(),
    }
}

fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A change's votes and findings, one line each.
fn notes(change: &evidence::ChangeEvidence) -> Vec<String> {
    let votes = change.votes.iter().map(|vote| {
        let counts = match &vote.why {
            None => "counts".to_owned(),
            Some(why) => format!("doesn't count: {}", word(why)),
        };
        format!(
            "{} {:+} by account {} on patch set {}: {counts}",
            vote.label, vote.value, vote.account, vote.patch_set
        )
    });
    let findings =
        change.findings.iter().map(|finding| format!("{}: {}", word(&finding.code), finding.reason));
    votes.chain(findings).collect()
}
