//! People and programs, as Gerrit knows them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Time;

/// The number of an account on one server. It says nothing on another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub u64);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `AccountInfo`. Without `DETAILED_ACCOUNTS` only the number is filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountInfo {
    /// The number.
    #[serde(rename = "_account_id")]
    pub id: AccountId,
    /// The full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The preferred address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Other addresses: only with `ALL_EMAILS`, and to others only with View Secondary Emails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secondary_emails: Vec<String>,
    /// The user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// `SERVICE_USER` for a member of the group of that name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// True if the account is inactive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inactive: bool,
}

/// `EmailInfo`: an address of one's own account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EmailInfo {
    /// The address.
    pub email: String,
    /// True for the preferred one.
    #[serde(default)]
    pub preferred: bool,
    /// True if it waits for its owner's confirmation: it proves nothing yet.
    #[serde(default)]
    pub pending_confirmation: bool,
}

/// `GitPersonInfo`: what a commit says; proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GitPerson {
    /// The name in the commit.
    pub name: String,
    /// The address in the commit.
    pub email: String,
    /// The time in the commit.
    pub date: Time,
}

/// `AuthTokenInfo`.
#[derive(Clone, Deserialize)]
pub struct TokenInfo {
    /// Its id. The password that an administrator set with `http_password` has the id `legacy`.
    pub id: String,
    /// The token itself: only in the answer that made it.
    #[serde(default)]
    pub token: Option<secrecy::SecretString>,
    /// When it ends; `None`: never.
    #[serde(default)]
    pub expiration: Option<Time>,
}

impl fmt::Debug for TokenInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenInfo")
            .field("id", &self.id)
            .field("expiration", &self.expiration)
            .finish_non_exhaustive()
    }
}
