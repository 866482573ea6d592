//! Whether a vote counts: one function for each reason, the first that holds.

use super::Judge;
use super::standing::Standing;
use crate::{Vote, Why};

impl Judge<'_> {
    /// The vote as it is said, judged.
    pub(super) fn vote(&self, vote: &Standing) -> Vote {
        let why = self.why(vote);
        Vote {
            label: vote.label.clone(),
            value: vote.value,
            account: vote.account.number,
            real: vote.real.as_ref().map(|real| real.number),
            patch_set: vote.patch_set,
            copied: vote.copied,
            at: vote.time,
            counts: why.is_none(),
            why,
        }
    }

    /// Why a vote doesn't count, if it doesn't.
    fn why(&self, vote: &Standing) -> Option<Why> {
        let rules: [(Why, bool); 6] = [
            (Why::AfterSubmit, vote.late),
            (Why::Foreign, self.is_foreign(vote)),
            (Why::OnBehalf, vote.on_behalf),
            (Why::Own, self.is_own(vote)),
            (Why::Stale, self.is_stale(vote)),
            (Why::NotMax, self.is_below_need(vote)),
        ];
        rules.into_iter().find(|(_, holds)| *holds).map(|(why, _)| why)
    }

    /// The account is of another server.
    pub(super) fn is_foreign(&self, vote: &Standing) -> bool {
        self.story.own(&vote.account).is_none()
    }

    /// The voter contributed to the patch set that was reviewed.
    fn is_own(&self, vote: &Standing) -> bool {
        self.story.own(&vote.account).is_some_and(|account| self.people.barred.contains(&account))
    }

    /// It stands on an earlier patch set, and nothing carried it to the one that stands.
    fn is_stale(&self, vote: &Standing) -> bool {
        vote.patch_set != self.story.standing.number
    }

    /// It is below what its label needs.
    fn is_below_need(&self, vote: &Standing) -> bool {
        vote.value < self.labels.needed(&vote.label, self.rules)
    }
}
