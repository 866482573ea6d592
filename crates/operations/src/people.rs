//! Persons, their accounts and identities, and their roles.

use std::collections::{BTreeMap, BTreeSet};

use model::{Account, Identity, PersonKey, RoleName};

/// One human.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// The key by which the company names them.
    pub key: PersonKey,
    /// How to call them.
    pub name: Option<String>,
    /// Their accounts.
    pub accounts: BTreeSet<Account>,
    /// Their identities.
    pub identities: BTreeSet<Identity>,
}

/// `links.yaml`: which accounts and identities are whose. Each belongs to one person at most.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Links {
    pub(crate) persons: BTreeMap<PersonKey, Person>,
    pub(crate) accounts: BTreeMap<Account, PersonKey>,
    pub(crate) identities: BTreeMap<Identity, PersonKey>,
}

impl Links {
    /// Whose account it is; unknown counts for nobody.
    #[must_use]
    pub fn person_of(&self, account: &Account) -> Option<&PersonKey> {
        self.accounts.get(account)
    }

    /// Whose identity it is.
    #[must_use]
    pub fn person_of_identity(&self, identity: &Identity) -> Option<&PersonKey> {
        self.identities.get(identity)
    }

    /// The person with that key.
    #[must_use]
    pub fn person(&self, key: &PersonKey) -> Option<&Person> {
        self.persons.get(key)
    }

    /// All of them, by key.
    pub fn persons(&self) -> impl Iterator<Item = &Person> {
        self.persons.values()
    }
}

/// A role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Role {
    /// What it is for.
    pub title: Option<String>,
    /// Who has it: of an empty list, nobody.
    pub people: BTreeSet<PersonKey>,
}

/// `roles.yaml`
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Roles {
    pub(crate) roles: BTreeMap<RoleName, Role>,
}

impl Roles {
    /// The role of that name.
    #[must_use]
    pub fn role(&self, name: &RoleName) -> Option<&Role> {
        self.roles.get(name)
    }

    /// The roles of a person.
    #[must_use]
    pub fn of(&self, person: &PersonKey) -> BTreeSet<RoleName> {
        self.roles
            .iter()
            .filter(|(_, role)| role.people.contains(person))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// All of them, by name.
    pub fn roles(&self) -> impl Iterator<Item = (&RoleName, &Role)> {
        self.roles.iter()
    }
}
