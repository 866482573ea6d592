//! The findings about one change: one function for each row of the table, in its order.

use std::collections::BTreeSet;

use notedb::meta::{LabelStatus, RecordStatus, SubmitRecord};
use notedb::requirements::RequirementStatus;
use notedb::{ObjectId, Objects, ReadError, Refs};

use super::Judge;
use super::story::Story;
use crate::reach::Branches;
use crate::{Finding, FindingCode, Status, Vote, Why};

/// Where a merged change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnBranch {
    /// Reachable from its branch.
    Yes,
    /// Not reachable.
    No,
    /// The branch isn't there.
    NoBranch,
}

impl OnBranch {
    /// Looks it up; `None` for a change that is not merged.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub(super) fn find<O: Objects + ?Sized>(
        objects: &O,
        story: &Story<'_>,
        refs: &dyn Refs,
        branches: &Branches,
    ) -> Result<Option<Self>, ReadError> {
        if story.status != Status::Merged {
            return Ok(None);
        }
        let wanted: Vec<ObjectId> =
            [Some(story.standing.revision), story.landed_as()].into_iter().flatten().collect();
        let Some(reached) = branches.reaches(objects, refs, story.branch, &wanted)? else {
            return Ok(Some(Self::NoBranch));
        };
        Ok(Some(if reached { Self::Yes } else { Self::No }))
    }
}

/// Some reason, if it holds.
type Reason = Option<String>;

impl Judge<'_> {
    /// Everything found, in the order of the codes.
    pub(super) fn findings(&self, votes: &[Vote]) -> Vec<Finding> {
        use FindingCode as C;
        let merged = self.story.status == Status::Merged;
        let always: [(C, Reason); 6] = [
            (C::NotMerged, self.not_merged()),
            (C::HistoryRewritten, self.history_rewritten()),
            (C::RestDisagrees, self.rest_disagrees()),
            (C::ForeignServerId, self.foreign_server_id(votes)),
            (C::AuthorUnresolved, self.people.unresolved.clone()),
            (C::ReviewerUploadedEarlier, self.reviewer_uploaded_earlier(votes)),
        ];
        let of_merged: [(C, Reason); 11] = [
            (C::NoIndependentApproval, self.no_independent_approval(votes)),
            (C::Vetoed, self.vetoed(votes)),
            (C::RequirementOverridden, self.requirement_overridden()),
            (C::RequirementBypassed, self.requirement_bypassed()),
            (C::RequirementUnsatisfied, self.requirement_unsatisfied()),
            (C::SubmittedOnBehalf, self.submitted_on_behalf()),
            (C::PushedDirectly, self.pushed_directly()),
            (C::NotOnBranch, self.not_on_branch()),
            (C::EvidenceWeak, self.evidence_weak(votes)),
            (C::SubmitterIsOwner, self.submitter_is_owner()),
            (C::UpdatedAfterMerge, self.updated_after_merge()),
        ];
        let of_merged = of_merged.into_iter().filter(|_| merged);
        let held = always
            .into_iter()
            .chain(of_merged)
            .filter_map(|(code, reason)| Some(Finding::new(code, reason?)));
        let mut findings: Vec<_> = held.collect();
        findings.sort_by_key(|finding| finding.code);
        findings
    }

    fn not_merged(&self) -> Reason {
        let status = self.story.status;
        (status != Status::Merged).then(|| format!("status is {}", status.as_str()))
    }

    fn no_independent_approval(&self, votes: &[Vote]) -> Reason {
        let counts = votes.iter().any(|vote| vote.counts && self.is_review(vote));
        let labels = || self.rules.review_labels.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        (!counts).then(|| format!("no vote on {} counts", labels()))
    }

    /// Also a foreign vote vetoes; one that came after the merge, or stayed on an earlier patch set, does not.
    fn vetoed(&self, votes: &[Vote]) -> Reason {
        let vetoes = |vote: &&Vote| {
            self.is_review(vote)
                && vote.why != Some(Why::AfterSubmit)
                && vote.patch_set == self.story.standing.number
                && vote.value < 0
                && vote.value <= self.labels.lowest(&vote.label)
        };
        listed(
            votes
                .iter()
                .filter(vetoes)
                .map(|vote| format!("{}{:+} by {}", vote.label, vote.value, vote.account)),
        )
    }

    fn requirement_overridden(&self) -> Reason {
        self.requirements_with(&[RequirementStatus::Overridden])
    }

    fn requirement_bypassed(&self) -> Reason {
        let forced = self.records().iter().any(|record| record.status == RecordStatus::Forced);
        let record = forced.then(|| "submitted without asking the rules".to_owned());
        self.requirements_with(&[RequirementStatus::Forced, RequirementStatus::Bypassed]).or(record)
    }

    fn requirement_unsatisfied(&self) -> Reason {
        let results = self.requirements_with(&[RequirementStatus::Unsatisfied, RequirementStatus::Error]);
        let records = self.records();
        let of_records = records.iter().filter_map(|record| match record.status {
            RecordStatus::NotReady => Some("a submit record says not ready".to_owned()),
            RecordStatus::RuleError => Some("a submit rule failed".to_owned()),
            RecordStatus::Ok | RecordStatus::Closed | RecordStatus::Forced => None,
        });
        let labels = labels(records).filter_map(|label| match label.status {
            LabelStatus::Need | LabelStatus::Reject | LabelStatus::Impossible => {
                Some(format!("a submit record says {} is not given", label.label))
            }
            LabelStatus::Ok | LabelStatus::May => None,
        });
        listed(results.into_iter().chain(of_records).chain(labels))
    }

    fn submitted_on_behalf(&self) -> Reason {
        let real = self.submitted.as_ref().and_then(|submitted| submitted.real);
        real.map(|account| format!("really submitted by {account}"))
    }

    fn pushed_directly(&self) -> Reason {
        self.story.pushed_directly().then(|| "its commit was pushed to the branch".to_owned())
    }

    fn not_on_branch(&self) -> Reason {
        let branch = self.story.branch;
        match self.on_branch? {
            OnBranch::Yes => None,
            OnBranch::No => Some(format!("{} does not reach {}", branch, self.story.standing.revision)),
            OnBranch::NoBranch => Some(format!("there is no {branch}")),
        }
    }

    fn history_rewritten(&self) -> Reason {
        let seen = &self.live?.seen;
        let there: BTreeSet<_> = self.story.commits.iter().map(|commit| commit.id).collect();
        let mut lost = seen.iter().filter(|id| !there.contains(*id));
        lost.next()
            .map(|id| format!("meta revision {id} was seen before and is no longer part of the history"))
    }

    fn rest_disagrees(&self) -> Reason {
        let differences = self.disagreements(&self.live?.rest);
        (!differences.is_empty())
            .then(|| format!("REST and the meta history differ: {}", differences.join("; ")))
    }

    fn evidence_weak(&self, votes: &[Vote]) -> Reason {
        let (_, merge) = self.story.merge()?;
        let lacks =
            [("Submission-id", merge.submission_id.is_none()), ("Submitted-with", merge.records.is_empty())];
        let lacks: Vec<_> = lacks.into_iter().filter_map(|(what, lacks)| lacks.then_some(what)).collect();
        let lacks = (!lacks.is_empty()).then(|| format!("the merge commit lacks {}", lacks.join(", ")));
        let stale = votes.iter().filter(|vote| vote.why == Some(Why::Stale));
        let stale: BTreeSet<_> = stale.map(|vote| (vote.label.as_str(), vote.account)).collect();
        let uncarried = labels(&merge.records).filter_map(|label| {
            let voter = label.voter.as_ref().and_then(|voter| self.story.own(voter))?;
            let name = &label.label;
            stale
                .contains(&(name.as_str(), voter))
                .then(|| format!("a submit record rests on {name} of {voter}, which nothing carries"))
        });
        listed(lacks.into_iter().chain(uncarried))
    }

    fn foreign_server_id(&self, votes: &[Vote]) -> Reason {
        listed(
            votes
                .iter()
                .filter(|vote| vote.why == Some(Why::Foreign))
                .map(|vote| format!("{} of {} on another server", vote.label, vote.account)),
        )
    }

    /// Uploaders and real uploaders of the patch sets before the reviewed one, each with its number.
    pub(super) fn earlier_uploaders(&self) -> impl Iterator<Item = (u64, u32)> {
        self.story.patch_sets.range(..self.story.reviewed.number).flat_map(|(number, patch_set)| {
            let uploaders = [&patch_set.uploader, &patch_set.real_uploader];
            uploaders.into_iter().flatten().filter_map(|account| Some((self.story.own(account)?, *number)))
        })
    }

    fn reviewer_uploaded_earlier(&self, votes: &[Vote]) -> Reason {
        let counting = votes.iter().filter(|vote| vote.counts && self.is_review(vote));
        let counting: BTreeSet<_> = counting.map(|vote| vote.account).collect();
        listed(
            self.earlier_uploaders()
                .filter(|(account, _)| counting.contains(account))
                .map(|(account, number)| format!("{account} uploaded patch set {number}")),
        )
    }

    fn submitter_is_owner(&self) -> Reason {
        let by = self.submitted.as_ref().and_then(|submitted| submitted.by);
        (by == Some(self.story.owner)).then(|| "the owner submitted".to_owned())
    }

    fn updated_after_merge(&self) -> Reason {
        let (at, _) = self.story.merge()?;
        let after = self.story.commits.len().saturating_sub(at + 1);
        (after > 0).then(|| format!("{after} meta commits after the merge"))
    }

    fn is_review(&self, vote: &Vote) -> bool {
        self.rules.review_labels.contains(&vote.label)
    }

    fn records(&self) -> &[SubmitRecord] {
        self.story.merge().map_or(&[], |(_, merge)| &merge.records)
    }

    fn requirements_with(&self, statuses: &[RequirementStatus]) -> Reason {
        let with = self.requirements.iter().filter(|result| statuses.contains(&result.status));
        listed(with.map(|result| result.name.clone()))
    }
}

/// The labels of submit records; those beside a forced record are not looked at, for nobody asked them.
fn labels(records: &[SubmitRecord]) -> impl Iterator<Item = &notedb::meta::RecordLabel> {
    let forced = records.iter().any(|record| record.status == RecordStatus::Forced);
    records.iter().filter(move |_| !forced).flat_map(|record| &record.labels)
}

fn listed(parts: impl Iterator<Item = String>) -> Reason {
    let parts: Vec<_> = parts.collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
