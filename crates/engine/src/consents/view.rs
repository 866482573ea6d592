//! What is shown of plans that wait for somebody's approval.

use model::{OutcomeId, OutcomeState, Plan};
use store::StoreExt as _;

use super::{KeptConsents, give::environment};
use crate::{
    engine::Engine,
    kept::{KeptOutcome, KeptSubmission},
    surface::{ConsentGiven, ConsentView, SurfaceError, Viewer, You},
};

/// Waiting outcomes that are looked through.
const WAITING: usize = 1_000;

/// Whether an approval of its plan is among what an outcome waits for.
pub(super) fn waits_for_approval(kept: &KeptOutcome) -> bool {
    match &kept.outcome.state {
        OutcomeState::Waiting { reasons, .. } => reasons.iter().any(|r| r.code == "approval-missing"),
        _ => false,
    }
}

impl Engine {
    /// All that wait for somebody's approval, those first that have waited longest.
    pub(crate) async fn consents_shown(
        &self,
        viewer: Option<&Viewer>,
    ) -> Result<Vec<ConsentView>, SurfaceError> {
        let waiting = self.store.all::<KeptOutcome>(&["waiting"], WAITING).await?;
        let mut views = Vec::new();
        for outcome in waiting.items.into_iter().rev().filter(|outcome| waits_for_approval(&outcome.value)) {
            views.push(self.consent_view(outcome.value, viewer).await?);
        }
        Ok(views)
    }

    /// One outcome's plan, and what was said to it.
    pub(crate) async fn consent_shown(
        &self,
        id: &OutcomeId,
        viewer: Option<&Viewer>,
    ) -> Result<ConsentView, SurfaceError> {
        let outcome = self.store.get::<KeptOutcome>(id.as_str()).await?;
        let outcome = outcome.ok_or_else(|| SurfaceError::NotFound(format!("outcome {id}")))?;
        self.consent_view(outcome.value, viewer).await
    }

    async fn consent_view(
        &self,
        kept: KeptOutcome,
        viewer: Option<&Viewer>,
    ) -> Result<ConsentView, SurfaceError> {
        let unreadable = |why: serde_json::Error| SurfaceError::Unavailable(why.to_string());
        let submission = self.store.get::<KeptSubmission>(kept.outcome.key.submission.as_str()).await?;
        let submission =
            submission.ok_or_else(|| SurfaceError::NotFound(format!("outcome {}", kept.id)))?.value;
        let plan = match kept.judged.as_ref().and_then(|judged| judged.plan_object) {
            Some(object) => self.store.object(object).await?,
            None => None,
        };
        let plan: Option<Plan> =
            plan.map(|bytes| serde_json::from_slice(&bytes)).transpose().map_err(unreadable)?;
        let hash = plan.as_ref().map(model::Canonical::digest).transpose().map_err(unreadable)?;
        let given = self.store.get::<KeptConsents>(kept.id.as_str()).await?;
        let accepted = self.accepted.load_full();
        let configuration = &accepted.rulebook.configuration;
        let proven = self.proven_links().await?;
        let links = configuration.links().with(&proven);
        let given = given.map(|given| given.value.consents).unwrap_or_default().into_iter().map(|consent| {
            let person = gate::person_of(&links, &consent.identity, consent.person.as_ref());
            ConsentGiven {
                person: person.cloned(),
                answer: consent.answer,
                kind: consent.proof.name(),
                at: consent.at,
                is_of_this_plan: Some(consent.plan) == hash,
            }
        });
        let approve = environment(&accepted.rulebook, &kept).and_then(|env| env.approve.clone());
        let waits = waits_for_approval(&kept);
        let you = match viewer {
            Some(Viewer { identity, person }) if waits => {
                Some(match self.counts(&kept, (identity, person.as_ref())).await {
                    Ok(person) => You { person: Some(person), why_not: None },
                    Err(SurfaceError::Asked(why)) => You { person: None, why_not: Some(why) },
                    Err(error) => return Err(error),
                })
            }
            _ => None,
        };
        let base =
            self.servers.get(&submission.submission.server).map_or("", |s| s.reader.base_url().as_str());
        let number = submission.submission.changes.last().copied().unwrap_or_default();
        let key = kept.outcome.key;
        Ok(ConsentView {
            schema: ConsentView::SCHEMA,
            outcome: kept.id,
            title: configuration.operation(&key.operation).map(|o| o.title.clone()).unwrap_or_default(),
            operation: key.operation,
            environment: key.environment,
            change_url: format!("{base}c/{}/+/{number}", submission.submission.project),
            subject: submission.subject,
            submission: key.submission,
            waits,
            state: kept.outcome.state,
            code: hash.as_ref().map(model::Digest::short_code),
            hash,
            plan,
            approve: approve.map(|approve| crate::surface::ApproveView {
                role: approve.role,
                people: approve.people,
                present: approve.present,
            }),
            request: kept.request.map(|request| *request),
            given: given.collect(),
            you,
        })
    }
}
