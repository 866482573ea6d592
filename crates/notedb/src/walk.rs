//! Walks over commits, cheap and lazy.

use std::collections::{BTreeMap, BinaryHeap, HashSet};

use crate::commit::Links;
use crate::{Commit, Kind, ObjectId, Objects, ReadError};

/// The parents and the committer's second of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitLinks {
    /// The parents, in order.
    pub parents: Vec<ObjectId>,
    /// Committer time, seconds since 1970; 0 if unreadable. Good for the order of a search, never for a verdict.
    pub seconds: i64,
}

/// Parents and time of a commit; `None` if it is not there or no commit.
///
/// # Errors
/// [`ReadError`] of the store.
pub fn links<O: Objects + ?Sized>(objects: &O, id: &ObjectId) -> Result<Option<CommitLinks>, ReadError> {
    let Some(object) = objects.get(id)?.filter(|object| object.kind == Kind::Commit) else { return Ok(None) };
    Ok(Links::parse(&object.data).map(|links| CommitLinks { parents: links.parents, seconds: links.seconds }))
}

/// A whole commit; `None` if it is not there, no commit, or none that parses.
///
/// # Errors
/// [`ReadError`] of the store.
pub fn commit<O: Objects + ?Sized>(objects: &O, id: &ObjectId) -> Result<Option<Commit>, ReadError> {
    let object = objects.get(id)?.filter(|object| object.kind == Kind::Commit);
    Ok(object.and_then(|object| Commit::parse(*id, &object.data).ok()))
}

/// What can be reached from some commits, found out only as far as it is asked for.
///
/// The search goes by committer time, newest first, so that what lies near the tips is found after few reads; but
/// only an exhausted search says no, so wrong clocks cost time and never truth. A commit that is not in the store ends
/// that way of the search.
#[derive(Debug, Default)]
pub struct Reach {
    seen: HashSet<ObjectId>,
    queue: BinaryHeap<(i64, ObjectId)>,
}

impl Reach {
    /// From these tips, which are reached themselves if they are commits in the store.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub fn new<O: Objects + ?Sized>(objects: &O, tips: &[ObjectId]) -> Result<Self, ReadError> {
        let mut reach = Self::default();
        for tip in tips {
            reach.push(objects, *tip)?;
        }
        Ok(reach)
    }

    fn push<O: Objects + ?Sized>(&mut self, objects: &O, id: ObjectId) -> Result<(), ReadError> {
        if !self.seen.contains(&id)
            && let Some(links) = links(objects, &id)?
        {
            self.seen.insert(id);
            self.queue.push((links.seconds, id));
        }
        Ok(())
    }

    /// Whether the commit is reached.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub fn contains<O: Objects + ?Sized>(&mut self, objects: &O, id: &ObjectId) -> Result<bool, ReadError> {
        while !self.seen.contains(id) {
            let Some((_, next)) = self.queue.pop() else { return Ok(false) };
            for parent in links(objects, &next)?.map(|links| links.parents).unwrap_or_default() {
                self.push(objects, parent)?;
            }
        }
        Ok(true)
    }

    /// All that is reached.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub fn all<O: Objects + ?Sized>(mut self, objects: &O) -> Result<HashSet<ObjectId>, ReadError> {
        while let Some((_, next)) = self.queue.pop() {
            for parent in links(objects, &next)?.map(|links| links.parents).unwrap_or_default() {
                self.push(objects, parent)?;
            }
        }
        Ok(self.seen)
    }
}

/// The commits reachable from `tips` and not from `hidden`, with their parents, by id.
///
/// Both sides are walked together by committer time, newest first, until nothing is left that could matter. A clock
/// that ran wrong by more than the range is long can leave a commit in that is in `hidden` too; it never takes one out
/// that is not.
///
/// # Errors
/// [`ReadError`] of the store.
pub fn difference<O: Objects + ?Sized>(
    objects: &O,
    tips: &[ObjectId],
    hidden: &[ObjectId],
) -> Result<BTreeMap<ObjectId, CommitLinks>, ReadError> {
    let mut walk = Difference::default();
    for (ids, hide) in [(hidden, true), (tips, false)] {
        for id in ids {
            walk.reach(objects, *id, hide)?;
        }
    }
    walk.run(objects)?;
    Ok(walk.commits.into_iter().filter(|(id, _)| !walk.hidden.contains(id)).collect())
}

#[derive(Default)]
struct Difference {
    commits: BTreeMap<ObjectId, CommitLinks>,
    hidden: HashSet<ObjectId>,
    queue: BinaryHeap<(i64, ObjectId)>,
    /// The oldest second of anything in the range, below which the hidden side need not be followed.
    oldest: Option<i64>,
}

impl Difference {
    fn reach<O: Objects + ?Sized>(&mut self, objects: &O, id: ObjectId, hide: bool) -> Result<(), ReadError> {
        if hide {
            // What was taken for wanted and turns out hidden takes its known ancestors with it.
            let mut stack = vec![id];
            while let Some(id) = stack.pop() {
                if self.hidden.insert(id)
                    && let Some(known) = self.commits.get(&id)
                {
                    stack.extend(&known.parents);
                }
            }
        }
        if self.commits.contains_key(&id) {
            return Ok(());
        }
        if let Some(links) = links(objects, &id)? {
            self.queue.push((links.seconds, id));
            if !self.hidden.contains(&id) {
                self.oldest = Some(self.oldest.map_or(links.seconds, |oldest| oldest.min(links.seconds)));
            }
            self.commits.insert(id, links);
        }
        Ok(())
    }

    fn run<O: Objects + ?Sized>(&mut self, objects: &O) -> Result<(), ReadError> {
        while let Some((seconds, id)) = self.queue.pop() {
            let queued_hidden = self.hidden.contains(&id);
            if queued_hidden
                && self.oldest.is_none_or(|oldest| seconds < oldest)
                && self.queue.iter().all(|(_, id)| self.hidden.contains(id))
            {
                break;
            }
            let parents = self.commits.get(&id).map(|links| links.parents.clone()).unwrap_or_default();
            for parent in parents {
                self.reach(objects, parent, queued_hidden)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MapObjects;

    /// A commit at a second, with a message of its own.
    fn commit(objects: &mut MapObjects, seconds: i64, parents: &[ObjectId], name: &str) -> ObjectId {
        let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let text = format!(
            "tree {tree}\n{parents}author A <a@b> 0 +0000\ncommitter A <a@b> {seconds} +0000\n\n{name}\n"
        );
        objects.insert(Kind::Commit, text.into_bytes())
    }

    fn ids(objects: &MapObjects, tip: ObjectId, hidden: ObjectId) -> Vec<ObjectId> {
        difference(objects, &[tip], &[hidden]).unwrap().into_keys().collect()
    }

    #[test]
    fn reach_says_yes_to_ancestors_and_no_to_others() {
        let mut objects = MapObjects::new();
        let root = commit(&mut objects, 1, &[], "root");
        let left = commit(&mut objects, 2, &[root], "left");
        let right = commit(&mut objects, 3, &[root], "right");
        let mut reach = Reach::new(&objects, &[left]).unwrap();
        assert!(reach.contains(&objects, &root).unwrap() && reach.contains(&objects, &left).unwrap());
        assert!(!reach.contains(&objects, &right).unwrap());
        assert_eq!(
            Reach::new(&objects, &[right]).unwrap().all(&objects).unwrap(),
            HashSet::from([root, right])
        );
    }

    #[test]
    fn a_difference_leaves_out_what_both_reach() {
        let mut objects = MapObjects::new();
        let root = commit(&mut objects, 1, &[], "root");
        let base = commit(&mut objects, 2, &[root], "base");
        let side = commit(&mut objects, 2, &[root], "side");
        let merge = commit(&mut objects, 3, &[base, side], "merge");
        let mut expected = vec![side, merge];
        expected.sort_unstable();
        assert_eq!(ids(&objects, merge, base), expected);
        assert_eq!(ids(&objects, base, merge), []);
        assert_eq!(ids(&objects, base, base), []);
    }

    #[test]
    fn a_clock_that_ran_wrong_within_the_range_changes_nothing() {
        let mut objects = MapObjects::new();
        let root = commit(&mut objects, 100, &[], "root");
        let base = commit(&mut objects, 1, &[root], "base, with a clock far behind");
        let old = commit(&mut objects, 50, &[base], "old");
        let tip = commit(&mut objects, 200, &[old], "tip");
        let mut expected = vec![old, tip];
        expected.sort_unstable();
        assert_eq!(ids(&objects, tip, base), expected);
    }

    #[test]
    fn a_parent_that_is_not_there_ends_that_way() {
        let mut objects = MapObjects::new();
        let tip = commit(&mut objects, 1, &[ObjectId::from_bytes([9; 20])], "cut off");
        assert!(
            !Reach::new(&objects, &[tip])
                .unwrap()
                .contains(&objects, &ObjectId::from_bytes([9; 20]))
                .unwrap()
        );
        assert_eq!(ids(&objects, tip, ObjectId::from_bytes([8; 20])), [tip]);
    }

    #[test]
    fn what_looks_like_a_commit_and_is_none_is_none() {
        let mut objects = MapObjects::new();
        let real = commit(&mut objects, 1, &[], "x");
        let data = objects.get(&real).unwrap().unwrap().data.to_vec();
        let posing = objects.insert(Kind::Blob, data);
        assert_eq!((links(&objects, &posing), super::commit(&objects, &posing)), (Ok(None), Ok(None)));
        assert!(super::commit(&objects, &real).unwrap().is_some());
    }

    #[test]
    fn what_turns_out_to_be_hidden_takes_its_ancestors_with_it() {
        let mut objects = MapObjects::new();
        let oldest = commit(&mut objects, 90, &[], "oldest");
        let root = commit(&mut objects, 100, &[oldest], "root");
        let base = commit(&mut objects, 95, &[root], "base, with a clock behind");
        let tip = commit(&mut objects, 200, &[base, root], "tip");
        assert_eq!(ids(&objects, tip, base), [tip]);
    }

    /// Counts what is read.
    struct Counting<'a>(&'a MapObjects, std::sync::atomic::AtomicUsize);

    impl Objects for Counting<'_> {
        fn get(&self, id: &ObjectId) -> Result<Option<crate::Object>, ReadError> {
            self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            self.0.get(id)
        }
    }

    #[test]
    fn of_a_long_history_only_what_could_matter_is_read() {
        let mut objects = MapObjects::new();
        let history: Vec<_> = (1..1_000).fold(Vec::new(), |mut all: Vec<ObjectId>, second| {
            let parents: Vec<_> = all.last().copied().into_iter().collect();
            all.push(commit(&mut objects, second, &parents, "x"));
            all
        });
        let base = history[990];
        let tip = commit(&mut objects, 2_000, &[base], "tip");
        let counting = Counting(&objects, Default::default());
        assert_eq!(difference(&counting, &[tip], &[base]).unwrap().into_keys().collect::<Vec<_>>(), [tip]);
        assert!(counting.1.into_inner() < 10);
        // A branch that began long ago: as far back as it began, and no further.
        let side = commit(&mut objects, 2_001, &[history[900]], "side");
        let counting = Counting(&objects, Default::default());
        assert_eq!(difference(&counting, &[side], &[base]).unwrap().into_keys().collect::<Vec<_>>(), [side]);
        assert!((80..120).contains(&counting.1.into_inner()));
    }

    #[test]
    fn a_difference_of_any_graph_whose_clocks_run_right_is_exact() {
        // Every graph of five commits in which each has up to two of those before as parents.
        let choices = |n: usize| -> Vec<Vec<usize>> {
            let mut all = vec![vec![]];
            all.extend((0..n).map(|one| vec![one]));
            all.extend((0..n).flat_map(|one| (0..one).map(move |other| vec![one, other])));
            all
        };
        let mut graphs: Vec<Vec<Vec<usize>>> = vec![vec![]];
        for n in 0..5 {
            graphs = graphs
                .iter()
                .flat_map(|graph| {
                    choices(n).into_iter().map(move |parents| [graph.as_slice(), &[parents]].concat())
                })
                .collect();
        }
        assert!(graphs.len() > 100);
        for graph in graphs {
            let mut objects = MapObjects::new();
            let mut made: Vec<ObjectId> = Vec::new();
            let mut reach: Vec<HashSet<usize>> = Vec::new();
            for (n, parents) in graph.iter().enumerate() {
                let ids: Vec<ObjectId> = parents.iter().map(|parent| made[*parent]).collect();
                made.push(commit(&mut objects, n as i64 / 2, &ids, &n.to_string()));
                let mut reached: HashSet<usize> =
                    parents.iter().flat_map(|parent| reach[*parent].clone()).collect();
                reached.insert(n);
                reach.push(reached);
            }
            for (tip, hidden) in (0..5).flat_map(|tip| (0..5).map(move |hidden| (tip, hidden))) {
                let mut expected: Vec<_> = reach[tip].difference(&reach[hidden]).map(|n| made[*n]).collect();
                expected.sort_unstable();
                assert_eq!(ids(&objects, made[tip], made[hidden]), expected, "{graph:?} {tip} {hidden}");
            }
        }
    }
}
