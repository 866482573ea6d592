//! What is kept of a session. Recorded: whoever edits the database can't make one up.

use std::{fmt, str::FromStr};

use model::{Digest, Identity, PersonKey, Timestamp, WrongHash};
use serde::{Deserialize, Serialize};
use store::Kept;

use crate::{Groups, Person, Profile, SignedIn, pending::hash};

/// By what a session is used. The token of one kind is none of the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// A cookie.
    Browser,
    /// `Authorization: Bearer`, by a person's command line.
    CommandLine,
}

impl Via {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::CommandLine => "command-line",
        }
    }
}

/// What a session is known by: a hash of its token. Whoever reads it can't use the session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(Digest);

impl SessionId {
    /// Of a token. Each kind has a domain of its own.
    pub(crate) fn of(via: Via, token: &str) -> Self {
        Self(hash(via.name(), token))
    }
}

impl SessionId {
    /// The hash.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SessionId {
    type Err = WrongHash;

    fn from_str(text: &str) -> Result<Self, WrongHash> {
        text.parse().map(Self)
    }
}

/// Why a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// The person signed out.
    SignedOut,
    /// The person, or somebody who may, ended it from elsewhere.
    Revoked,
    /// The provider said so (back-channel logout).
    ProviderLogout,
    /// The provider doesn't stand for it any more (a refresh was refused).
    ProviderRefused,
    /// It wasn't used for too long.
    Idle,
    /// It was open for as long as any may be.
    Age,
    /// The person signed in once more in the same browser.
    Replaced,
    /// The person has as many as one may have; this was the one idle longest.
    TooMany,
}

impl EndReason {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::Revoked => "revoked",
            Self::ProviderLogout => "provider-logout",
            Self::ProviderRefused => "provider-refused",
            Self::Idle => "idle",
            Self::Age => "age",
            Self::Replaced => "replaced",
            Self::TooMany => "too-many",
        }
    }
}

/// How a session stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum SessionState {
    /// It can be used.
    Open {
        /// What is shown of the person.
        profile: Profile,
        /// Their person key.
        key: Option<PersonKey>,
        /// Their groups.
        groups: Groups,
        /// When that was last written.
        changed_at: Timestamp,
    },
    /// It can't. What was said of the person is gone.
    Ended {
        /// When.
        at: Timestamp,
        /// Why.
        why: EndReason,
    },
}

/// A session, as it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRecord {
    /// The hash of its token.
    pub id: SessionId,
    /// How it is used.
    pub via: Via,
    /// Whose it is.
    pub identity: Identity,
    /// The provider's session, by which it says that that has ended.
    pub idp_session: Option<String>,
    /// When the person signed in.
    pub opened_at: Timestamp,
    /// When the provider asked the person, if it said so.
    pub authenticated_at: Option<Timestamp>,
    /// From where, as far as a browser or a command line says: shown to the person, believed by nobody.
    pub label: Option<String>,
    /// How it stands.
    pub state: SessionState,
}

impl SessionRecord {
    pub(crate) fn opened(
        id: SessionId,
        via: Via,
        signed_in: SignedIn,
        label: Option<String>,
        now: Timestamp,
    ) -> Self {
        let SignedIn { person, idp_session, authenticated_at, .. } = signed_in;
        let Person { identity, key, profile, groups } = person;
        Self {
            id,
            via,
            identity,
            idp_session,
            opened_at: now,
            authenticated_at,
            label,
            state: SessionState::Open { profile, key, groups, changed_at: now },
        }
    }

    pub(crate) fn ended(self, at: Timestamp, why: EndReason) -> Self {
        Self { state: SessionState::Ended { at, why }, label: None, ..self }
    }

    /// The person, while it is open.
    pub(crate) fn person(&self) -> Option<Person> {
        let SessionState::Open { profile, key, groups, .. } = &self.state else { return None };
        Some(Person {
            identity: self.identity.clone(),
            key: key.clone(),
            profile: profile.clone(),
            groups: groups.clone(),
        })
    }
}

impl Kept for SessionRecord {
    const KIND: &'static str = "session";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn state(&self) -> &'static str {
        match self.state {
            SessionState::Open { .. } => "open",
            SessionState::Ended { .. } => "ended",
        }
    }

    /// When it came to stand so.
    fn sort(&self) -> i64 {
        match self.state {
            SessionState::Open { changed_at, .. } => changed_at.as_millis(),
            SessionState::Ended { at, .. } => at.as_millis(),
        }
    }
}

/// When a session was last used, now and then: bookkeeping, so that a restart doesn't end who is at work. It can't make a
/// session live longer than it may in any case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionUse {
    pub(crate) id: SessionId,
    pub(crate) used_at: Timestamp,
}

impl Kept for SessionUse {
    const KIND: &'static str = "session-use";
    const RECORDED: bool = false;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn state(&self) -> &'static str {
        "used"
    }

    fn sort(&self) -> i64 {
        self.used_at.as_millis()
    }
}
