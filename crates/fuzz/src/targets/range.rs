//! Judging a range of any small history: no commit is passed over, and no yes without reasons.

use std::collections::BTreeSet;

use ::evidence::{
    Account, ImportRules, MergedChanges, RangeEvidence, RangeInput, ReviewRules, judge_range, offline,
};
use ::notedb::{
    Kind, ObjectId, Recorder,
    testing::{Review, World},
};

use crate::reader::Reader;

const MAIN: &str = "refs/heads/main";
const MOST: usize = 12;
/// What files may hold; short, so that merges conflict or not.
const CONTENTS: [&str; 6] =
    ["1\n2\n3\n4\n5\n", "X\n2\n3\n4\n5\n", "1\n2\n3\n4\nX\n", "X\n2\n3\n4\nX\n", "1\n2\n3\n", ""];

/// A commit that was made.
struct Made {
    id: ObjectId,
    parents: Vec<ObjectId>,
}

/// A history of the bytes.
struct Graph {
    world: World,
    made: Vec<Made>,
    base: ObjectId,
    tip: ObjectId,
    head: ObjectId,
    /// An object that gets lost.
    lost: Option<ObjectId>,
}

pub(super) fn run(data: &[u8]) {
    let Some(graph) = Graph::new(&mut Reader::new(data)) else { return };
    let Some(merged) = offline::all(&graph.world, &ReviewRules::default()).ok() else { return };
    let merged: MergedChanges = merged.iter().collect();
    let imports = ImportRules::default();
    let input = RangeInput {
        base: graph.base,
        tip: graph.tip,
        branch: MAIN,
        branch_tip: Some(graph.head),
        merged: &merged,
        imports: &imports,
        config: None,
    };
    let recorder = Recorder::new(&graph.world);
    let Ok(range) = judge_range(&recorder, &input) else { return };
    let again = judge_range(&recorder.into_recorded(), &input).ok();
    assert_eq!(again.as_ref(), Some(&range), "what was read is enough to judge again");
    graph.holds(&range);

    // Whatever gets lost, it never helps.
    let mut world = graph.world.clone();
    if let Some(lost) = graph.lost.and_then(|lost| world.objects.remove(&lost)) {
        let without = judge_range(&world, &input).ok();
        let helped = without.is_some_and(|without| without.reviewed && !range.reviewed);
        assert!(!helped, "without a {} it is reviewed", lost.kind.as_str());
    }
}

impl Graph {
    fn new(reader: &mut Reader<'_>) -> Option<Self> {
        let mut world = World::default();
        let mut made: Vec<Made> = Vec::new();
        for number in 1..=1 + reader.below(MOST) {
            let how = reader.byte();
            let parents = if made.is_empty() { Vec::new() } else { parents(reader, &made, how) };
            let a = reader.pick(&CONTENTS).copied().unwrap_or_default();
            let b = reader.pick(&CONTENTS).copied().unwrap_or_default();
            let tree = world.tree(&[("a", a), ("dir/b", b)]);
            let is_skewed = how & 0x80 != 0;
            let moment = if is_skewed { 1_600_000_000 + i64::from(reader.byte()) * 1_000_000 } else { 0 };
            let id = commit(&mut world, tree, &parents, number, moment);
            made.push(Made { id, parents });
            review(&mut world, reader.byte(), u64::try_from(number).ok()?, id);
        }
        let pick = |reader: &mut Reader<'_>| made.get(reader.below(made.len())).map(|made| made.id);
        let (base, tip) = (pick(reader)?, pick(reader)?);
        let head = if reader.byte().is_multiple_of(4) { pick(reader)? } else { tip };
        world.set(MAIN, head);
        let objects: Vec<ObjectId> = world.objects.iter().map(|(id, _)| *id).collect();
        let lost = objects.get(reader.below(objects.len())).copied();
        Some(Self { world, made, base, tip, head, lost })
    }

    /// All that a commit reaches, itself included.
    fn reached(&self, from: ObjectId) -> BTreeSet<ObjectId> {
        let (mut seen, mut stack) = (BTreeSet::new(), vec![from]);
        while let Some(id) = stack.pop() {
            if seen.insert(id) {
                let parents = self.made.iter().find(|made| made.id == id).map(|made| &made.parents);
                stack.extend(parents.into_iter().flatten());
            }
        }
        seen
    }

    fn holds(&self, range: &RangeEvidence) {
        let (of_tip, of_base) = (self.reached(self.tip), self.reached(self.base));
        let wanted: BTreeSet<ObjectId> = of_tip.difference(&of_base).copied().collect();
        let listed: BTreeSet<ObjectId> = range.commits.iter().map(|commit| commit.sha).collect();
        assert!(listed.is_superset(&wanted), "a commit is passed over");
        assert!(listed == wanted, "a commit is in that the base has");
        let mut seen = BTreeSet::new();
        for commit in &range.commits {
            let made = self.made.iter().find(|made| made.id == commit.sha);
            let parents = made.map(|made| made.parents.as_slice()).unwrap_or_default();
            assert!(
                parents.iter().all(|parent| seen.contains(parent) || !listed.contains(parent)),
                "parents first"
            );
            assert!(seen.insert(commit.sha), "a commit is in once");
            if commit.account == Account::MergeMadeByGerrit {
                assert_eq!(parents.len(), 2, "a merge of Gerrit's has two parents");
            }
        }
        if range.reviewed {
            assert!(
                !wanted.is_empty() && of_tip.contains(&self.base),
                "an empty range, or one beside the base"
            );
            assert!(self.reached(self.head).contains(&self.tip), "the branch doesn't have it");
            assert!(range.commits.iter().all(|commit| commit.is_reviewed()), "not all of it is reviewed");
        }
    }
}

fn parents(reader: &mut Reader<'_>, made: &[Made], how: u8) -> Vec<ObjectId> {
    let last = made.last().map(|made| made.id);
    let mut parents: Vec<ObjectId> = match how % 8 {
        0..4 => last.into_iter().collect(),
        4 => vec![],
        _ => made.get(reader.below(made.len())).map(|made| made.id).into_iter().collect(),
    };
    if how & 0x18 == 0x18 {
        let second = made.get(reader.below(made.len())).map(|made| made.id);
        parents.extend(second.filter(|second| !parents.contains(second)));
    }
    parents
}

fn commit(world: &mut World, tree: ObjectId, parents: &[ObjectId], number: usize, moment: i64) -> ObjectId {
    let name = format!("Change {number}\n");
    if moment == 0 {
        return world.commit(tree, parents, "A <a@example.com>", "A <a@example.com>", &name);
    }
    let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
    let who = format!("A <a@example.com> {moment} +0000");
    let text = format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\n{name}");
    world.objects.insert(Kind::Commit, text.into_bytes())
}

/// What review it had: most are reviewed changes of main, so that a yes is reached.
fn review(world: &mut World, how: u8, number: u64, revision: ObjectId) {
    let branch = if how & 0x40 == 0 { MAIN } else { "refs/heads/other" };
    if how % 8 == 7 {
        return;
    }
    let mut review = Review::open_on(world, number, 1000, revision, branch);
    if how % 8 != 6 {
        review.vote(world, 1001, "Code-Review=+2");
    }
    if how % 8 != 5 {
        // The branch must have it, whatever comes later.
        review.submit(world, 1003);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_judged_as_their_names_say() {
        for (name, seed) in crate::seeds::Corpus::of("evidence-range").unwrap().seeds {
            let graph = Graph::new(&mut Reader::new(&seed)).unwrap();
            let range =
                offline::range(&graph.world, graph.base, graph.tip, MAIN, &ReviewRules::default()).unwrap();
            let made = range.commits.iter().any(|commit| commit.account == Account::MergeMadeByGerrit);
            assert_eq!(
                range.reviewed,
                ["chain", "merge-made-by-gerrit", "wrong-clocks"].contains(&name.as_str()),
                "{name}: {range:?}"
            );
            assert_eq!(made, name == "merge-made-by-gerrit", "{name}: {range:?}");
        }
    }
}
