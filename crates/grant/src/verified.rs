//! The proof that a grant was verified: the value without which nothing acts.

use std::collections::BTreeSet;

use model::{
    Action, Answer, Canonical as _, Decision, Digest, GrantId, KeyId, OutcomeId, Plan, PlannedStep, Revision,
    RunId, Timestamp,
};

use crate::{
    ConsentAnswer, Grant, GrantError, Grounds, SignedConsent, check_offline, statement::plan_digest,
    verify_consent,
};

/// How far the gate's clock may be ahead of the executor's, in milliseconds.
pub const MAX_SKEW_MS: i64 = 60_000;

/// What the executor knows by itself, against which a grant is held.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// The gate's key, from the executor's own configuration.
    pub gate: &'a KeyId,
    /// The executor's own key.
    pub executor: &'a KeyId,
    /// The executor's own host.
    pub host: &'a str,
    /// The ledger's origin.
    pub origin: &'a str,
    /// The time.
    pub now: Timestamp,
    /// The plan at hand.
    pub plan: &'a Plan,
    /// The decision at hand.
    pub decision: &'a Decision,
    /// The consents at hand: those that the grant names, and no other.
    pub consents: &'a [SignedConsent],
    /// What this executor takes as proof of presence, from its own configuration.
    pub grounds: &'a Grounds,
}

/// Which action of a plan: a step, or what takes it back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StepAt {
    /// The step's place in [`Plan::steps`], from 0.
    pub index: u32,
    /// Whether it is the step's undo.
    pub undo: bool,
}

impl StepAt {
    /// The step itself.
    #[must_use]
    pub const fn forward(index: u32) -> Self {
        Self { index, undo: false }
    }

    /// What takes it back.
    #[must_use]
    pub const fn undo(index: u32) -> Self {
        Self { index, undo: true }
    }
}

/// A grant that was verified here, with the plan that it permits. Only [`verify`] makes one; it can't be copied, stored
/// or read back, so that whoever has one has verified it.
///
/// ```compile_fail,E0451
/// fn forge(grant: grant::Grant, plan: model::Plan) -> grant::VerifiedGrant {
///     grant::VerifiedGrant { grant, plan }
/// }
/// ```
/// ```compile_fail,E0277
/// fn read(bytes: &[u8]) -> grant::VerifiedGrant {
///     model::from_canonical(bytes).unwrap()
/// }
/// ```
/// ```compile_fail,E0507
/// fn copy(grant: &grant::VerifiedGrant) -> grant::VerifiedGrant {
///     *grant
/// }
/// ```
/// ```compile_fail,E0599
/// fn clone(grant: grant::VerifiedGrant) -> [grant::VerifiedGrant; 2] {
///     [grant.clone(), grant]
/// }
/// ```
#[derive(Debug)]
pub struct VerifiedGrant {
    grant: Grant,
    plan: Plan,
    signed: Digest,
}

impl VerifiedGrant {
    /// What it says.
    #[must_use]
    pub const fn grant(&self) -> &Grant {
        &self.grant
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> &GrantId {
        &self.grant.id
    }

    /// The one run that may spend it.
    #[must_use]
    pub const fn run(&self) -> &RunId {
        &self.grant.run
    }

    /// The outcome that the run settles.
    #[must_use]
    pub const fn outcome(&self) -> &OutcomeId {
        &self.grant.outcome
    }

    /// The plan that it permits: the only place from which a step's action is taken.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan's hash.
    #[must_use]
    pub const fn plan_digest(&self) -> &Digest {
        &self.grant.plan
    }

    /// The revision that runs.
    #[must_use]
    pub const fn revision(&self) -> &Revision {
        &self.plan.triggered_by.revision
    }

    /// The plain SHA-256 of the signed bytes.
    #[must_use]
    pub const fn signed_digest(&self) -> &Digest {
        &self.signed
    }

    /// A step of the plan.
    #[must_use]
    pub fn step(&self, index: u32) -> Option<&PlannedStep> {
        self.plan.steps.get(usize::try_from(index).ok()?)
    }

    /// An action of the plan.
    #[must_use]
    pub fn action(&self, at: StepAt) -> Option<&Action> {
        let step = self.step(at.index)?;
        if at.undo { step.undo.as_ref() } else { Some(&step.action) }
    }

    /// The same for every attempt at the same action of the same run, and for no other: what a target may use to do it
    /// once.
    #[must_use]
    pub fn idempotency_key(&self, at: StepAt) -> Digest {
        idempotency_key(&self.grant.run, at)
    }

    /// Asked again before each step.
    ///
    /// # Errors
    /// [`GrantError::Expired`].
    pub fn check_deadline(&self, now: Timestamp) -> Result<(), GrantError> {
        let not_after = self.grant.not_after;
        if now >= not_after { Err(GrantError::Expired { not_after, now }) } else { Ok(()) }
    }
}

/// Verifies a grant against all that the executor knows by itself. Whether it was spent before only the executor's
/// durable record can say.
///
/// # Errors
/// [`GrantError`] says what does not fit.
pub fn verify(bytes: &[u8], expect: &Expectations<'_>) -> Result<VerifiedGrant, GrantError> {
    let grant = check_offline(bytes, expect.gate)?;
    let plan = plan_digest(expect.plan)?;
    let decision = expect.decision;
    if decision.schema != Decision::SCHEMA {
        return Err(GrantError::Unsound { what: "decision", why: "its schema is not exequatur.decision/1" });
    }
    let decision_digest = decision.digest()?;
    same("plan", &grant.plan, &plan)?;
    same("decision", &grant.decision, &decision_digest)?;
    if decision.answer != Answer::Allow {
        return Err(GrantError::Denied { decision: decision_digest });
    }
    if !decision.reasons.is_empty() {
        return Err(GrantError::Unsound { what: "decision", why: "an allow with reasons against it" });
    }
    same("the decision's plan", &plan, &decision.plan)?;
    same("configuration", &grant.configuration, &decision.configuration)?;
    same("evidence", &grant.evidence, &decision.evidence)?;
    same("executor", &grant.executor, expect.executor)?;
    same("host", grant.host.as_str(), expect.host)?;
    same("origin", grant.origin.as_str(), expect.origin)?;
    present(&grant, expect)?;
    if grant.issued_at < decision.at {
        return Err(GrantError::Unsound { what: "grant", why: "it was issued before it was decided" });
    }
    if grant.issued_at.ms_since(expect.now) > MAX_SKEW_MS {
        return Err(GrantError::NotYet { issued_at: grant.issued_at, now: expect.now });
    }
    let verified = VerifiedGrant { grant, plan: expect.plan.clone(), signed: Digest::of(bytes) };
    verified.check_deadline(expect.now)?;
    Ok(verified)
}

/// Each person whom the grant names gave the consent that it names, to this plan, for this outcome: verified here, as if nobody
/// had looked before.
fn present(grant: &Grant, expect: &Expectations<'_>) -> Result<(), GrantError> {
    let named = grant.presence.iter().flat_map(|presence| &presence.consents);
    let mut left: BTreeSet<Digest> = BTreeSet::new();
    let mut identities = BTreeSet::new();
    for signed in expect.consents {
        let verified = verify_consent(signed)?;
        verified.rests_on(expect.grounds)?;
        let consent = &signed.consent;
        let wrong = |why| GrantError::Consent { why };
        if consent.answer != ConsentAnswer::Approve {
            return Err(wrong("it says no"));
        }
        if consent.plan != grant.plan || consent.outcome != grant.outcome {
            return Err(wrong("it is about another plan, or another outcome"));
        }
        if !identities.insert(&consent.identity) || !left.insert(consent.digest()?) {
            return Err(wrong("somebody gave it twice"));
        }
    }
    for by in named {
        if !left.remove(&by.consent) {
            return Err(GrantError::Consent { why: "one that the grant names is not there" });
        }
    }
    if left.is_empty() { Ok(()) } else { Err(GrantError::Consent { why: "the grant doesn't name it" }) }
}

fn same<T: PartialEq + ToString + ?Sized>(
    what: &'static str,
    granted: &T,
    here: &T,
) -> Result<(), GrantError> {
    if granted == here {
        Ok(())
    } else {
        Err(GrantError::Other { what, granted: granted.to_string(), here: here.to_string() })
    }
}

/// The idempotency key of an action of a run ([`VerifiedGrant::idempotency_key`]): also where the grant is no longer good, and
/// what it began has to be found.
#[must_use]
pub fn idempotency_key(run: &RunId, at: StepAt) -> Digest {
    let parts: [&[u8]; 3] = [run.as_str().as_bytes(), &at.index.to_be_bytes(), &[u8::from(at.undo)]];
    Digest::of_parts("exequatur.idempotency-key/1", &parts)
}
