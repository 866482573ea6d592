//! What policy is asked: a pure value with everything that a decision needs, stored with the decision, and asked again
//! offline by the verifier.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Canonical, ChangeNumber, EnvironmentName, Mode, OperationName, PersonKey, Project, RefName, Revision,
    RoleName, ServerName,
};
use serde::{Deserialize, Serialize};

/// One question to policy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// `exequatur.question/1`
    pub schema: String,
    /// May this be done?
    pub asked: Asked,
    /// What we read about the range.
    pub range: RangeFacts,
    /// The roles of every person whom this question names; a person who has none stands here with none. Who isn't here
    /// has none.
    pub roles: BTreeMap<PersonKey, BTreeSet<RoleName>>,
    /// Who pressed Submit, where a link names the person.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub submitter: Option<PersonKey>,
    /// Who asked for it, where it was a request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub requester: Option<PersonKey>,
    /// Consents to this very plan, verified.
    pub consents: Vec<Consent>,
    /// Names of the freezes in force for it.
    pub freezes: BTreeSet<String>,
    /// Targets that don't run what our record says.
    pub drift: BTreeSet<String>,
    /// Holds on it.
    pub holds: BTreeSet<String>,
    /// How old the oldest fact is, in seconds.
    pub facts_age_s: u32,
}

impl Question {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.question/1";
}

impl Canonical for Question {
    const DOMAIN: &'static str = "exequatur.question/1";
}

/// What may be asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Asked {
    /// To run an operation in an environment.
    Run(Run),
    /// To accept a commit of the operations project (I5). Judged by the policies accepted *before* it.
    Accept(Accept),
}

/// An operation in an environment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The operation.
    pub operation: OperationName,
    /// The environment.
    pub environment: EnvironmentName,
    /// Its mode.
    pub mode: Mode,
    /// `review.people`
    pub people: u32,
    /// The environment's `approve`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub approve: Option<Approve>,
}

/// The approval of the plan itself that an environment asks for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// Of this role.
    pub role: RoleName,
    /// So many distinct persons.
    pub people: u32,
    /// Each present: a consent with proof of presence.
    pub present: bool,
}

/// A commit of the operations project.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The commit that wants to be in force.
    pub commit: Revision,
}

/// What we read about a range.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeFacts {
    /// The server.
    pub server: ServerName,
    /// The project.
    pub project: Project,
    /// The branch.
    pub branch: RefName,
    /// Where the range begins.
    pub base: Revision,
    /// Where it ends: the revision that would run.
    pub tip: Revision,
    /// Whether evidence calls the whole range reviewed.
    pub reviewed: bool,
    /// Codes of the range's own findings (`empty-range`, …).
    pub findings: BTreeSet<String>,
    /// How many commits it brings.
    pub commits: u32,
    /// How many of them are `unaccounted`.
    pub unaccounted: u32,
    /// Every change that accounts for a commit of the range, in ascending order of number.
    pub changes: Vec<ChangeFacts>,
}

/// What we read about one change of the range. Persons, never accounts: an account that no link names is only counted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeFacts {
    /// Its number.
    pub number: ChangeNumber,
    /// Whether evidence calls it reviewed.
    pub reviewed: bool,
    /// Codes of its findings.
    pub findings: BTreeSet<String>,
    /// Persons with a counting vote on a review label.
    pub approvers: BTreeSet<PersonKey>,
    /// Accounts with such a vote that no link names.
    pub unlinked_approvers: u32,
    /// Persons who contributed: owner, uploaders, author, committer, co-authors.
    pub contributors: BTreeSet<PersonKey>,
    /// Accounts that contributed and that no link names.
    pub unlinked_contributors: u32,
    /// Persons who uploaded an earlier patch set, whose lines may still be in (`reviewer-uploaded-earlier`).
    pub earlier_uploaders: BTreeSet<PersonKey>,
}

/// A verified consent to this plan.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// By whom.
    pub person: PersonKey,
    /// Whether it proves presence.
    pub present: bool,
}

impl ChangeFacts {
    /// The distinct persons whose vote counts and who did nothing to this change, nor asked for the run.
    #[must_use]
    pub fn independent(&self, requester: Option<&PersonKey>) -> BTreeSet<&PersonKey> {
        self.approvers
            .iter()
            .filter(|p| !self.contributors.contains(*p))
            .filter(|p| !self.earlier_uploaders.contains(*p))
            .filter(|p| Some(*p) != requester)
            .collect()
    }
}

impl Question {
    /// The fewest independent persons that any change of the range has; of no changes, none (empty is not yes).
    #[must_use]
    pub fn independent(&self) -> usize {
        self.range.changes.iter().map(|c| c.independent(self.requester.as_ref()).len()).min().unwrap_or(0)
    }

    /// The same, if each unlinked reviewer were one person more.
    #[must_use]
    pub fn independent_if_linked(&self) -> usize {
        let of = |c: &ChangeFacts| {
            let unlinked = usize::try_from(c.unlinked_approvers).unwrap_or(usize::MAX);
            c.independent(self.requester.as_ref()).len().saturating_add(unlinked)
        };
        self.range.changes.iter().map(of).min().unwrap_or(0)
    }

    /// Everybody who contributed to any change of the range.
    #[must_use]
    pub fn contributors(&self) -> BTreeSet<&PersonKey> {
        self.range.changes.iter().flat_map(|c| &c.contributors).collect()
    }

    /// Whether that person has that role.
    #[must_use]
    pub fn has_role(&self, person: &PersonKey, role: &RoleName) -> bool {
        self.roles.get(person).is_some_and(|roles| roles.contains(role))
    }

    /// How many distinct persons gave the approval that the environment asks for: of its role, present if asked, and
    /// neither a contributor of the range nor the requester. A vote on a merged change is never one (I4).
    #[must_use]
    pub fn approvals(&self) -> usize {
        self.approved_by().len()
    }

    /// Those persons. Who uploaded an earlier patch set, whose lines may still be in, is none of them either.
    #[must_use]
    pub fn approved_by(&self) -> BTreeSet<&PersonKey> {
        let Asked::Run(Run { approve: Some(approve), .. }) = &self.asked else { return BTreeSet::new() };
        let mut others = self.contributors();
        others.extend(self.range.changes.iter().flat_map(|change| &change.earlier_uploaders));
        others.extend(&self.requester);
        self.consents
            .iter()
            .filter(|c| c.present || !approve.present)
            .map(|c| &c.person)
            .filter(|p| self.has_role(p, &approve.role) && !others.contains(p))
            .collect()
    }

    /// The roles for which every change of the range has an independent approver.
    #[must_use]
    pub fn approver_roles(&self) -> BTreeSet<&RoleName> {
        let of = |c: &ChangeFacts| -> BTreeSet<RoleName> {
            let people = c.independent(self.requester.as_ref());
            people.into_iter().filter_map(|p| self.roles.get(p)).flatten().cloned().collect()
        };
        let everywhere: Vec<BTreeSet<RoleName>> = self.range.changes.iter().map(of).collect();
        let known: BTreeSet<&RoleName> = self.roles.values().flatten().collect();
        if everywhere.is_empty() {
            return BTreeSet::new();
        }
        known.into_iter().filter(|role| everywhere.iter().all(|have| have.contains(*role))).collect()
    }
}
