//! Groups.

use serde::Deserialize;

use super::{AccountInfo, words};
use crate::Time;

/// `GroupInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GroupInfo {
    /// The UUID, as the server sends it: in lists of an account's groups it is percent-encoded
    /// (`global%3ARegistered-Users`). See [`GroupInfo::uuid`].
    pub id: String,
    /// The name.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// The name of the owner group.
    #[serde(default)]
    pub owner: Option<String>,
    /// The UUID of the owner group. Equal to the group's own: each member may add members.
    #[serde(default)]
    pub owner_id: Option<String>,
    /// Who may see it.
    #[serde(default)]
    pub options: GroupOptions,
    /// When it was made.
    #[serde(default)]
    pub created_on: Option<Time>,
    /// Direct members (only of `detail`).
    #[serde(default)]
    pub members: Vec<AccountInfo>,
    /// Groups that are included (only of `detail`).
    #[serde(default)]
    pub includes: Vec<GroupInfo>,
}

impl GroupInfo {
    /// The UUID, decoded.
    #[must_use]
    pub fn uuid(&self) -> String {
        self.id.replace("%3A", ":").replace("%2F", "/").replace("%20", " ")
    }

    /// True if the group owns itself: then its members decide who is a member.
    #[must_use]
    pub fn owns_itself(&self) -> bool {
        self.owner_id.as_deref() == Some(self.id.as_str())
    }
}

/// `GroupOptionsInfo`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct GroupOptions {
    /// True if everybody who is signed in sees it.
    #[serde(default)]
    pub visible_to_all: bool,
}

words! {
    /// What happened to a group.
    GroupAuditKind {
        /// A person was added.
        AddUser = "ADD_USER",
        /// A person was removed.
        RemoveUser = "REMOVE_USER",
        /// A group was included.
        AddGroup = "ADD_GROUP",
        /// A group was taken out.
        RemoveGroup = "REMOVE_GROUP",
    }
}

/// `GroupAuditEventInfo`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct GroupAudit {
    /// What was done.
    #[serde(rename = "type")]
    pub kind: GroupAuditKind,
    /// By whom.
    pub user: AccountInfo,
    /// When.
    pub date: Time,
    /// To whom or what: an account or a group, by `kind`.
    pub member: serde_json::Value,
}
