//! What somebody may do at all, by type (I9): an agent can propose, never approve or execute.

use std::marker::PhantomData;

use grant::{ConsentAnswer, ConsentProof, SignedConsent, StepUp, ToSign, Token};
use model::{Digest, Identity, OutcomeId, PersonKey, Requester, RequesterKind, Timestamp};

use crate::{Agent, Error, Person, Presence, Refusal, Result, Service};

mod sealed {
    pub trait Who {}
    pub trait Act {}
}

/// Something that is done in somebody's name.
pub trait Action: sealed::Act {
    /// Its name in entries and messages.
    const NAME: &'static str;
}

macro_rules! action {
    ($(#[$doc:meta])* $name:ident, $text:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl sealed::Act for $name {}

        impl Action for $name {
            const NAME: &'static str = $text;
        }
    };
}

action!(/// To ask for something: a request.
    Propose, "propose");
action!(/// To say yes or no to something that somebody else asked for.
    Approve, "approve");
action!(/// To sign a plan, being present.
    Consent, "consent");
action!(/// To let something run by hand: break-glass, adopt.
    Execute, "execute");

/// That this kind of identity may do such a thing at all. Whether this one may do it here and now is policy's to say.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't {A}: only a person can",
    note = "an agent or a service can propose, never approve, consent or execute (I9)"
)]
pub trait May<A: Action>: sealed::Who {}

impl sealed::Who for Person {}
impl sealed::Who for Service {}
impl sealed::Who for Agent {}
impl sealed::Who for Presence {}

impl May<Propose> for Person {}
impl May<Propose> for Service {}
impl May<Propose> for Agent {}
impl May<Approve> for Person {}
impl May<Execute> for Person {}
impl May<Consent> for Presence {}

/// Somebody doing something. What approves, consents or executes takes one of these, so that it can't be written down for
/// a service or an agent.
///
/// ```
/// use identity::{Agent, Approve, Consent, Deed, Execute, Person, Presence, Propose, Service};
/// fn fine(person: &Person, present: &Presence, service: &Service, agent: &Agent) {
///     let _ = Deed::<Approve, _>::of(person);
///     let _ = Deed::<Execute, _>::of(person);
///     let _ = Deed::<Consent, _>::of(present);
///     let _ = (Deed::<Propose, _>::of(person), Deed::<Propose, _>::of(service), Deed::<Propose, _>::of(agent));
/// }
/// ```
/// ```compile_fail,E0277
/// fn agents_do_not_approve(agent: &identity::Agent) {
///     let _ = identity::Deed::<identity::Approve, _>::of(agent);
/// }
/// ```
/// ```compile_fail,E0277
/// fn agents_do_not_consent(agent: &identity::Agent) {
///     let _ = identity::Deed::<identity::Consent, _>::of(agent);
/// }
/// ```
/// ```compile_fail,E0277
/// fn agents_do_not_execute(agent: &identity::Agent) {
///     let _ = identity::Deed::<identity::Execute, _>::of(agent);
/// }
/// ```
/// ```compile_fail,E0277
/// fn services_do_not_approve(service: &identity::Service) {
///     let _ = identity::Deed::<identity::Approve, _>::of(service);
/// }
/// ```
/// ```compile_fail,E0277
/// fn services_do_not_consent(service: &identity::Service) {
///     let _ = identity::Deed::<identity::Consent, _>::of(service);
/// }
/// ```
/// ```compile_fail,E0277
/// fn services_do_not_execute(service: &identity::Service) {
///     let _ = identity::Deed::<identity::Execute, _>::of(service);
/// }
/// ```
/// A person who isn't proven present doesn't consent either:
/// ```compile_fail,E0277
/// fn a_session_is_no_presence(person: &identity::Person) {
///     let _ = identity::Deed::<identity::Consent, _>::of(person);
/// }
/// ```
/// And nobody else can be added to the list, nor a person be made up:
/// ```compile_fail
/// struct Robot;
/// impl identity::May<identity::Approve> for Robot {}
/// ```
/// ```compile_fail,E0451
/// fn made_up(identity: model::Identity) -> identity::Person {
///     identity::Person { identity, key: None, profile: Default::default(), groups: identity::Groups::Missing }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a, A: Action, W: May<A>> {
    by: &'a W,
    action: PhantomData<A>,
}

impl<'a, A: Action, W: May<A>> Deed<'a, A, W> {
    /// This one does it.
    #[must_use]
    pub const fn of(by: &'a W) -> Self {
        Self { by, action: PhantomData }
    }

    /// Who does it.
    #[must_use]
    pub const fn by(&self) -> &'a W {
        self.by
    }

    /// What is done, in a word.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        A::NAME
    }
}

/// What is shown of a name, in characters.
const SHOWN: usize = 100;

fn requester(
    kind: RequesterKind,
    identity: &Identity,
    person: Option<&PersonKey>,
    acts_for: Option<&Identity>,
    shown: &str,
) -> Requester {
    let visible = |text: &str| -> String {
        let visible: String = text.chars().filter(|c| !model::is_hidden(*c)).take(SHOWN).collect();
        visible.trim().to_owned()
    };
    let name = visible(shown);
    Requester {
        kind,
        identity: identity.clone(),
        person: person.cloned(),
        acts_for: acts_for.cloned(),
        shown: if name.is_empty() { visible(&identity.subject) } else { name },
    }
}

impl Deed<'_, Propose, Person> {
    /// Who asks, to be kept with what is asked.
    #[must_use]
    pub fn requester(&self) -> Requester {
        let by = self.by;
        requester(RequesterKind::Person, by.identity(), by.key(), None, by.shown())
    }
}

impl Deed<'_, Propose, Service> {
    /// Who asks, to be kept with what is asked.
    #[must_use]
    pub fn requester(&self) -> Requester {
        requester(RequesterKind::Service, self.by.identity(), None, None, self.by.rule())
    }
}

impl Deed<'_, Propose, Agent> {
    /// Who asks, and for whom, to be kept with what is asked.
    #[must_use]
    pub fn requester(&self) -> Requester {
        let by = self.by;
        requester(RequesterKind::Agent, by.identity(), None, by.acts_for(), by.rule())
    }
}

/// What somebody who is present says, and to what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// The outcome that waits for it.
    pub outcome: OutcomeId,
    /// The hash of the plan that they were shown.
    pub plan: Digest,
    /// Their answer.
    pub answer: ConsentAnswer,
    /// Random, and used once.
    pub nonce: Digest,
}

impl Said {
    /// What a step-up by which this person says it has to bind.
    #[must_use]
    pub fn binds(&self, identity: &Identity) -> Digest {
        let Self { outcome, plan, answer, nonce } = self;
        ToSign { outcome, plan, answer: *answer, identity, nonce }.digest()
    }
}

impl Deed<'_, Consent, Presence> {
    /// The consent that this presence signs, with what proves it.
    ///
    /// # Errors
    /// [`Refusal::Nonce`] if it signs something else, or nothing.
    pub fn signed(&self, said: &Said, at: Timestamp) -> Result<SignedConsent> {
        let (person, proof) = (self.by.person(), self.by.proof());
        let salt = match (&proof.binds, &proof.salt) {
            (Some(binds), Some(salt)) if *binds == said.binds(person.identity()) => salt.clone(),
            _ => return Err(Refusal::Nonce.into()),
        };
        let token = Token { id_token: proof.id_token.clone(), key: proof.key.clone() };
        let unreadable = |why: grant::GrantError| Error::Store(why.to_string());
        let key = Digest::of(&token.key_bytes().map_err(unreadable)?);
        let consent = grant::Consent {
            schema: grant::Consent::SCHEMA.to_owned(),
            outcome: said.outcome.clone(),
            plan: said.plan,
            answer: said.answer,
            identity: person.identity().clone(),
            person: person.key().cloned(),
            nonce: said.nonce,
            at,
            proof: ConsentProof::StepUp(StepUp {
                client: proof.client.clone(),
                person_claim: proof.person_claim.clone(),
                salt,
                token: Digest::of(token.id_token.as_bytes()),
                key,
            }),
        };
        Ok(SignedConsent { consent, token: Some(token) })
    }
}
