//! The changes of a repository that is fetched again and again, kept judged: a change is judged anew only when something
//! moved on which its verdict rests.

use std::collections::{BTreeMap, BTreeSet};

use notedb::{ObjectId, Objects, ReadError, Refs};
use rayon::prelude::*;

use crate::judge::judge_on;
use crate::reach::{Branches, Moved};
use crate::{ChangeEvidence, ChangeInput, FindingCode, LabelRanges, ReviewRules};

/// A verdict rests on the change's own history, on where its branch is, and on the project's labels. So it is judged anew
/// when its meta ref moved; when `refs/meta/config` moved, with all others; when its branch went another way; and when the
/// branch went on, if it was not on it. What a branch reaches is found out once and extended.
///
/// [`offline::all`](crate::offline::all) of the same repository says the same.
#[derive(Debug, Default)]
pub struct Kept {
    rules: ReviewRules,
    config: Option<ObjectId>,
    labels: LabelRanges,
    branches: Branches,
    changes: BTreeMap<u64, ChangeEvidence>,
    /// Those of which was said that they are there, whether their verdict still holds or not.
    said: BTreeSet<u64>,
}

impl Kept {
    /// Nothing yet, to be judged by these rules.
    #[must_use]
    pub fn new(rules: ReviewRules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// The changes as they were judged last, by number; without those whose verdict is known to hold no more.
    #[must_use]
    pub const fn changes(&self) -> &BTreeMap<u64, ChangeEvidence> {
        &self.changes
    }

    /// Brings all changes up to date; on all cores. Says which were judged anew, or are gone.
    ///
    /// # Errors
    /// [`ReadError`] if the store could not answer; then what was kept is as it was, or less.
    pub fn refresh<S: Objects + Refs>(&mut self, store: &S) -> Result<BTreeSet<u64>, ReadError> {
        self.drop_moved(store)?;
        let there: BTreeMap<u64, ObjectId> = store.changes()?.into_iter().collect();
        let stale: Vec<(u64, ObjectId)> = there
            .iter()
            .map(|(n, meta)| (*n, *meta))
            .filter(|(n, meta)| !self.is_current(*n, *meta))
            .collect();
        let judged: Result<Vec<ChangeEvidence>, ReadError> =
            stale.par_iter().map(|(number, meta)| self.judged(store, *number, *meta)).collect();
        let judged = judged?;
        let gone = self.said.iter().filter(|number| !there.contains_key(*number));
        let anew = gone.copied().chain(judged.iter().map(|evidence| evidence.change.number)).collect();
        self.changes.retain(|number, _| there.contains_key(number));
        self.changes.extend(judged.into_iter().map(|evidence| (evidence.change.number, evidence)));
        self.said = there.into_keys().collect();
        Ok(anew)
    }

    /// Brings one change up to date; `None` if the repository has no such change.
    ///
    /// # Errors
    /// [`ReadError`] if the store could not answer; then what was kept is as it was, or less.
    pub fn one<S: Objects + Refs>(
        &mut self,
        store: &S,
        number: u64,
    ) -> Result<Option<&ChangeEvidence>, ReadError> {
        self.drop_moved(store)?;
        let Some(meta) = store.tip(&notedb::meta_ref(number))? else {
            self.changes.remove(&number);
            self.said.remove(&number);
            return Ok(None);
        };
        if !self.is_current(number, meta) {
            let evidence = self.judged(store, number, meta)?;
            self.changes.insert(number, evidence);
            self.said.insert(number);
        }
        Ok(self.changes.get(&number))
    }

    fn is_current(&self, number: u64, meta: ObjectId) -> bool {
        self.changes.get(&number).is_some_and(|kept| kept.meta == meta)
    }

    fn judged<S: Objects + Refs>(
        &self,
        store: &S,
        number: u64,
        meta: ObjectId,
    ) -> Result<ChangeEvidence, ReadError> {
        let input =
            ChangeInput { number, meta, refs: store, labels: &self.labels, rules: &self.rules, live: None };
        judge_on(store, &input, &self.branches)
    }

    /// Forgets every verdict that rests on something that moved, its own history apart.
    fn drop_moved<S: Objects + Refs>(&mut self, store: &S) -> Result<(), ReadError> {
        let config = store.tip("refs/meta/config")?;
        let moved = match self.branches.follow(store, store) {
            Ok(moved) => moved,
            Err(error) => {
                // Which branches were followed already isn't known.
                (self.branches, self.changes) = (Branches::default(), BTreeMap::new());
                return Err(error);
            }
        };
        if config != self.config {
            self.changes.clear();
            self.labels = LabelRanges::of_repository(store)?;
            self.config = config;
        }
        self.changes.retain(|_, kept| {
            let branch = kept.change.branch.as_ref();
            match branch.and_then(|name| moved.get(name)) {
                None => true,
                Some(Moved::On) => kept.finding(FindingCode::NotOnBranch).is_none(),
                Some(Moved::Elsewhere) => false,
            }
        });
        Ok(())
    }
}
