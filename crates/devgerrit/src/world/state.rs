//! What is not in git: accounts and groups, in one small JSON file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The whole file `state.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// Part of every account in NoteDb.
    pub(crate) server_id: String,
    pub(crate) next_account: u32,
    pub(crate) next_group: u32,
    pub(crate) accounts: BTreeMap<u32, Account>,
    /// By UUID.
    pub(crate) groups: BTreeMap<String, Group>,
}

/// One account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) id: u32,
    pub(crate) username: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) preferred_email: Option<String>,
    pub(crate) emails: BTreeSet<String>,
    pub(crate) active: bool,
    /// Seconds since 1970.
    pub(crate) registered: i64,
    pub(crate) tokens: BTreeMap<String, Token>,
}

/// A password of one account; `legacy` is the one that `http_password` set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Token {
    salt: String,
    hash: String,
    /// Milliseconds since 1970.
    pub(crate) expires_ms: Option<i64>,
}

impl Token {
    pub(crate) fn new(secret: &str, salt: String, expires_ms: Option<i64>) -> Self {
        Self { hash: digest(&salt, secret), salt, expires_ms }
    }

    fn accepts(&self, secret: &str, now_ms: i64) -> bool {
        self.expires_ms.is_none_or(|end| now_ms < end) && self.hash == digest(&self.salt, secret)
    }
}

fn digest(salt: &str, secret: &str) -> String {
    hex::encode(Sha256::new().chain_update(salt).chain_update(":").chain_update(secret).finalize())
}

/// One group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) uuid: String,
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// UUID of the group whose members may change this one; its own by default.
    pub(crate) owner: String,
    pub(crate) visible_to_all: bool,
    pub(crate) members: BTreeSet<u32>,
    /// UUIDs of included groups.
    pub(crate) includes: BTreeSet<String>,
    /// Seconds since 1970.
    pub(crate) created: i64,
    pub(crate) audit: Vec<Audit>,
}

/// One line of a group's audit log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Audit {
    pub(crate) kind: AuditKind,
    /// Account number or group UUID.
    pub(crate) subject: String,
    pub(crate) by: u32,
    pub(crate) at: i64,
}

/// What was done to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum AuditKind {
    AddUser,
    RemoveUser,
    AddGroup,
    RemoveGroup,
}

impl State {
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, String> {
        match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| error.to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    pub(crate) fn save(&self, path: &Path) -> Result<(), String> {
        let bytes = serde_json::to_vec_pretty(self).map_err(|error| error.to_string())?;
        let half = path.with_extension("tmp");
        fs::write(&half, bytes).and_then(|()| fs::rename(&half, path)).map_err(|error| error.to_string())
    }

    /// The account that this name and secret belong to, if it is active.
    pub(crate) fn login(&self, username: &str, secret: &str, now_ms: i64) -> Option<u32> {
        let account = self.by_username(username)?;
        let known = account.tokens.values().any(|token| token.accepts(secret, now_ms));
        (account.active && known).then_some(account.id)
    }

    pub(crate) fn by_username(&self, name: &str) -> Option<&Account> {
        self.accounts.values().find(|account| account.username.as_deref() == Some(name))
    }

    /// Accounts that have this address, in any case of letters.
    pub(crate) fn by_email(&self, email: &str) -> Vec<&Account> {
        self.accounts
            .values()
            .filter(|a| a.emails.iter().any(|has| has.eq_ignore_ascii_case(email)))
            .collect()
    }

    /// A group by UUID, name, or number, in the order that Gerrit tries them.
    pub(crate) fn group(&self, id: &str) -> Option<&Group> {
        self.groups
            .get(id)
            .or_else(|| self.groups.values().find(|g| id.parse() == Ok(g.id)))
            .or_else(|| self.groups.values().find(|g| g.name == id))
    }

    /// UUIDs of the groups that an account is in, by itself or by inclusion (cycles are fine).
    pub(crate) fn groups_of(&self, account: u32) -> BTreeSet<String> {
        let mut found: BTreeSet<String> =
            self.groups.values().filter(|g| g.members.contains(&account)).map(|g| g.uuid.clone()).collect();
        found.insert("global:Registered-Users".to_owned());
        found.insert("global:Anonymous-Users".to_owned());
        loop {
            let more: Vec<String> = self
                .groups
                .values()
                .filter(|g| !found.contains(&g.uuid) && g.includes.iter().any(|i| found.contains(i)))
                .map(|g| g.uuid.clone())
                .collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }
}
