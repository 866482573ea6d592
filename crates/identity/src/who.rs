//! Persons, services, agents: three kinds of identity, three types. Each is made only by verifying a token, or read back
//! from a session that was opened so.

use model::{Identity, PersonKey};
use serde::{Deserialize, Serialize};

/// What the provider said of somebody's groups. "None were sent" and "none are there" are different answers: a role that
/// is filled from groups can be filled only from [`Groups::Known`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Groups {
    /// These, sorted, each once.
    Known(Vec<String>),
    /// Too many to send: the provider only points elsewhere (Entra's `_claim_names`, `hasgroups`).
    Overage,
    /// The token has no such claim.
    Missing,
}

impl Groups {
    /// The groups, where they are known.
    #[must_use]
    pub fn known(&self) -> &[String] {
        match self {
            Self::Known(groups) => groups,
            Self::Overage | Self::Missing => &[],
        }
    }
}

/// What is shown of somebody. Never compared, never a key.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The claim `name`, else `preferred_username`.
    pub name: Option<String>,
    /// The claim `email`.
    pub email: Option<String>,
    /// Whether the provider vouches for the address; some say it as text.
    pub email_verified: bool,
}

/// One human, who signed in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    pub(crate) identity: Identity,
    pub(crate) key: Option<PersonKey>,
    pub(crate) profile: Profile,
    pub(crate) groups: Groups,
}

impl Person {
    /// Issuer and subject.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The key by which the company names this human; without one they count for nobody.
    #[must_use]
    pub const fn key(&self) -> Option<&PersonKey> {
        self.key.as_ref()
    }

    /// What is shown of them.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Their groups, as the provider last said.
    #[must_use]
    pub const fn groups(&self) -> &Groups {
        &self.groups
    }

    /// What to call them on a page: the name, else the subject.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.profile.name.as_deref().unwrap_or(&self.identity.subject)
    }
}

/// A workload: a CI job, a Kubernetes service account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    pub(crate) identity: Identity,
    pub(crate) rule: String,
}

impl Service {
    /// Issuer and subject.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The reviewed rule that let it in.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

/// Who acts for whom (RFC 8693, section 4.1): the one who acts now first, then those who acted before.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actors(pub(crate) Vec<Identity>);

impl Actors {
    /// The chain, the one who acts now first.
    #[must_use]
    pub fn all(&self) -> &[Identity] {
        &self.0
    }
}

/// A program that decides by itself what to do next, for itself or for somebody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Agent {
    pub(crate) identity: Identity,
    pub(crate) acts_for: Option<Identity>,
    pub(crate) actors: Actors,
    pub(crate) rule: String,
}

impl Agent {
    /// Issuer and subject of the one who acts.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// For whom it acts: the token's own subject. That doesn't make it that person.
    #[must_use]
    pub const fn acts_for(&self) -> Option<&Identity> {
        self.acts_for.as_ref()
    }

    /// The whole chain.
    #[must_use]
    pub const fn actors(&self) -> &Actors {
        &self.actors
    }

    /// The reviewed rule that let it in.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

/// Whoever calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Principal {
    /// A human.
    Person(Person),
    /// A workload.
    Service(Service),
    /// A program that acts by itself.
    Agent(Agent),
}

impl Principal {
    /// Issuer and subject.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        match self {
            Self::Person(person) => person.identity(),
            Self::Service(service) => service.identity(),
            Self::Agent(agent) => agent.identity(),
        }
    }
}
