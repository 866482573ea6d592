//! Walks find what a naive one finds, over any graph and whatever the clocks say, and read no more than that takes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which lie outside of test functions"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use notedb::walk::{Ancestry, Reach, difference};
use notedb::{Kind, Object, ObjectId, Objects, ReadError};
use proptest::prelude::*;

/// One commit: parents are earlier ones.
#[derive(Debug, Clone, Default)]
struct Node {
    parents: Vec<usize>,
    seconds: i64,
    /// It is named by others, and not in the store.
    lost: bool,
}

/// A history, which counts what is read of it. The id of a commit says its place, and not in the order of places.
#[derive(Debug, Default)]
struct Graph {
    nodes: Vec<Node>,
    reads: Mutex<BTreeMap<usize, usize>>,
    /// The one commit of which the store can't say whether it is there.
    broken: Option<usize>,
}

fn id(place: usize) -> ObjectId {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&(place as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    bytes[12..].copy_from_slice(&(place as u64).to_be_bytes());
    ObjectId::from_bytes(bytes)
}

fn ids(places: &[usize]) -> Vec<ObjectId> {
    places.iter().copied().map(id).collect()
}

fn place(id: &ObjectId) -> usize {
    u64::from_be_bytes(id.as_bytes()[12..].try_into().unwrap()) as usize
}

impl Objects for Graph {
    fn get(&self, id: &ObjectId) -> Result<Option<Object>, ReadError> {
        let place = place(id);
        if self.broken == Some(place) {
            return Err(ReadError::Object { id: *id, reason: "the disk is gone".to_owned() });
        }
        *self.reads.lock().unwrap().entry(place).or_default() += 1;
        let node = &self.nodes[place];
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let parents: String = ids(&node.parents).iter().map(|parent| format!("parent {parent}\n")).collect();
        let seconds = node.seconds;
        let text = format!(
            "tree {tree}\n{parents}author A <a@b> 0 +0000\ncommitter A <a@b> {seconds} +0000\n\nsay\n"
        );
        Ok((!node.lost).then(|| Object::new(Kind::Commit, text.into_bytes())))
    }
}

impl Graph {
    fn add(&mut self, seconds: i64, parents: &[usize]) -> usize {
        self.nodes.push(Node { parents: parents.to_vec(), seconds, lost: false });
        self.nodes.len() - 1
    }

    /// So many commits in a row, each a second after the one below it; the last of them.
    fn line(&mut self, below: &[usize], from: i64, count: i64) -> usize {
        let mut parents = below.to_vec();
        for second in from..from + count {
            parents = vec![self.add(second, &parents)];
        }
        parents[0]
    }

    /// What each commit reaches, itself included, by the book.
    fn reached(&self) -> Vec<BTreeSet<usize>> {
        let mut all: Vec<BTreeSet<usize>> = Vec::new();
        for (place, node) in self.nodes.iter().enumerate() {
            let mut reached = BTreeSet::new();
            if !node.lost {
                reached.insert(place);
                node.parents.iter().for_each(|parent| reached.extend(&all[*parent]));
            }
            all.push(reached);
        }
        all
    }

    fn difference(&self, tips: &[usize], hidden: &[usize]) -> BTreeSet<usize> {
        let found = difference(self, &ids(tips), &ids(hidden)).unwrap();
        for (id, links) in &found {
            let node = &self.nodes[place(id)];
            assert_eq!((&links.parents, links.seconds), (&ids(&node.parents), node.seconds));
        }
        found.keys().map(place).collect()
    }

    /// The commits read since it was asked last; none of them twice.
    fn read(&self) -> BTreeSet<usize> {
        let reads = std::mem::take(&mut *self.reads.lock().unwrap());
        assert!(reads.values().all(|times| *times == 1), "something was read again: {reads:?}");
        reads.into_keys().collect()
    }

    /// The time of the oldest of these commits.
    fn oldest<'a>(&self, places: impl IntoIterator<Item = &'a usize>) -> i64 {
        places.into_iter().map(|place| self.nodes[*place].seconds).min().unwrap_or(i64::MAX)
    }

    /// These commits and their parents.
    fn with_parents(&self, places: &BTreeSet<usize>) -> BTreeSet<usize> {
        places.iter().flat_map(|place| self.nodes[*place].parents.iter().chain([place])).copied().collect()
    }

    /// That nothing was read but where the walk began, and the parents of what is not older than that.
    fn nothing_is_read_below(&self, floor: i64, begun: &[&[usize]]) {
        let reached = self.reached();
        let begun: BTreeSet<usize> = begun.concat().into_iter().collect();
        let mut may = begun.clone();
        for place in begun.iter().flat_map(|place| &reached[*place]) {
            if self.nodes[*place].seconds >= floor {
                may.extend(&self.nodes[*place].parents);
            }
        }
        let read = self.read();
        assert!(read.is_subset(&may), "down to {floor} of {:?}, from {begun:?}: {read:?}", self.nodes);
    }
}

fn union(reached: &[BTreeSet<usize>], of: &[usize]) -> BTreeSet<usize> {
    of.iter().flat_map(|place| reached[*place].clone()).collect()
}

/// Graphs of up to so many commits, most of them on one of the last few. With clocks that run right a commit is a second
/// or more after each of its parents; else one clock in four says anything.
fn graphs(clocks_run_right: bool) -> impl Strategy<Value = Graph> {
    let node = (prop::collection::vec(0..9_usize, 0..4), 0..400_u64, 0..40_u64, 0..30_u8);
    prop::collection::vec(node, 1..36).prop_map(move |drawn| {
        let mut graph = Graph::default();
        for (at, (backs, any, apart, fate)) in drawn.into_iter().enumerate() {
            let parents: BTreeSet<usize> = backs.iter().filter_map(|back| at.checked_sub(back + 1)).collect();
            let parents: Vec<usize> = parents.into_iter().collect();
            let newest = parents.iter().map(|parent| graph.nodes[*parent].seconds).max().unwrap_or(0);
            let wrong = !clocks_run_right && fate % 4 == 0;
            let seconds = if wrong { any as i64 } else { newest + 1 + apart as i64 };
            graph.add(seconds, &parents);
            graph.nodes[at].lost = fate == 29;
        }
        graph
    })
}

/// Some commits of a graph.
fn some() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 0..4)
}

fn of(graph: &Graph, picked: &[prop::sample::Index]) -> Vec<usize> {
    picked.iter().map(|index| index.index(graph.nodes.len())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn a_difference_is_exact_whatever_the_clocks_say(graph in graphs(false), tips in some(), hidden in some()) {
        let (tips, hidden, reached) = (of(&graph, &tips), of(&graph, &hidden), graph.reached());
        let expected = &union(&reached, &tips) - &union(&reached, &hidden);
        prop_assert_eq!(graph.difference(&tips, &hidden), expected);
        graph.read();
    }

    #[test]
    fn a_difference_reads_no_deeper_than_it_lies_where_clocks_run_right(
        graph in graphs(true), tips in some(), hidden in some()
    ) {
        let (tips, hidden, reached) = (of(&graph, &tips), of(&graph, &hidden), graph.reached());
        let of_hidden = union(&reached, &hidden);
        let expected = &union(&reached, &tips) - &of_hidden;
        prop_assert_eq!(&graph.difference(&tips, &hidden), &expected);
        // The range and where it begins; and if there is one, what could still have led into it.
        let inside = |place: &&usize| !graph.nodes[**place].parents.iter().any(|p| expected.contains(p));
        let ends: Vec<usize> = expected.iter().filter(inside).copied().collect();
        let is_below_all = |place: &&usize| ends.iter().all(|end| reached[*end].contains(*place));
        let open: BTreeSet<usize> = of_hidden.iter().filter(|p| !is_below_all(p)).copied().collect();
        let mut floor = graph.oldest(tips.iter().chain(&graph.with_parents(&expected)));
        if !expected.is_empty() {
            floor = floor.min(graph.oldest(hidden.iter().chain(&graph.with_parents(&open))));
        }
        graph.nothing_is_read_below(floor, &[&tips, &hidden]);
    }

    #[test]
    fn a_range_that_is_empty_is_read_no_deeper_than_its_tips(graph in graphs(true), tips in some(), hidden in some()) {
        let (mut tips, hidden, reached) = (of(&graph, &tips), of(&graph, &hidden), graph.reached());
        let of_hidden = union(&reached, &hidden);
        tips.retain(|tip| of_hidden.contains(tip));
        prop_assert_eq!(graph.difference(&tips, &hidden), BTreeSet::new());
        graph.nothing_is_read_below(graph.oldest(&tips), &[&tips, &hidden]);
    }

    #[test]
    fn ancestry_and_reach_are_exact_whatever_the_clocks_say(graph in graphs(false), named in some(), others in some()) {
        let (named, others, reached) = (of(&graph, &named), of(&graph, &others), graph.reached());
        let ancestry = Ancestry::new(&graph, &ids(&named)).unwrap();
        for (a, b) in named.iter().chain(&others).flat_map(|a| named.iter().map(move |b| (*a, *b))) {
            let expected = named.contains(&a) && reached[b].contains(&a);
            prop_assert_eq!(ancestry.is_ancestor(&id(a), &id(b)), expected, "{} below {}", a, b);
            prop_assert!(named.contains(&a) || !ancestry.is_ancestor(&id(b), &id(a)), "{} was not named", a);
        }
        graph.read();
        let mut reach = Reach::new(&graph, &ids(&named)).unwrap();
        for other in &others {
            prop_assert_eq!(reach.contains(&graph, &id(*other)).unwrap(), union(&reached, &named).contains(other));
        }
        let all: BTreeSet<usize> = reach.all(&graph).unwrap().iter().map(place).collect();
        prop_assert_eq!(all, union(&reached, &named));
    }

    #[test]
    fn ancestry_is_read_down_to_where_all_meet_where_clocks_run_right(graph in graphs(true), named in some()) {
        let (named, reached) = (of(&graph, &named), graph.reached());
        Ancestry::new(&graph, &ids(&named)).unwrap();
        let there: Vec<usize> = named.iter().filter(|place| !graph.nodes[**place].lost).copied().collect();
        let is_below_all = |place: &&usize| there.iter().all(|one| reached[*one].contains(*place));
        let open: BTreeSet<usize> = union(&reached, &there).iter().filter(|p| !is_below_all(p)).copied().collect();
        let floor = graph.oldest(there.iter().chain(&graph.with_parents(&open)));
        graph.nothing_is_read_below(floor, &[&named]);
    }
}

#[test]
fn a_difference_of_any_small_graph_is_exact_with_any_clocks() {
    // Every graph of four commits in which each has up to two of those before as parents, with every order of times.
    let choices = |n: usize| -> Vec<Vec<usize>> {
        let mut all = vec![vec![]];
        all.extend((0..n).map(|one| vec![one]));
        all.extend((0..n).flat_map(|one| (0..one).map(move |other| vec![one, other])));
        all
    };
    let mut graphs: Vec<Vec<Vec<usize>>> = vec![vec![]];
    for n in 0..4 {
        graphs = graphs
            .iter()
            .flat_map(|graph| choices(n).into_iter().map(move |more| [graph.as_slice(), &[more]].concat()))
            .collect();
    }
    assert_eq!(graphs.len(), 56);
    // Of all lists of four times those that have each order once.
    let times = (0..256).map(|n: i64| [n & 3, n >> 2 & 3, n >> 4 & 3, n >> 6 & 3]);
    let times: Vec<_> = times.filter(|times| BTreeSet::from(*times).len() == 4).collect();
    assert_eq!(times.len(), 24);
    for (parents, times) in graphs.iter().flat_map(|graph| times.iter().map(move |times| (graph, times))) {
        let mut graph = Graph::default();
        parents.iter().zip(times).for_each(|(parents, seconds)| {
            graph.add(*seconds, parents);
        });
        let reached = graph.reached();
        for (tip, hidden) in (0..4).flat_map(|tip| (0..4).map(move |hidden| (tip, hidden))) {
            let expected = &reached[tip] - &reached[hidden];
            assert_eq!(graph.difference(&[tip], &[hidden]), expected, "{tip} without {hidden} of {graph:?}");
            graph.read();
        }
    }
}

#[test]
fn what_turns_out_to_be_hidden_takes_its_ancestors_with_it() {
    let mut graph = Graph::default();
    let oldest = graph.add(90, &[]);
    let root = graph.add(100, &[oldest]);
    // with a clock behind
    let base = graph.add(95, &[root]);
    let tip = graph.add(200, &[base, root]);
    assert_eq!(graph.difference(&[tip], &[base]), [tip].into());
}

#[test]
fn a_hidden_commit_dated_decades_back_makes_a_range_no_longer() {
    let mut graph = Graph::default();
    let end = graph.line(&[], 1_000_000, 50);
    // the base's own side was merged long ago; one commit on the way to it has a clock of the seventies
    let seventies = graph.add(1, &[40]);
    let base = graph.add(1_000_060, &[seventies]);
    // a change made on an old commit, merged onto the base
    let side = graph.add(1_000_061, &[30]);
    let tip = graph.add(1_000_062, &[base, side]);
    assert_eq!(graph.difference(&[tip], &[base]), [side, tip].into());
    assert_eq!(graph.difference(&[end], &[base]), (41..50).collect());
}

#[test]
fn a_range_with_more_ends_than_are_looked_at_in_one_walk_is_exact() {
    let mut graph = Graph::default();
    let roots: Vec<usize> = (0..1_100).map(|at| graph.add(1_000 + at, &[])).collect();
    let odd: Vec<usize> = roots.iter().filter(|place| *place % 2 == 1).copied().collect();
    let even: BTreeSet<usize> = roots.iter().filter(|place| *place % 2 == 0).copied().collect();
    // with a clock so far behind that all the roots are taken for the tip's alone
    let hidden = graph.add(1, &odd);
    let tip = graph.add(5_000, &roots);
    assert_eq!(graph.difference(&[tip], &[hidden]), &even | &[tip].into());
}

#[test]
fn of_a_long_history_only_what_could_matter_is_read() {
    let mut graph = Graph::default();
    let base = graph.line(&[], 1, 990);
    let tip = graph.add(2_000, &[base]);
    assert_eq!(graph.difference(&[tip], &[base]), [tip].into());
    assert_eq!(graph.read(), [base, tip].into());
    // Nothing at all.
    assert_eq!(graph.difference(&[base], &[base]), [].into());
    assert_eq!(graph.read(), [base].into());
    // What lies on a merge of two long histories.
    let other = graph.line(&[], 1, 900);
    let merge = graph.add(1_500, &[base, other]);
    let above = graph.add(2_000, &[merge]);
    assert_eq!(graph.difference(&[above], &[merge]), [above].into());
    assert_eq!(graph.read(), [merge, above].into());
    // What is hidden already, whatever else is: an unrelated history is not followed for it.
    assert_eq!(graph.difference(&[base], &[tip, other]), [].into());
    assert_eq!(graph.read(), [base, tip, other].into());
    // A branch that began long ago: as far back as it began, and no further.
    let side = graph.add(2_001, &[900]);
    assert_eq!(graph.difference(&[side], &[base]), [side].into());
    assert_eq!(graph.read(), (900..=base).chain([side]).collect());
    // One that is not in the store doesn't lead the others down to the roots.
    let lost = graph.add(3_000, &[]);
    graph.nodes[lost].lost = true;
    let ancestry = Ancestry::new(&graph, &ids(&[tip, lost, base])).unwrap();
    assert!(ancestry.is_ancestor(&id(base), &id(tip)) && !ancestry.is_ancestor(&id(lost), &id(lost)));
    assert_eq!(graph.read(), [base, tip, lost].into());
}

#[test]
fn reach_finds_what_lies_near_the_tips_after_few_reads() {
    let mut graph = Graph::default();
    let tip = graph.line(&[], 1, 500);
    let mut reach = Reach::new(&graph, &ids(&[tip])).unwrap();
    assert!(reach.contains(&graph, &id(tip - 5)).unwrap());
    assert_eq!(graph.read(), (tip - 5..=tip).collect());
    let above = graph.add(501, &[tip]);
    assert!(!reach.contains(&graph, &id(above)).unwrap());
    reach.extend(&graph, id(above)).unwrap();
    assert!(reach.contains(&graph, &id(above)).unwrap());
    assert_eq!(graph.read(), (0..tip - 5).chain([above]).collect());
}

#[test]
fn a_store_that_fails_for_a_while_takes_nothing_out_of_reach() {
    let mut graph = Graph::default();
    let (one, other) = (graph.line(&[], 1, 5), graph.line(&[], 1, 5));
    let tip = graph.add(100, &[one, other]);
    for broken in 0..tip {
        graph.broken = Some(broken);
        let mut reach = Reach::new(&graph, &ids(&[tip])).unwrap();
        assert!(reach.contains(&graph, &ObjectId::from_bytes([7; 20])).is_err());
        graph.broken = None;
        assert!((0..tip).all(|place| reach.contains(&graph, &id(place)).unwrap()), "{broken} was broken");
        assert_eq!(reach.all(&graph).unwrap().len(), tip + 1);
        // Neither is a difference made of what could be read.
        graph.broken = Some(broken);
        assert!(difference(&graph, &ids(&[tip]), &[]).is_err());
        graph.broken = None;
    }
}
