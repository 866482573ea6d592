//! Walks over commits, cheap and lazy.

mod difference;
mod paint;

use std::collections::{BinaryHeap, HashSet};

use crate::commit::Links;
use crate::{Commit, Kind, ObjectId, Objects, ReadError};

pub use difference::difference;
pub use paint::Ancestry;

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

    /// From one more tip.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub fn extend<O: Objects + ?Sized>(&mut self, objects: &O, tip: ObjectId) -> Result<(), ReadError> {
        self.push(objects, tip)
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
    fn a_hidden_commit_dated_decades_back_makes_a_range_no_longer() {
        let mut objects = MapObjects::new();
        let mut line = vec![commit(&mut objects, 1_000_000, &[], "root")];
        for at in 1..50 {
            let parent = line[at - 1];
            line.push(commit(&mut objects, 1_000_000 + at as i64, &[parent], "line"));
        }
        // the base's own side was merged long ago; one commit on the way to it has a clock of the seventies
        let seventies = commit(&mut objects, 1, &[line[40]], "seventies");
        let base = commit(&mut objects, 1_000_060, &[seventies], "base");
        // a change made on an old commit, merged onto the base
        let side = commit(&mut objects, 1_000_061, &[line[30]], "side");
        let tip = commit(&mut objects, 1_000_062, &[base, side], "tip");
        let mut expected = vec![side, tip];
        expected.sort_unstable();
        assert_eq!(ids(&objects, tip, base), expected);
        assert_eq!(
            ids(&objects, line[49], base),
            line[41..]
                .iter()
                .copied()
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_a_range_is_doesnt_need_the_whole_history() {
        let mut objects = MapObjects::new();
        let mut line = vec![commit(&mut objects, 1, &[], "root")];
        for at in 1..500 {
            let parent = line[at - 1];
            line.push(commit(&mut objects, 1 + at as i64, &[parent], "line"));
        }
        let side = commit(&mut objects, 1000, &[line[480]], "side");
        let tip = commit(&mut objects, 1001, &[line[499], side], "tip");
        let recorder = crate::Recorder::new(&objects);
        assert_eq!(difference(&recorder, &[tip], &[line[499]]).unwrap().len(), 2);
        assert!(recorder.into_recorded().len() < 40);
    }

    /// Commits on random parents, with random clocks, and for each what it reaches.
    fn random(seed: u64) -> (MapObjects, Vec<ObjectId>, Vec<HashSet<ObjectId>>) {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut below = |n: usize| {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
        };
        let (mut objects, mut all, mut reach) = (MapObjects::new(), Vec::new(), Vec::new());
        for at in 0..40 {
            let parents: std::collections::BTreeSet<usize> =
                if at == 0 { [].into() } else { (0..below(3)).map(|_| at - 1 - below(at.min(8))).collect() };
            let mut reached: HashSet<ObjectId> = HashSet::new();
            for parent in &parents {
                let of: &HashSet<ObjectId> = &reach[*parent];
                reached.extend(of);
            }
            let ids: Vec<ObjectId> = parents.iter().map(|parent| all[*parent]).collect();
            // every fourth clock is off by anything
            let seconds = if below(4) == 0 { below(2000) } else { 1000 + at };
            let id = commit(&mut objects, seconds as i64, &ids, &format!("{at}"));
            reached.insert(id);
            all.push(id);
            reach.push(reached);
        }
        (objects, all, reach)
    }

    #[test]
    fn differences_and_ancestry_are_exact_whatever_the_clocks_say() {
        for seed in 0..60 {
            let (objects, all, reach) = random(seed);
            let ancestry = Ancestry::new(&objects, &all[20..]).unwrap();
            for tip in 20..40 {
                for hidden in 20..40 {
                    let expected: std::collections::BTreeSet<ObjectId> =
                        reach[tip].difference(&reach[hidden]).copied().collect();
                    let found = difference(&objects, &[all[tip]], &[all[hidden]]).unwrap();
                    assert!(found.keys().eq(&expected), "seed {seed}: {tip} without {hidden}");
                    let is = ancestry.is_ancestor(&all[hidden], &all[tip]);
                    assert_eq!(is, reach[tip].contains(&all[hidden]), "seed {seed}: {hidden} below {tip}");
                }
                let two = [all[20], all[39 - tip % 7]];
                let mut expected: std::collections::BTreeSet<ObjectId> = reach[tip].iter().copied().collect();
                expected.retain(|id| !reach[20].contains(id) && !reach[39 - tip % 7].contains(id));
                let found = difference(&objects, &[all[tip]], &two).unwrap();
                assert!(found.keys().eq(&expected), "seed {seed}: {tip} without two");
            }
        }
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
        // Nothing at all; and what lies on a merge of two long histories.
        let counting = Counting(&objects, Default::default());
        assert!(difference(&counting, &[base], &[base]).unwrap().is_empty());
        assert!(counting.1.into_inner() < 10);
        let other = (1..900).fold(commit(&mut objects, 1, &[], "y"), |parent, second| {
            commit(&mut objects, second, &[parent], "y")
        });
        let merge = commit(&mut objects, 1_500, &[base, other], "merge");
        let above = commit(&mut objects, 2_000, &[merge], "above");
        let counting = Counting(&objects, Default::default());
        assert_eq!(
            difference(&counting, &[above], &[merge]).unwrap().into_keys().collect::<Vec<_>>(),
            [above]
        );
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
