//! Takes a consent in: verified, stored with its entry, and the outcome is judged again at once.

use std::sync::Arc;

use gate::{MOST_CONSENTS, Rulebook};
use grant::{SignedConsent, verify_consent};
use model::OutcomeId;
use store::{Commit, CommitError, Expect, StoreExt as _, Transition, Versioned};

use super::KeptConsents;
use crate::{
    EngineError,
    engine::Engine,
    entries,
    kept::KeptOutcome,
    surface::{ConsentView, SurfaceError},
};

/// How often a consent is written again when another one came first.
const TRIES: usize = 5;

impl Engine {
    /// Takes a consent.
    ///
    /// # Errors
    /// [`SurfaceError::Asked`] when it can't be one, or wouldn't count: a sentence for whoever gives it.
    pub(crate) async fn take_consent(
        self: &Arc<Self>,
        signed: SignedConsent,
    ) -> Result<ConsentView, SurfaceError> {
        let refuse = |why: grant::GrantError| {
            tracing::warn!(error = %why, "a consent was refused");
            SurfaceError::Asked(format!("{why}\nhint: begin again from the page that shows the plan"))
        };
        let verified = verify_consent(&signed).map_err(refuse)?;
        verified.rests_on(&self.grounds).map_err(refuse)?;
        let consent = verified.consent().clone();
        let id = consent.outcome.clone();
        for _ in 0..TRIES {
            let outcome = self.waiting_for_consent(&id).await?;
            let person = (&consent.identity, consent.person.as_ref());
            self.counts(&outcome.value, person).await?;
            self.passkey_counts(&consent).await?;
            let plan = outcome.value.judged.as_ref().map(|judged| judged.decision.plan);
            if plan != Some(consent.plan) {
                return Err(SurfaceError::Asked(
                    "the plan is another now than the one that you were shown, so your answer to that one counts for nothing\nhint: look at it again, and at its code"
                        .to_owned(),
                ));
            }
            let found = self.store.get::<KeptConsents>(id.as_str()).await?;
            let (expect, mut kept) = match found {
                Some(found) => (Expect::Version(found.version), found.value),
                None => (Expect::Absent, KeptConsents { outcome: id.clone(), consents: Vec::new() }),
            };
            if kept.consents.len() >= MOST_CONSENTS {
                return Err(SurfaceError::Asked("too many have answered already".to_owned()));
            }
            if kept.consents.iter().any(|known| known.nonce == consent.nonce) {
                return Err(SurfaceError::Asked("this answer was given already, and counts once".to_owned()));
            }
            kept.consents.push(consent.clone());
            match self.keep_consent(expect, &kept, &signed, &outcome).await {
                Ok(()) => {
                    self.moved();
                    self.judge_again(outcome.value);
                    return self.consent_shown(&id, None).await;
                }
                // Another answer came first, or the outcome moved: looked at again.
                Err(EngineError::Commit(CommitError::Precondition { .. })) => {}
                Err(why) => return Err(why.into()),
            }
        }
        Err(SurfaceError::Unavailable("too many answer at once".to_owned()))
    }

    async fn keep_consent(
        &self,
        expect: Expect,
        kept: &KeptConsents,
        signed: &SignedConsent,
        outcome: &Versioned<KeptOutcome>,
    ) -> Result<(), EngineError> {
        let mut commit = Commit::new();
        let object = commit.object(model::to_canonical(&signed.consent)?);
        let entry = entries::consent(signed, &object)?;
        commit.push(Transition::recorded(expect, kept, entry)?);
        // Once it runs, or is over, there is nothing to say any more.
        let key = outcome.value.id.as_str();
        commit.push(Transition::require::<KeptOutcome>(Expect::Version(outcome.version), key)?);
        self.store.commit(commit).await?;
        Ok(())
    }

    /// The outcome, if it waits for somebody's approval of its plan.
    pub(super) async fn waiting_for_consent(
        &self,
        id: &OutcomeId,
    ) -> Result<Versioned<KeptOutcome>, SurfaceError> {
        let outcome = self.store.get::<KeptOutcome>(id.as_str()).await?;
        let outcome = outcome.ok_or_else(|| SurfaceError::NotFound(format!("outcome {id}")))?;
        if super::view::waits_for_approval(&outcome.value) {
            return Ok(outcome);
        }
        let state = outcome.value.outcome.state.name();
        Err(SurfaceError::Asked(format!("nothing waits for an answer here: this outcome is {state}")))
    }

    /// Whether an answer of this person's would count there.
    pub(super) async fn counts(
        &self,
        kept: &KeptOutcome,
        (identity, said): (&model::Identity, Option<&model::PersonKey>),
    ) -> Result<model::PersonKey, SurfaceError> {
        let accepted = self.accepted.load_full();
        let rulebook = &accepted.rulebook;
        let gone = || SurfaceError::Asked("the operation or its environment is gone".to_owned());
        let environment = environment(rulebook, kept).ok_or_else(gone)?;
        let proven = self.proven_links().await?;
        let links = rulebook.configuration.links().with(&proven);
        gate::may_consent(rulebook, &links, environment, identity, said).map_err(SurfaceError::Asked)
    }

    /// Whether a passkey by which somebody answers is theirs, and confirmed.
    async fn passkey_counts(&self, consent: &grant::Consent) -> Result<(), SurfaceError> {
        let grant::ConsentProof::Passkey(passkey) = &consent.proof else { return Ok(()) };
        let read = self.passkeys_of(std::slice::from_ref(consent)).await?;
        let accepted = self.accepted.load_full();
        let proven = self.proven_links().await?;
        let links = &*accepted.rulebook.configuration.links().with(&proven);
        let counts = read.iter().any(|read| {
            read.identity == consent.identity && read.key == passkey.key && read.is_confirmed(links)
        });
        if counts {
            return Ok(());
        }
        Err(SurfaceError::Asked(
            "this passkey counts for nothing: it isn't yours, was revoked, or no other person confirmed it\nhint: somebody else confirms it on the page of passkeys"
                .to_owned(),
        ))
    }

    /// The links that were proven by challenge and stand.
    pub(crate) async fn proven_links(&self) -> Result<Vec<operations::Proven>, SurfaceError> {
        let read = self.links_read().await?;
        Ok(read.iter().map(|read| read.link.proven()).collect())
    }

    /// Judges the lane of an outcome again, by itself.
    fn judge_again(self: &Arc<Self>, kept: KeptOutcome) {
        let engine = Arc::clone(self);
        self.tasks.spawn(async move {
            let done = tokio::select! {
                () = engine.stop.cancelled() => return,
                done = engine.evaluate(&kept.lane, None, None) => done,
            };
            if let Err(error) = done {
                tracing::warn!(%error, lane = kept.lane.key(), "a consent came; judged again later");
            }
        });
    }
}

/// The environment of an outcome, as a rulebook has it.
pub(super) fn environment<'a>(
    rulebook: &'a Rulebook,
    kept: &KeptOutcome,
) -> Option<&'a operations::Environment> {
    let key = &kept.outcome.key;
    rulebook.configuration.operation(&key.operation)?.environment(&key.environment)
}
