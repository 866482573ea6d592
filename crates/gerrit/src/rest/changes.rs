//! Reading changes (`rest-api-changes.html`).

use std::fmt;

use crate::http::Call;
use crate::info::{ChangeInfo, ChangeMessage, SubmittedTogether};
use crate::{Answer, Client, Result};

/// Names one change so that Gerrit reads it from NoteDb, never from the index: `project~number`, or the number alone.
/// (`project~branch~I…` asks the index, which a crash of Gerrit can empty.)
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChangeId(String);

impl ChangeId {
    /// By project and number.
    #[must_use]
    pub fn new(project: &str, number: u64) -> Self {
        Self(format!("{project}~{number}"))
    }

    /// By number alone, where the project is not known yet.
    #[must_use]
    pub fn number(number: u64) -> Self {
        Self(number.to_string())
    }

    /// By project, branch and `Change-Id`: **asks the index**. For finding a change that we made ourselves.
    #[must_use]
    pub fn by_key(project: &str, branch: &str, change_id: &str) -> Self {
        Self(format!("{project}~{branch}~{change_id}"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&ChangeInfo> for ChangeId {
    fn from(change: &ChangeInfo) -> Self {
        Self::new(&change.project, change.number)
    }
}

/// How much of a change to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailLevel {
    /// No options: what a list shows.
    Brief,
    /// All that says who did what: revisions, commits, labels, accounts, messages, requirements.
    Evidence,
}

const EVIDENCE: [&str; 11] = [
    "ALL_REVISIONS",
    "ALL_COMMITS",
    "CURRENT_FILES",
    "DETAILED_LABELS",
    "DETAILED_ACCOUNTS",
    "MESSAGES",
    "SUBMIT_REQUIREMENTS",
    "REVIEWER_UPDATES",
    "CUSTOM_KEYED_VALUES",
    "PUSH_CERTIFICATES",
    "SKIP_DIFFSTAT",
];

impl DetailLevel {
    fn add(self, mut call: Call) -> Call {
        if self == Self::Evidence {
            for option in EVIDENCE {
                call = call.query("o", option);
            }
        }
        call
    }
}

/// A query over changes, and which page of it.
#[derive(Debug, Clone)]
pub struct ChangeQuery {
    /// In Gerrit's query language.
    pub query: String,
    /// How many at most; the server may give fewer. Not 0 (that means "no limit given").
    pub limit: u32,
    /// How many to leave out at the beginning.
    pub start: u64,
    /// How much of each.
    pub detail: DetailLevel,
}

/// One page of a query.
#[derive(Debug, Clone)]
pub struct Page {
    /// The changes, newest `updated` first.
    pub changes: Vec<ChangeInfo>,
    /// True if there are more behind them.
    pub more: bool,
}

/// Reading changes.
impl Client {
    /// One change. With `meta` (40 hex digits) as it was at that revision of its meta ref; results of requirements
    /// of an open change are by today's configuration even then.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound): not there, private, deleted or not visible;
    /// [`Error::NotReachable`](crate::Error::NotReachable): `meta` is not part of its history.
    pub async fn change(
        &self,
        id: &ChangeId,
        detail: DetailLevel,
        meta: Option<&str>,
    ) -> Result<Answer<ChangeInfo>> {
        let mut call = detail.add(Call::get(&["changes", id.as_str()])?);
        if let Some(meta) = meta {
            call = call.query("meta", meta);
        }
        self.transport.json(call).await
    }

    /// One page of a query.
    ///
    /// # Errors
    /// [`Error::Rejected`](crate::Error::Rejected): the query can't be parsed.
    pub async fn changes(&self, query: &ChangeQuery) -> Result<Answer<Page>> {
        let call = Call::get(&["changes", ""])?
            .query("q", query.query.as_str())
            .query("n", query.limit.max(1).to_string())
            .query("S", query.start.to_string());
        let answer: Answer<Vec<ChangeInfo>> = self.transport.json(query.detail.add(call)).await?;
        Ok(answer.map(|changes| Page { more: changes.last().is_some_and(|last| last.more_changes), changes }))
    }

    /// The changes that were (or would be) submitted together with this one, over all projects; empty if alone. How
    /// many we can't see is part of the answer.
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn submitted_together(&self, id: &ChangeId) -> Result<Answer<SubmittedTogether>> {
        let call =
            Call::get(&["changes", id.as_str(), "submitted_together"])?.query("o", "NON_VISIBLE_CHANGES");
        self.transport.json(call).await
    }

    /// The messages of a change, oldest first.
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn messages(&self, id: &ChangeId) -> Result<Answer<Vec<ChangeMessage>>> {
        self.transport.json(Call::get(&["changes", id.as_str(), "messages"])?).await
    }
}
