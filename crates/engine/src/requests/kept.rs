//! What the engine keeps of a request.

use model::{AccountId, ChangeNumber, Digest, Reason, Request, Requester, Revision, SubmissionId, Timestamp};
use serde::{Deserialize, Serialize};
use store::Kept;

use crate::kept::Judged;

/// A request, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptRequest {
    /// What was asked; it never changes.
    pub request: Request,
    /// SHA-256 of its canonical bytes, an object of the store.
    pub object: Digest,
    /// How it stands.
    pub state: RequestState,
    /// Since when.
    pub at: Timestamp,
}

/// The change that we made of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opened {
    /// Its number.
    pub change: ChangeNumber,
    /// Its one patch set.
    pub revision: Revision,
    /// The account by which we made it.
    pub writer: AccountId,
}

/// How a request stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "is")]
pub(crate) enum RequestState {
    /// Stored; there may be no change yet.
    Made,
    /// There is a change, and what it says was read back; it waits for its review.
    Open {
        /// The change.
        opened: Opened,
    },
    /// Policy is satisfied: we submit it.
    Submitting {
        /// The change.
        opened: Opened,
        /// The judgement by which we do.
        judged: Box<Judged>,
    },
    /// It is merged; what becomes of it is the outcome's to say.
    Merged {
        /// The change.
        opened: Opened,
        /// The submission.
        submission: SubmissionId,
    },
    /// It doesn't stand any more.
    Ended {
        /// How.
        how: End,
        /// Why, to people.
        reasons: Vec<Reason>,
        /// Who ended it, if somebody did.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        by: Option<Box<Requester>>,
        /// The change, if there was one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        opened: Option<Opened>,
        /// Whether there is nothing left to do: the change is given up, or there is none.
        closed: bool,
    },
}

/// How a request ended without having run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum End {
    /// Whoever asked took it back.
    Withdrawn,
    /// Nobody reviewed it in time.
    Expired,
    /// It can't be let through any more.
    Refused,
    /// Somebody gave up its change on Gerrit.
    Abandoned,
    /// Its change could not be made.
    Failed,
}

impl End {
    /// The word for it, in entries and hashtags.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Abandoned => "abandoned",
            Self::Failed => "failed",
        }
    }

    /// What people read.
    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            Self::Withdrawn => "it was withdrawn",
            Self::Expired => "nobody reviewed it in time",
            Self::Refused => "it was refused",
            Self::Abandoned => "its change was abandoned on Gerrit",
            Self::Failed => "its change could not be made",
        }
    }
}

impl KeptRequest {
    /// The states in which there is something to do.
    pub(crate) const LIVE: &'static [&'static str] = &["made", "open", "submitting", "ending"];

    /// The states in which there is nothing left to do, and nothing was merged.
    pub(crate) const ENDED: &'static [&'static str] =
        &["withdrawn", "expired", "refused", "abandoned", "failed"];

    /// Its change, once there is one.
    pub(crate) fn opened(&self) -> Option<&Opened> {
        match &self.state {
            RequestState::Made => None,
            RequestState::Open { opened }
            | RequestState::Submitting { opened, .. }
            | RequestState::Merged { opened, .. } => Some(opened),
            RequestState::Ended { opened, .. } => opened.as_ref(),
        }
    }
}

impl Kept for KeptRequest {
    const KIND: &'static str = "request";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.request.id.to_string()
    }

    fn state(&self) -> &'static str {
        match &self.state {
            RequestState::Made => "made",
            RequestState::Open { .. } => "open",
            RequestState::Submitting { .. } => "submitting",
            RequestState::Merged { .. } => "merged",
            RequestState::Ended { closed: false, .. } => "ending",
            RequestState::Ended { how, .. } => how.name(),
        }
    }

    fn sort(&self) -> i64 {
        self.request.made_at.as_millis()
    }
}
