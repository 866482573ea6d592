//! Which changes are submitted with one: what it stands on, and, where the site says so, its topic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::change::Change;
use crate::git::walk;
use crate::refusal::Refusal;
use crate::world::World;

use super::{Batch, Member};

impl World {
    /// The batches that go together with a change, by project and branch.
    pub(super) fn select(&self, pressed: &Change) -> Result<Vec<Batch>, Refusal> {
        let mut chosen: BTreeMap<u32, Arc<Change>> = BTreeMap::new();
        let mut todo = vec![self.must_change(pressed.number)?];
        while let Some(change) = todo.pop() {
            if chosen.contains_key(&change.number) {
                continue;
            }
            todo.extend(self.below(&change)?);
            if let Some(topic) = change.topic.as_ref().filter(|_| self.whole_topic) {
                todo.extend(self.indexed().filter(|c| c.is_new() && c.topic.as_ref() == Some(topic)));
            }
            chosen.insert(change.number, change);
        }
        let places: BTreeSet<(String, String)> =
            chosen.values().map(|change| (change.project.clone(), change.branch.clone())).collect();
        places.into_iter().map(|(project, branch)| self.batch(&chosen, project, branch)).collect()
    }

    /// The open changes that a change's commit stands on.
    pub(super) fn below(&self, change: &Change) -> Result<Vec<Arc<Change>>, Refusal> {
        if self.submit_type(&change.project) == "CHERRY_PICK" {
            return Ok(Vec::new());
        }
        let repo = self.must_repo(&change.project)?;
        let head: Vec<_> = repo.reference(&change.branch).into_iter().collect();
        let open = self.open_on(&change.project, &change.branch);
        let mut found = Vec::new();
        for commit in walk::new_commits(&repo, change.current_commit(), &head)? {
            if commit.id == change.current_commit() {
                continue;
            }
            if let Some(below) = open.iter().find(|c| c.current_commit() == commit.id) {
                found.push(Arc::clone(below));
                continue;
            }
            let outdated = open.iter().any(|c| c.patch_sets.values().any(|p| p.commit == commit.id));
            let unknown =
                self.indexed().any(|c| c.project == change.project && c.current_commit() == commit.id);
            if outdated || unknown {
                return Err(Refusal::conflict(format!(
                    "Failed to submit 1 change due to the following problems:\nChange {}: Depends on change that was \
                     not submitted.",
                    change.number
                )));
            }
        }
        Ok(found)
    }

    fn batch(
        &self,
        chosen: &BTreeMap<u32, Arc<Change>>,
        project: String,
        branch: String,
    ) -> Result<Batch, Refusal> {
        let repo = self.must_repo(&project)?;
        let head: Vec<_> = repo.reference(&branch).into_iter().collect();
        let here: Vec<&Arc<Change>> =
            chosen.values().filter(|c| c.project == project && c.branch == branch).collect();
        let mut order = Vec::new();
        for change in &here {
            for commit in walk::new_commits(&repo, change.current_commit(), &head)? {
                if !order.contains(&commit.id) {
                    order.push(commit.id);
                }
            }
        }
        let mut changes = Vec::new();
        for change in here {
            let commit = repo.commit(change.current_commit())?;
            let results = self.requirement_results(change)?;
            changes.push(Member { change: Arc::clone(change), commit, results });
        }
        changes.sort_by_key(|member| order.iter().position(|id| *id == member.commit.id));
        let submit_type = self.submit_type(&project);
        Ok(Batch { project, branch, repo, submit_type, changes })
    }

    /// All changes that would be submitted with this one, itself included, newest first.
    pub(crate) fn together(&self, change: &Change) -> Result<Vec<Arc<Change>>, Refusal> {
        let batches = self.select(change)?;
        let mut found: Vec<Arc<Change>> = batches
            .iter()
            .flat_map(|batch| batch.changes.iter().rev())
            .map(|m| Arc::clone(&m.change))
            .collect();
        // the one that was asked for leads its own chain
        found.sort_by_key(|c| (c.project != change.project, std::cmp::Reverse(c.number)));
        Ok(found)
    }
}
