//! From a signed grant to a run that may act.

use std::{path::PathBuf, sync::Arc};

use grant::{Expectations, Grounds, SignedConsent, SigningKey, VerifiedGrant};
use model::{Clock, Decision, Entropy, KeyId, Plan, Run, RunState, Step, StepState};
use store::{Commit, CommitError, Expect, Store, StoreExt as _, Transition};
use targets::GerritDesk;

use crate::{ExecutorError, SpentGrant, advance::advance, entries, files::Loaded, journal::Journal};

/// What an executor is made of.
pub struct ExecutorConfig {
    /// Its own key: its identity.
    pub key: SigningKey,
    /// The gate's key: whose grants it takes.
    pub gate: KeyId,
    /// The name of its host in grants.
    pub host: String,
    /// The ledger's origin.
    pub origin: String,
    /// What it takes as proof of presence.
    pub grounds: Grounds,
    /// A folder for the files of running steps, on a file system that allows to execute.
    pub scratch: PathBuf,
}

/// Verifies, spends, acts, signs.
pub struct Executor {
    pub(crate) config: ExecutorConfig,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) desk: Arc<dyn GerritDesk>,
}

/// A verified grant whose spending is written down, but not yet durable.
pub struct Prepared {
    grant: VerifiedGrant,
    journal: Journal,
}

/// A grant that is spent, durably: what may act.
pub struct Spent {
    pub(crate) grant: VerifiedGrant,
    pub(crate) journal: Journal,
    pub(crate) files: Loaded,
    /// A former process began it: something of that may still act.
    pub(crate) resumed: bool,
}

impl Executor {
    /// An executor.
    #[must_use]
    pub fn new(
        config: ExecutorConfig,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        desk: Arc<dyn GerritDesk>,
    ) -> Self {
        Self { config, store, clock, entropy, desk }
    }

    /// Its public key.
    #[must_use]
    pub fn key(&self) -> &KeyId {
        self.config.key.id()
    }

    /// The name of its host in grants.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.config.host
    }

    /// Verifies a grant against what this executor knows by itself, and each consent under it.
    ///
    /// # Errors
    /// [`ExecutorError::Grant`] says what doesn't fit.
    pub fn verify(
        &self,
        grant: &[u8],
        plan: &Plan,
        decision: &Decision,
        consents: &[SignedConsent],
    ) -> Result<Prepared, ExecutorError> {
        let now = self.clock.now();
        let grant = self.check(grant, plan, decision, consents)?;
        let step =
            |id: &model::StepId| Step { id: id.clone(), state: StepState::Pending, undo: StepState::Pending };
        let run = Run {
            id: grant.run().clone(),
            outcome: grant.outcome().clone(),
            plan: *grant.plan_digest(),
            grant: grant.id().clone(),
            granted_at: grant.grant().issued_at,
            state: RunState::Granted,
            steps: plan.steps.iter().map(|s| step(&s.id)).collect(),
        };
        let spent = SpentGrant { grant: grant.id().clone(), run: run.id.clone(), at: now };
        let entry = entries::grant_spent(grant.id(), &run);
        let mut journal = Journal::new(run.spend(now)?);
        if plan.steps.is_empty() {
            // Every step of nothing succeeded: that is no success.
            return Err(journal.broken("its plan has no step"));
        }
        journal.push(Transition::recorded(Expect::Absent, &spent, entry).map_err(CommitError::from)?);
        advance(&mut journal, plan, now)?;
        Ok(Prepared { grant, journal })
    }

    fn check(
        &self,
        grant: &[u8],
        plan: &Plan,
        decision: &Decision,
        consents: &[SignedConsent],
    ) -> Result<VerifiedGrant, ExecutorError> {
        let expect = Expectations {
            gate: &self.config.gate,
            executor: self.config.key.id(),
            host: &self.config.host,
            origin: &self.config.origin,
            now: self.clock.now(),
            plan,
            decision,
            consents,
            grounds: &self.config.grounds,
        };
        Ok(grant::verify(grant, &expect)?)
    }

    /// Spends the grant, in one commit with what the gate has to write about it. What comes back may act.
    ///
    /// # Errors
    /// [`ExecutorError::Files`] when a file of the plan is neither among the gate's objects nor in the store;
    /// [`ExecutorError::NotRecorded`] with [`CommitError::Precondition`] on `spent-grant` when it was spent before. In
    /// either case nothing was written.
    pub async fn spend(&self, mut prepared: Prepared, gate: Commit) -> Result<Spent, ExecutorError> {
        let files = Loaded::of(prepared.grant.plan(), gate.objects(), &*self.store).await?;
        let mut commit = gate;
        let (transitions, objects) = prepared.journal.take_pending().into_parts();
        for transition in transitions {
            commit.push(transition);
        }
        for object in objects {
            commit.object(object.bytes().to_vec());
        }
        self.store.commit(commit).await?;
        Ok(Spent { grant: prepared.grant, journal: prepared.journal, files, resumed: false })
    }

    /// Takes up a run that this executor spent before it died.
    ///
    /// # Errors
    /// [`ExecutorError::Grant`] when the grant is no longer good, [`ExecutorError::Journal`] when the record isn't that
    /// of the grant, [`ExecutorError::NotSpent`] when the spent set doesn't have it, [`ExecutorError::Files`] when a file of
    /// the plan is gone; [`ExecutorError::Store`] when it can't be said now.
    pub async fn resume(
        &self,
        run: Run,
        version: u64,
        grant: &[u8],
        plan: &Plan,
        decision: &Decision,
        consents: &[SignedConsent],
    ) -> Result<Spent, ExecutorError> {
        let grant = self.check(grant, plan, decision, consents)?;
        let journal = Journal::found(run, version);
        journal.check(&grant)?;
        let spent = self.store.get::<SpentGrant>(grant.id().as_str()).await;
        match spent.map_err(|why| ExecutorError::Store(why.to_string()))? {
            Some(spent) if spent.value.run == journal.run().id => {}
            _ => return Err(ExecutorError::NotSpent),
        }
        let files = Loaded::of(plan, &[], &*self.store).await?;
        Ok(Spent { grant, journal, files, resumed: true })
    }
}
