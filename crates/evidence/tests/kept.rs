//! What is kept says what judging everything anew says, and judges no more than it has to.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which lie outside of test functions"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use common::*;
use evidence::{ChangeEvidence, FindingCode, Kept, ReviewRules, offline};
use notedb::testing::{Review, World};
use notedb::{Object, ObjectId, Objects, ReadError, Refs, meta_ref, walk};
use proptest::prelude::*;

/// Brings what is kept up to date; says what was judged anew.
fn refreshed(kept: &mut Kept, world: &World) -> BTreeSet<u64> {
    let anew = kept.refresh(world).unwrap();
    let all = offline::all(world, &ReviewRules::default()).unwrap();
    assert_eq!(kept.changes().values().cloned().collect::<Vec<_>>(), all);
    anew
}

/// Three merged changes on main, 1 to 3, and an open one.
fn world() -> (World, Vec<Review>) {
    let mut world = World::default();
    let mut below = code(&mut world, &[], "base");
    world.set("refs/heads/main", below);
    let mut reviews = Vec::new();
    for number in 1..=4 {
        let revision = code(&mut world, &[below], &number.to_string());
        let mut review = Review::open(&mut world, number, OLIVIA, revision);
        if number < 4 {
            review.vote(&mut world, REX, "Code-Review=+2");
            review.submit(&mut world, SIMON);
            below = revision;
        }
        reviews.push(review);
    }
    (world, reviews)
}

#[test]
fn only_what_moved_is_judged_anew() {
    let (mut world, mut reviews) = world();
    let mut kept = Kept::new(ReviewRules::default());
    assert_eq!(refreshed(&mut kept, &world), BTreeSet::from([1, 2, 3, 4]));
    assert_eq!(refreshed(&mut kept, &world), BTreeSet::new());
    reviews[3].vote(&mut world, REX, "Code-Review=+2");
    assert_eq!(refreshed(&mut kept, &world), BTreeSet::from([4]));
    // the branch goes on: who is on it stays on it
    reviews[3].submit(&mut world, SIMON);
    assert_eq!(refreshed(&mut kept, &world), BTreeSet::from([4]));
    assert!(kept.changes()[&4].reviewed);
    assert_eq!(kept.one(&world, 2).unwrap().unwrap().change.number, 2);
    assert_eq!(kept.one(&world, 9).unwrap(), None);
}

#[test]
fn a_branch_that_went_another_way_is_judged_anew_and_the_way_back_too() {
    let (mut world, reviews) = world();
    let mut kept = Kept::new(ReviewRules::default());
    refreshed(&mut kept, &world);
    let tip = reviews[2].revision;
    world.set("refs/heads/main", reviews[0].revision);
    refreshed(&mut kept, &world);
    assert!(kept.changes()[&1].reviewed && !kept.changes()[&3].reviewed);
    // back to where it was: on it again
    world.set("refs/heads/main", tip);
    refreshed(&mut kept, &world);
    assert!(kept.changes()[&3].reviewed);
}

#[test]
fn what_the_labels_are_touches_every_change() {
    let (mut world, _) = world();
    let mut kept = Kept::new(ReviewRules::default());
    refreshed(&mut kept, &world);
    let text = "[label \"Code-Review\"]\n\tvalue = -3 No\n\tvalue = 0 None\n\tvalue = +3 Yes\n";
    let config = world.code(&[], &[("project.config", text)]);
    world.set("refs/meta/config", config);
    assert_eq!(refreshed(&mut kept, &world), BTreeSet::from([1, 2, 3, 4]));
    assert!(!kept.changes()[&1].reviewed, "+2 is not the most any more");
}

const BRANCHES: [&str; 2] = ["refs/heads/dev", "refs/heads/main"];
const CONFIG: &str = "refs/meta/config";

/// Something that happens in the repository; the number picks a change, and with it a branch, or a branch.
#[derive(Debug, Clone)]
enum Act {
    Open(usize),
    Vote(usize),
    Submit(usize),
    /// The change's refs are deleted.
    Delete(usize),
    /// Somebody pushes to the branch.
    Push(usize),
    /// The branch is set to any commit that it was on once.
    Set(usize, prop::sample::Index),
    /// The branch is deleted.
    Drop(usize),
    /// The labels' highest value is another.
    Labels(u8),
}

/// How what is kept is brought up to date, and after how many answers the store fails, if it does.
#[derive(Debug, Clone)]
struct Look {
    one: Option<u64>,
    answers: Option<usize>,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => (0..2_usize).prop_map(Act::Open),
        2 => any::<usize>().prop_map(Act::Vote),
        4 => any::<usize>().prop_map(Act::Submit),
        1 => any::<usize>().prop_map(Act::Delete),
        2 => (0..2_usize).prop_map(Act::Push),
        3 => (0..2_usize, any::<prop::sample::Index>()).prop_map(|(branch, at)| Act::Set(branch, at)),
        1 => (0..2_usize).prop_map(Act::Drop),
        1 => (2..4_u8).prop_map(Act::Labels),
    ]
}

fn look() -> impl Strategy<Value = Look> {
    let answers = prop_oneof![3 => Just(None), 1 => (0..40_usize).prop_map(Some)];
    (prop::option::weighted(0.4, 1..7_u64), answers).prop_map(|(one, answers)| Look { one, answers })
}

/// A repository in which things happen.
struct Story {
    world: World,
    reviews: Vec<Review>,
    /// Where each branch was.
    was: [Vec<ObjectId>; 2],
}

impl Story {
    fn begin() -> Self {
        let mut story = Self { world: World::default(), reviews: Vec::new(), was: Default::default() };
        (0..4).for_each(|branch| story.play(&Act::Push(branch % 2)));
        (0..4).for_each(|branch| story.play(&Act::Open(branch % 2)));
        story
    }

    fn play(&mut self, act: &Act) {
        let Self { world, reviews, was } = self;
        let picked = |of: &[Review], n: usize| n % of.len();
        match act {
            Act::Open(branch) => {
                let revision = code_on(world, BRANCHES[*branch], &format!("change {}", reviews.len()));
                let number = reviews.len() as u64 + 1;
                reviews.push(Review::open_on(world, number, OLIVIA, revision, BRANCHES[*branch]));
            }
            Act::Vote(n) => {
                let at = picked(reviews, *n);
                reviews[at].vote(world, REX, "Code-Review=+2");
            }
            Act::Submit(n) => {
                let at = picked(reviews, *n);
                reviews[at].submit(world, SIMON);
            }
            Act::Delete(n) => {
                let number = reviews[picked(reviews, *n)].number;
                world.refs.remove(&meta_ref(number));
            }
            Act::Push(branch) => {
                let commit = code_on(world, BRANCHES[*branch], "pushed");
                world.set(BRANCHES[*branch], commit);
            }
            Act::Set(branch, at) => {
                let tip = *at.get(&was[*branch]);
                world.set(BRANCHES[*branch], tip);
            }
            Act::Drop(branch) => {
                world.refs.remove(BRANCHES[*branch]);
            }
            Act::Labels(highest) => {
                let text = format!("[label \"Code-Review\"]\n\tvalue = -2 No\n\tvalue = +{highest} Yes\n");
                let config = world.code(&[], &[("project.config", &text)]);
                world.set(CONFIG, config);
            }
        }
        for (branch, was) in BRANCHES.iter().zip(was) {
            was.extend(world.refs.get(*branch));
        }
    }
}

/// A commit on top of a branch.
fn code_on(world: &mut World, branch: &str, what: &str) -> ObjectId {
    let below: Vec<ObjectId> = world.refs.get(branch).copied().into_iter().collect();
    code(world, &below, what)
}

/// A store that answers so often, and then fails.
struct Failing<'a> {
    world: &'a World,
    answers: AtomicUsize,
}

impl Failing<'_> {
    fn answer(&self) -> Result<(), ReadError> {
        let left =
            self.answers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        let failed = || ReadError::Ref { name: "any".to_owned(), reason: "the disk is gone".to_owned() };
        left.map(drop).map_err(|_| failed())
    }
}

impl Objects for Failing<'_> {
    fn get(&self, id: &ObjectId) -> Result<Option<Object>, ReadError> {
        self.answer().and_then(|()| self.world.get(id))
    }
}

impl Refs for Failing<'_> {
    fn tip(&self, name: &str) -> Result<Option<ObjectId>, ReadError> {
        self.answer().and_then(|()| self.world.tip(name))
    }

    fn changes(&self) -> Result<Vec<(u64, ObjectId)>, ReadError> {
        self.answer().and_then(|()| self.world.changes())
    }
}

/// What a verdict may rest on besides the change's own history, as it was when what is kept was last brought up to date.
#[derive(Default)]
struct Seen {
    config: Option<ObjectId>,
    tips: BTreeMap<&'static str, Option<ObjectId>>,
}

impl Seen {
    fn now(world: &World) -> Self {
        let tips = BRANCHES.iter().map(|branch| (*branch, world.refs.get(*branch).copied())).collect();
        Self { config: world.refs.get(CONFIG).copied(), tips }
    }

    /// Whether a verdict that was kept has to be made again.
    fn moved(&self, world: &World, kept: &ChangeEvidence) -> bool {
        let now = Self::now(world);
        let branch = kept.change.branch.as_deref().unwrap();
        let branch_moved = match (self.tips[branch], now.tips[branch]) {
            (before, now) if before == now => false,
            (Some(before), Some(now)) if walk::difference(world, &[before], &[now]).unwrap().is_empty() => {
                kept.finding(FindingCode::NotOnBranch).is_some()
            }
            _ => true,
        };
        let meta = world.refs.get(&meta_ref(kept.change.number));
        branch_moved || self.config != now.config || meta != Some(&kept.meta)
    }
}

/// What is kept, and who looks at it.
struct Watched {
    kept: Kept,
    rules: ReviewRules,
    /// The changes of which the onlooker was told that they are there.
    told: BTreeSet<u64>,
    /// How it was when what is kept was last brought up to date, if that is known.
    seen: Option<Seen>,
}

impl Watched {
    /// Looks; and what was kept, what is said, and what a look at everything says agree.
    fn look(&mut self, world: &World, look: &Look) {
        let before = self.kept.changes().clone();
        let store = Failing { world, answers: AtomicUsize::new(look.answers.unwrap_or(usize::MAX)) };
        let looked = match look.one {
            Some(number) => self.one(&store, number),
            None => self.refresh(&store),
        };
        // How far a look got that failed isn't known.
        self.seen = looked.is_ok().then(|| Seen::now(world));
        if looked.is_err() {
            let is_as_before = |(number, kept)| before.get(number) == Some(kept);
            assert!(self.kept.changes().iter().all(is_as_before), "as it was, or less");
        }
    }

    fn refresh(&mut self, store: &Failing<'_>) -> Result<(), ReadError> {
        let before = self.kept.changes().clone();
        let anew = self.kept.refresh(store)?;
        let there: BTreeSet<u64> = self.kept.changes().keys().copied().collect();
        let all = offline::all(store.world, &self.rules).unwrap();
        assert_eq!(self.kept.changes().values().cloned().collect::<Vec<_>>(), all);
        assert_eq!(&anew - &there, &self.told - &there, "it says once which are gone");
        for one in &all {
            let number = one.change.number;
            assert!(anew.contains(&number) || before.get(&number) == Some(one), "{number} is another");
        }
        if let Some(seen) = &self.seen {
            let had_to = |number| before.get(number).is_none_or(|kept| seen.moved(store.world, kept));
            assert!(anew.iter().all(had_to), "{anew:?} were judged anew, and not all had to be");
        }
        assert_eq!(self.kept.refresh(store.world).unwrap(), BTreeSet::new(), "nothing moved");
        self.told = there;
        Ok(())
    }

    fn one(&mut self, store: &Failing<'_>, number: u64) -> Result<(), ReadError> {
        let evidence = self.kept.one(store, number)?.cloned();
        assert_eq!(evidence, offline::one(store.world, number, &self.rules).unwrap());
        assert_eq!(self.kept.changes().get(&number), evidence.as_ref());
        if evidence.is_some() {
            self.told.insert(number)
        } else {
            self.told.remove(&number)
        };
        // The others wait for their turn, but none has a verdict that something else than its own history made old.
        for kept in self.kept.changes().values() {
            let number = kept.change.number;
            let now = offline::one(store.world, number, &self.rules).unwrap();
            assert!(
                now.is_none_or(|now| now.meta != kept.meta || &now == kept),
                "{number} is kept as it was"
            );
        }
        Ok(())
    }
}

#[test]
fn wherever_the_store_fails_the_next_look_is_right() {
    let mut story = Story::begin();
    // A change on dev and one on main are merged, and dev was set back below its one.
    let back = story.was[0][0];
    [Act::Vote(0), Act::Submit(0), Act::Submit(1)].iter().for_each(|act| story.play(act));
    let merged = story.world.refs[BRANCHES[0]];
    story.world.set(BRANCHES[0], back);
    let before = story.world.clone();
    // Dev gets it again, and main goes on.
    story.world.set(BRANCHES[0], merged);
    story.play(&Act::Push(1));
    let (mut failed, mut answered) = (0, false);
    while !answered {
        let rules = ReviewRules::default();
        let kept = Kept::new(rules.clone());
        let mut watched = Watched { kept, rules, told: BTreeSet::new(), seen: None };
        watched.look(&before, &Look { one: None, answers: None });
        assert!(!watched.kept.changes()[&1].reviewed);
        watched.look(&story.world, &Look { one: None, answers: Some(failed) });
        answered = watched.seen.is_some();
        watched.look(&story.world, &Look { one: None, answers: None });
        assert!(watched.kept.changes()[&1].reviewed, "failed after {failed} answers");
        failed += 1;
    }
    assert!(failed > 10);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn whatever_happens_what_is_kept_is_right_and_nothing_is_judged_in_vain(
        steps in prop::collection::vec((prop::collection::vec(act(), 0..4), look()), 1..12), strict in any::<bool>()
    ) {
        let mut rules = ReviewRules::default();
        if strict {
            rules.needs.insert("Code-Review".to_owned(), 3);
        }
        let mut story = Story::begin();
        let kept = Kept::new(rules.clone());
        let mut watched = Watched { kept, rules, told: BTreeSet::new(), seen: None };
        for (acts, look) in &steps {
            acts.iter().for_each(|act| story.play(act));
            watched.look(&story.world, look);
        }
        watched.look(&story.world, &Look { one: None, answers: None });
    }
}
