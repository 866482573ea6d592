//! Finding accounts and groups.

use crate::git::Ident;
use crate::refusal::Refusal;

use super::World;
use super::state::{Account, Group};

/// Who asks. `real` differs from `account` only under `X-Gerrit-RunAs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) account: Option<u32>,
    pub(crate) real: Option<u32>,
}

impl Caller {
    pub(crate) fn of(account: u32) -> Self {
        Self { account: Some(account), real: Some(account) }
    }

    /// The account, for what anonymous people can't do.
    pub(crate) fn known(self) -> Result<u32, Refusal> {
        self.account.ok_or_else(|| Refusal::forbidden("Authentication required"))
    }
}

impl World {
    pub(crate) fn account(&self, id: u32) -> Option<&Account> {
        self.state.accounts.get(&id)
    }

    /// The account that a client names: `self`, a number, a user name, an address, a full name, or
    /// `name (number)`. Inactive accounts answer to their number only.
    pub(crate) fn resolve_account(&self, caller: Caller, id: &str) -> Result<u32, Refusal> {
        if id == "self" {
            return caller
                .account
                .ok_or_else(|| Refusal::forbidden("Resolving account 'self' requires login"));
        }
        let bracketed = id.strip_suffix(')').and_then(|head| head.rsplit_once('(')).map(|(_, number)| number);
        let number = id.parse().ok().or_else(|| bracketed.and_then(|n| n.parse().ok()));
        if let Some(number) = number
            && self.state.accounts.contains_key(&number)
        {
            return Ok(number);
        }
        let email =
            id.strip_suffix('>').and_then(|head| head.rsplit_once('<')).map_or(id, |(_, email)| email);
        let mut found: Vec<&Account> = self.state.by_username(id).into_iter().collect();
        if found.is_empty() {
            found = self.state.by_email(email);
        }
        if found.is_empty() {
            found = self.state.accounts.values().filter(|a| a.name.as_deref() == Some(id)).collect();
        }
        let active: Vec<u32> = found.iter().filter(|a| a.active).map(|a| a.id).collect();
        match (active.as_slice(), found.is_empty()) {
            ([one], _) => Ok(*one),
            (_, true) => Err(Refusal::absent(format!("Account '{id}' not found"))),
            ([], false) => {
                let lines: Vec<String> =
                    found.iter().map(|a| format!("{}: {}", a.id, self.mailbox(a.id))).collect();
                Err(Refusal::absent(format!(
                    "Account '{id}' only matches inactive accounts. To use an inactive account, retry with one of \
                     the following exact account IDs:\n{}",
                    lines.join("\n")
                )))
            }
            _ => Err(Refusal::absent(format!("Account '{id}' is ambiguous"))),
        }
    }

    /// The one account with this address, if it is exactly one.
    pub(crate) fn account_by_email(&self, email: &str) -> Option<u32> {
        match self.state.by_email(email).as_slice() {
            [one] => Some(one.id),
            _ => None,
        }
    }

    /// `Name <mail>` as messages name people.
    pub(crate) fn mailbox(&self, id: u32) -> String {
        let Some(account) = self.account(id) else { return format!("Gerrit User {id}") };
        let name = account.name.clone().unwrap_or_else(|| "Name of user not set".to_owned());
        match &account.preferred_email {
            Some(email) => format!("{name} <{email}>"),
            None => format!("{name} ({id})"),
        }
    }

    /// The name that push messages use.
    pub(crate) fn display_name(&self, id: u32) -> String {
        let account = self.account(id);
        let name = account.and_then(|a| a.name.clone().or_else(|| a.username.clone()));
        name.unwrap_or_else(|| format!("Gerrit User {id}"))
    }

    /// The ident that commits made for this account carry.
    pub(crate) fn ident(&self, id: u32) -> Ident {
        let account = self.account(id);
        let name = account.and_then(|a| a.name.clone()).unwrap_or_else(|| format!("Gerrit User {id}"));
        let email = account.and_then(|a| a.preferred_email.clone());
        Ident::new(name, email.unwrap_or_else(|| format!("{id}@{}", self.state.server_id)), self.now())
    }

    /// Whether the account is in the group `Service Users`.
    pub(crate) fn is_service(&self, id: u32) -> bool {
        let groups = self.state.groups_of(id);
        self.state.group("Service Users").is_some_and(|group| groups.contains(&group.uuid))
    }

    /// A group that the caller may see; Gerrit answers with the bare id where there is none.
    pub(crate) fn visible_group(&self, caller: Caller, id: &str) -> Result<&Group, Refusal> {
        let none = || Refusal::absent(id);
        let group = self.state.group(id).ok_or_else(none)?;
        if self.sees_group(caller, group) { Ok(group) } else { Err(none()) }
    }

    pub(crate) fn sees_group(&self, caller: Caller, group: &Group) -> bool {
        if group.visible_to_all {
            return true;
        }
        let Some(account) = caller.account else { return false };
        let mine = self.state.groups_of(account);
        mine.contains(&group.uuid) || mine.contains(&group.owner) || self.is_admin(caller)
    }

    /// Whether the caller may change the group: a member of its owner, or an administrator.
    pub(crate) fn owns_group(&self, caller: Caller, group: &Group) -> bool {
        let Some(account) = caller.account else { return false };
        self.state.groups_of(account).contains(&group.owner) || self.is_admin(caller)
    }

    /// The name of a group, system groups included.
    pub(crate) fn group_name(&self, uuid: &str) -> Option<String> {
        let system = crate::config::defaults::SYSTEM_GROUPS.iter().find(|(id, _)| *id == uuid);
        system
            .map(|(_, name)| (*name).to_owned())
            .or_else(|| self.state.groups.get(uuid).map(|g| g.name.clone()))
    }

    /// The UUID that a client means: a UUID, or a name.
    pub(crate) fn group_uuid(&self, id: &str) -> Option<String> {
        let id = id.replace("global%3A", "global:");
        let system =
            crate::config::defaults::SYSTEM_GROUPS.iter().find(|(uuid, name)| *uuid == id || *name == id);
        system.map(|(uuid, _)| (*uuid).to_owned()).or_else(|| self.state.group(&id).map(|g| g.uuid.clone()))
    }
}
