//! The merged changes of a repository, by the commits that they brought.

use std::collections::BTreeMap;

use notedb::ObjectId;

use crate::{ChangeEvidence, Status};

/// A merged change, as ranges need it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Merged {
    pub(super) number: u64,
    pub(super) branch: String,
    pub(super) reviewed: bool,
    /// The labels on which a vote counts.
    pub(super) counting: Vec<String>,
}

/// The merged changes of all branches, by their revision and by the commit that their merge message names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MergedChanges(BTreeMap<ObjectId, Vec<Merged>>);

impl MergedChanges {
    /// Takes in a change; one that is not merged is passed over. A change taken in again replaces what was known.
    pub fn insert(&mut self, evidence: &ChangeEvidence) {
        let number = evidence.change.number;
        for known in self.0.values_mut() {
            known.retain(|merged| merged.number != number);
        }
        self.add(evidence);
    }

    fn add(&mut self, evidence: &ChangeEvidence) {
        let (Some(Status::Merged), Some(branch)) = (evidence.status, &evidence.change.branch) else { return };
        let mut counting: Vec<_> = evidence.counting_votes().map(|vote| vote.label.clone()).collect();
        counting.dedup();
        let merged = Merged {
            number: evidence.change.number,
            branch: branch.clone(),
            reviewed: evidence.reviewed,
            counting,
        };
        for commit in [evidence.revision, evidence.landed_as].into_iter().flatten() {
            let known = self.0.entry(commit).or_default();
            known.push(merged.clone());
            known.sort();
        }
    }

    /// The change of this branch that brought the commit. Of several, one that is not reviewed, then the lowest number.
    pub(super) fn on(&self, branch: &str, commit: &ObjectId) -> Option<&Merged> {
        self.pick(commit, |merged| merged.branch == branch)
    }

    /// The change of another branch that brought the commit.
    pub(super) fn elsewhere(&self, branch: &str, commit: &ObjectId) -> Option<&Merged> {
        self.pick(commit, |merged| merged.branch != branch)
    }

    fn pick(&self, commit: &ObjectId, fits: impl Fn(&&Merged) -> bool) -> Option<&Merged> {
        self.0.get(commit)?.iter().filter(fits).min_by_key(|merged| (merged.reviewed, merged.number))
    }
}

impl<'a> FromIterator<&'a ChangeEvidence> for MergedChanges {
    /// Takes in many changes, each once.
    fn from_iter<I: IntoIterator<Item = &'a ChangeEvidence>>(evidence: I) -> Self {
        let mut changes = Self::default();
        evidence.into_iter().for_each(|one| changes.add(one));
        changes
    }
}
