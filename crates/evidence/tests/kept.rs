//! What is kept says what judging everything anew says, and judges no more than it has to.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which lie outside of test functions")]

mod common;

use std::collections::BTreeSet;

use common::*;
use evidence::{Kept, ReviewRules, offline};
use notedb::testing::{Review, World};

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
