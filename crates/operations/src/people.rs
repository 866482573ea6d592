//! Persons, their accounts and identities, and their roles.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use model::{Account, Identity, PersonKey, RoleName, ServerName};

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

    /// These and more accounts, each proven by its holder to be that identity's: one list. What is here stays as it is: an
    /// account that has a person keeps it, and whose identity it is says this list before the key that a provider said.
    /// An identity that neither names counts for nobody, and neither does one of a person whom this list doesn't have.
    #[must_use]
    pub fn with<'a>(&self, proven: impl IntoIterator<Item = &'a Proven>) -> Cow<'_, Self> {
        let mut links = Cow::Borrowed(self);
        for Proven { account, identity, key } in proven {
            let Some(key) = links.identities.get(identity).or(key.as_ref()).cloned() else { continue };
            // One that has a person keeps it.
            if links.accounts.contains_key(account) {
                continue;
            }
            // Who is a person says this list alone: a new key could be somebody's second one.
            if !links.persons.contains_key(&key) {
                continue;
            }
            let all = links.to_mut();
            all.accounts.insert(account.clone(), key.clone());
            all.identities.insert(identity.clone(), key.clone());
            if let Some(person) = all.persons.get_mut(&key) {
                person.accounts.insert(account.clone());
                person.identities.insert(identity.clone());
            }
        }
        links
    }

    /// All of them, by key.
    pub fn persons(&self) -> impl Iterator<Item = &Person> {
        self.persons.values()
    }
}

/// An account that its holder proved to be an identity's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Proven {
    /// The account.
    pub account: Account,
    /// Whose it is.
    pub identity: Identity,
    /// The key by which the company names that human, as the provider said it then.
    pub key: Option<PersonKey>,
}

/// A role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Role {
    /// What it is for.
    pub title: Option<String>,
    /// Where it says who has it.
    pub source: RoleSource,
}

/// What fills a role: one source each.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RoleSource {
    /// These persons: of an empty list, nobody.
    People(BTreeSet<PersonKey>),
    /// Those whom the identity provider says to be in this group.
    IdpGroup(String),
    /// Those whose accounts are in a group on a Gerrit server, also through included groups.
    GerritGroup(GerritGroup),
}

/// A group on a Gerrit server.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct GerritGroup {
    /// The server.
    pub server: ServerName,
    /// The group's UUID: 40 hex digits.
    pub uuid: String,
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

    /// The roles of a person, as far as the file itself says who has them. Those that a group fills, only who read the group
    /// knows.
    #[must_use]
    pub fn listed(&self, person: &PersonKey) -> BTreeSet<RoleName> {
        let listed = |role: &Role| matches!(&role.source, RoleSource::People(all) if all.contains(person));
        self.roles.iter().filter(|(_, role)| listed(role)).map(|(name, _)| name.clone()).collect()
    }

    /// All of them, by name.
    pub fn roles(&self) -> impl Iterator<Item = (&RoleName, &Role)> {
        self.roles.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: u64) -> Account {
        Account { server: "main".parse().unwrap(), id: model::AccountId(id) }
    }

    fn identity(subject: &str) -> Identity {
        Identity { issuer: "https://idp.example".to_owned(), subject: subject.to_owned() }
    }

    fn proven(id: u64, subject: &str, key: Option<&str>) -> Proven {
        Proven { account: account(id), identity: identity(subject), key: key.map(|k| k.parse().unwrap()) }
    }

    fn reviewed() -> Links {
        let key: PersonKey = "alice".parse().unwrap();
        let person = Person {
            key: key.clone(),
            name: None,
            accounts: [account(1)].into(),
            identities: [identity("a")].into(),
        };
        Links {
            persons: [(key.clone(), person)].into(),
            accounts: [(account(1), key.clone())].into(),
            identities: [(identity("a"), key)].into(),
        }
    }

    fn whose(links: &Links, id: u64) -> Option<String> {
        links.person_of(&account(id)).map(ToString::to_string)
    }

    #[test]
    fn a_proven_account_is_its_persons_and_never_takes_one_that_has_a_person() {
        let links = reviewed();
        let all = [proven(2, "a", None), proven(1, "m", Some("mallory")), proven(3, "b", Some("bob"))];
        let links = links.with(&all);
        assert_eq!(whose(&links, 1).as_deref(), Some("alice"), "the reviewed list is not replaced");
        assert_eq!(whose(&links, 2).as_deref(), Some("alice"));
        assert_eq!(whose(&links, 3), None, "who is a person the reviewed list alone says");
        assert_eq!(links.person(&"bob".parse().unwrap()), None);
        assert_eq!(links.person(&"alice".parse().unwrap()).unwrap().accounts.len(), 2);
        assert_eq!(links.person(&"mallory".parse().unwrap()), None);
    }

    #[test]
    fn accounts_with_one_key_are_one_person_and_one_without_a_key_is_nobodys() {
        let links = reviewed();
        let all = [proven(2, "x", Some("alice")), proven(3, "nobody", None)];
        let links = links.with(&all);
        assert_eq!(whose(&links, 2), whose(&links, 1));
        assert_eq!(whose(&links, 3), None);
    }

    #[test]
    fn the_reviewed_list_says_whose_an_identity_is_before_the_provider_does() {
        let links = reviewed();
        let all = [proven(2, "a", Some("somebody-else"))];
        assert_eq!(whose(&links.with(&all), 2).as_deref(), Some("alice"));
    }
}
