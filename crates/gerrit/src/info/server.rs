//! The server.

use serde::Deserialize;

/// `ServerInfo`, as much as a client needs. (The server's id is not in it: only NoteDb's identities carry it, as
/// `Gerrit User 1000001 <1000001@server-id>`.)
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ServerInfo {
    /// About Gerrit itself.
    pub gerrit: GerritInfo,
    /// About sign-in.
    pub auth: AuthInfo,
}

/// `GerritInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GerritInfo {
    /// The root project.
    pub all_projects: String,
    /// The project that holds accounts.
    pub all_users: String,
    /// The id of this instance of several, if set.
    #[serde(default)]
    pub instance_id: Option<String>,
}

/// `AuthInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AuthInfo {
    /// `OAUTH`, `LDAP`, `HTTP`, … (`DEVELOPMENT_BECOME_ANY_ACCOUNT` only in tests).
    pub auth_type: String,
    /// The longest lifetime of a token in minutes; 0: unlimited.
    #[serde(default)]
    pub max_token_lifetime: u64,
}
