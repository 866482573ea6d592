//! What Gerrit's REST answers say, read from the bytes as they came: live, and again from a bundle.
//!
//! Shapes: Gerrit 3.13, `Documentation/rest-api-changes.html` (`ChangeInfo`, `LabelInfo`, `ApprovalInfo`) and
//! `rest-api-accounts.html` (`AccountInfo`).

use std::collections::{BTreeMap, BTreeSet};

use evidence::{LabelRanges, LiveFacts, RestFacts, RestVote, Status};
use model::{Digest, Project, Revision};
use notedb::{
    LabelRange, ObjectId,
    requirements::{RequirementResult, RequirementStatus},
};
use serde::Deserialize;

use crate::{CaseError, ChangeRead};

/// REST answers by the SHA-256 of their bytes.
pub type Answers = BTreeMap<Digest, Vec<u8>>;

/// The parts of a change that we look at.
#[derive(Debug, Deserialize)]
pub struct Detail {
    /// The number.
    #[serde(rename = "_number")]
    pub number: u64,
    /// The project.
    pub project: String,
    /// The subject line.
    #[serde(default)]
    pub subject: String,
    status: RestStatus,
    #[serde(default)]
    meta_rev_id: Option<String>,
    owner: AccountRef,
    #[serde(default)]
    submitter: Option<AccountRef>,
    #[serde(default)]
    current_revision: Option<String>,
    #[serde(default)]
    revisions: BTreeMap<String, RevisionRef>,
    #[serde(default)]
    labels: BTreeMap<String, Label>,
    #[serde(default)]
    submit_requirements: Option<Vec<Requirement>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum RestStatus {
    New,
    Merged,
    Abandoned,
}

#[derive(Debug, Deserialize)]
struct AccountRef {
    #[serde(rename = "_account_id")]
    id: u64,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    secondary_emails: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct RevisionRef {
    #[serde(rename = "_number")]
    number: u32,
    uploader: AccountRef,
}

#[derive(Debug, Deserialize)]
struct Label {
    #[serde(default)]
    all: Vec<Approval>,
    #[serde(default)]
    values: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Approval {
    #[serde(rename = "_account_id")]
    id: u64,
    #[serde(default)]
    value: Option<i32>,
}

#[derive(Debug, Deserialize)]
struct Requirement {
    name: String,
    status: RequirementStatus,
}

/// Reads a JSON answer: Gerrit's prefix line, then JSON.
pub(crate) fn parse<'a, T: Deserialize<'a>>(what: &str, bytes: &'a [u8]) -> Result<T, CaseError> {
    let json = bytes.strip_prefix(b")]}'").unwrap_or(bytes);
    serde_json::from_slice(json)
        .map_err(|why| CaseError::Answer { what: what.to_owned(), why: why.to_string() })
}

/// The bytes, which have to be those that the case names.
pub(crate) fn answer<'a>(answers: &'a Answers, digest: &Digest, what: &str) -> Result<&'a [u8], CaseError> {
    let bytes = answers.get(digest).ok_or_else(|| CaseError::Missing { what: what.to_owned() })?;
    if Digest::of(bytes) != *digest {
        let why = format!("its bytes are not those of {digest}");
        return Err(CaseError::Answer { what: what.to_owned(), why });
    }
    Ok(bytes)
}

impl Detail {
    /// Reads the answer to `GET /changes/…`.
    ///
    /// # Errors
    /// [`CaseError::Missing`] or [`CaseError::Answer`].
    pub fn read(answers: &Answers, digest: &Digest) -> Result<Self, CaseError> {
        parse("a change", answer(answers, digest, "the answer about a change")?)
    }

    /// The accounts whose own addresses this answer already tells, by address.
    #[must_use]
    pub fn addresses(&self) -> BTreeMap<String, BTreeSet<u64>> {
        let mut addresses: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        let uploaders = self.revisions.values().map(|r| &r.uploader);
        for account in uploaders.chain([&self.owner]).chain(&self.submitter) {
            for email in account.secondary_emails.iter().chain(&account.email) {
                addresses.entry(email.clone()).or_default().insert(account.id);
            }
        }
        addresses
    }

    fn rest(&self) -> Result<RestFacts, CaseError> {
        let wrong = |why: &str| CaseError::Answer { what: "a change".to_owned(), why: why.to_owned() };
        let newest = self.current_revision.as_ref().and_then(|sha| self.revisions.get(sha));
        let votes = self.labels.iter().flat_map(|(label, votes)| {
            let standing =
                votes.all.iter().filter_map(|v| Some((v.id, v.value.filter(|value| *value != 0)?)));
            standing.map(|(account, value)| RestVote { label: label.clone(), account, value })
        });
        let requirements =
            self.submit_requirements.as_ref().ok_or_else(|| wrong("no submit_requirements"))?;
        // Without it nothing says that both speak of the same moment, or of the same change.
        let meta = self.meta_rev_id.as_deref().and_then(|id| id.parse().ok());
        Ok(RestFacts {
            meta: Some(meta.ok_or_else(|| wrong("no meta_rev_id"))?),
            status: match self.status {
                RestStatus::New => Status::New,
                RestStatus::Merged => Status::Merged,
                RestStatus::Abandoned => Status::Abandoned,
            },
            submitter: self.submitter.as_ref().map(|s| s.id),
            newest_patch_set: newest.ok_or_else(|| wrong("no current revision"))?.number,
            votes: votes.filter(|v| v.label != "SUBM").collect(),
            requirements: requirements
                .iter()
                .map(|r| RequirementResult { name: r.name.clone(), status: r.status })
                .collect(),
        })
    }

    /// The ranges of its labels, inherited ones included.
    fn labels(&self) -> LabelRanges {
        let range = |label: &Label| {
            let numbers =
                || label.values.keys().filter_map(|v| v.trim().trim_start_matches('+').parse::<i32>().ok());
            Some(LabelRange { lowest: numbers().min()?, highest: numbers().max()? })
        };
        LabelRanges::new(self.labels.iter().filter_map(|(name, l)| Some((name.clone(), range(l)?))).collect())
    }
}

/// What the live reader knows about one change.
///
/// # Errors
/// [`CaseError`] when an answer is missing, isn't what it should be, or is about something else.
pub fn live_facts(
    project: &Project,
    number: u64,
    read: &ChangeRead,
    accounts: &BTreeMap<String, Digest>,
    answers: &Answers,
) -> Result<LiveFacts, CaseError> {
    let detail = Detail::read(answers, &read.detail)?;
    if detail.number != number || detail.project != project.as_str() {
        return Err(CaseError::Answer {
            what: format!("change {number} of {project}"),
            why: format!("it is about change {} of {:?}", detail.number, detail.project),
        });
    }
    let mut addresses = detail.addresses();
    for (email, digest) in accounts {
        let found: Vec<AccountRef> =
            parse("accounts", answer(answers, digest, "the answer about an address")?)?;
        // The query matches prefixes: only an account whose own address equals it is proven.
        let own = found.iter().filter(|a| a.secondary_emails.iter().chain(&a.email).any(|own| own == email));
        addresses.entry(email.clone()).or_default().extend(own.map(|a| a.id));
    }
    Ok(LiveFacts {
        project: project.to_string(),
        labels: detail.labels(),
        accounts: addresses,
        rest: detail.rest()?,
        seen: read.seen.iter().map(object_id).collect(),
    })
}

/// A revision as git's object id.
#[must_use]
pub fn object_id(revision: &Revision) -> ObjectId {
    ObjectId::from_bytes(*revision.as_bytes())
}

/// A git object id as a revision.
#[must_use]
pub fn revision(id: &ObjectId) -> Revision {
    Revision::from_bytes(*id.as_bytes())
}
