//! Who: accounts on Gerrit servers, identities of issuers. A mail address or a display name is neither.

use serde::{Deserialize, Serialize};

use crate::ServerName;

/// The number of an account, on the server that gave it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub u64);

/// An account on one Gerrit server. It proves a vote, not a presence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The server.
    pub server: ServerName,
    /// The account's number there.
    pub id: AccountId,
}

/// A person, service or agent as an issuer proves it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The issuer's URL, exactly as in its tokens.
    pub issuer: String,
    /// The subject, exactly as in its tokens.
    pub subject: String,
}
