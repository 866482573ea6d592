//! Whether REST and NoteDb tell the same story.

use std::collections::BTreeSet;

use super::Judge;
use super::cast::acts;
use crate::{RestFacts, RestVote, Status};

impl Judge<'_> {
    /// What REST says otherwise, for people.
    pub(super) fn disagreements(&self, rest: &RestFacts) -> Vec<String> {
        let mut found = Vec::new();
        let tip = self.story.commits.last().map(|commit| commit.id);
        if rest.meta.is_some() && rest.meta != tip {
            found.push("it speaks of another meta revision".to_owned());
        }
        if rest.status != self.story.status {
            found.push(format!(
                "status is {} there and {} here",
                rest.status.as_str(),
                self.story.status.as_str()
            ));
        }
        if rest.submitter != self.submitted.as_ref().and_then(|submitted| submitted.by) {
            found.push("the submitter is another".to_owned());
        }
        let (newest, votes) = self.votes_at_tip();
        if rest.newest_patch_set != newest {
            found.push(format!("the newest patch set is {} there and {newest} here", rest.newest_patch_set));
        } else if rest.votes != votes {
            let differ = rest.votes.symmetric_difference(&votes);
            let differ: Vec<_> =
                differ.map(|vote| format!("{}={:+} of {}", vote.label, vote.value, vote.account)).collect();
            found.push(format!("only one of both has {}", differ.join(", ")));
        }
        if self.story.status == Status::Merged {
            let there: BTreeSet<_> = rest.requirements.iter().collect();
            if there != self.requirements.iter().collect() {
                found.push("the requirement results are others".to_owned());
            }
        }
        found
    }

    /// The newest patch set at the tip, and the votes of the change's own accounts that stand on it there.
    fn votes_at_tip(&self) -> (u32, BTreeSet<RestVote>) {
        let newest = self
            .story
            .commits
            .iter()
            .filter(|commit| commit.revision.is_some())
            .map(|commit| commit.patch_set);
        let newest = newest.max().unwrap_or_default();
        let votes = acts(self.story).into_iter().filter_map(|((account, label), acts)| {
            let last = acts.iter().rev().find(|act| act.patch_set == newest).filter(|act| act.value != 0)?;
            Some(RestVote { label, account: self.story.own(&account)?, value: last.value })
        });
        (newest, votes.collect())
    }
}
