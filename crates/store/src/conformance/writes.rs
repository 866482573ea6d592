//! What a commit does.

use model::Digest;
use serde::{Deserialize, Serialize};

use super::{
    Place,
    things::{EDGE, Note, Setting, Thing, draft},
};
use crate::{Commit, CommitError, Expect, Invalid, Kept, Store, StoreExt as _, Transition, limits};

/// How many entries there are, by the newest checkpoint.
async fn size(store: &dyn Store) -> u64 {
    store.checkpoint().await.unwrap().size
}

/// Absent, version and wrong version: each answer says what was found, and nothing changes.
pub async fn a_precondition_that_does_not_hold_leaves_nothing(place: &dyn Place) {
    let store = place.open(&Setting::new()).await;
    let thing = Thing::new("a", "one");
    let receipt = store.commit(Commit::new().with(thing.put(Expect::Absent))).await.unwrap();
    assert_eq!(receipt.versions, [Some(1)]);
    for (expect, key, found) in [
        (Expect::Absent, "a", Some(1)),
        (Expect::Version(2), "a", Some(1)),
        (Expect::Version(0), "a", Some(1)),
        (Expect::Version(1), "b", None),
    ] {
        let other = Thing::new(key, "two");
        let why = store.commit(Commit::new().with(other.put(expect))).await.unwrap_err();
        let CommitError::Precondition { transition: 0, kind: "thing", key: k, expected, found: f } = why
        else {
            panic!("{why}")
        };
        assert_eq!((k.as_str(), expected, f), (key, expect, found));
    }
    assert_eq!(store.get::<Thing>("a").await.unwrap().unwrap().value, thing);
    assert!(store.get::<Thing>("b").await.unwrap().is_none());
    assert_eq!(size(&*store).await, 1);
    place.close(store).await;
}

/// What a record has to be is held, also of one that the commit doesn't touch; alone it writes nothing.
pub async fn what_is_required_holds_the_rest_of_a_commit(place: &dyn Place) {
    let store = place.open(&Setting::new()).await;
    store.commit(Commit::new().with(Thing::new("a", "one").put(Expect::Absent))).await.unwrap();
    let require = |expect, key: &str| Transition::require::<Thing>(expect, key).unwrap();
    for (expect, key, holds) in [
        (Expect::Version(1), "a", true),
        (Expect::Absent, "b", true),
        (Expect::Version(2), "a", false),
        (Expect::Absent, "a", false),
        (Expect::Version(1), "b", false),
    ] {
        let name = format!("{key}-{expect:?}-{holds}").replace(['(', ')'], "-");
        let commit =
            Commit::new().with(Thing::new(&name, "x").put(Expect::Absent)).with(require(expect, key));
        let done = store.commit(commit).await;
        let (size, there) = (size(&*store).await, store.get::<Thing>(&name).await.unwrap().is_some());
        match done {
            Ok(receipt) => assert_eq!((holds, receipt.versions, there), (true, vec![Some(1), None], true)),
            Err(CommitError::Precondition { transition: 1, .. }) => assert!(!holds && !there, "{name}"),
            Err(why) => panic!("{name}: {why}"),
        }
        let receipt = store.commit(vec![require(Expect::Version(1), "a")].into()).await.unwrap();
        assert!(receipt.entries.is_empty() && receipt.checkpoint.size == size, "{name}");
    }
    // It sees what the same commit wrote before it, and what it requires is not changed by it.
    let commit = Commit::new()
        .with(Thing::new("a", "two").put(Expect::Version(1)))
        .with(require(Expect::Version(2), "a"))
        .with(Thing::new("a", "three").put(Expect::Version(2)));
    assert_eq!(store.commit(commit).await.unwrap().versions, [Some(2), None, Some(3)]);
    let checked = store.check().await.unwrap();
    assert!(checked.is_sound(), "{checked:?}");
    place.close(store).await;
}

/// The last of many transitions fails: no record, no entry, no object, no bookkeeping of the others.
pub async fn a_commit_is_there_whole_or_not_at_all(place: &dyn Place) {
    let store = place.open(&Setting::new()).await;
    store.commit(Commit::new().with(Note::new("old", "x").put(Expect::Absent))).await.unwrap();
    let mut commit = Commit::new()
        .with(Thing::new("a", "one").put(Expect::Absent))
        .with(Note::new("n", "one").put(Expect::Any))
        .with(Transition::forget::<Note>(Expect::Version(1), "old").unwrap())
        .with(Transition::entry(draft("test.said").seal_text("what", "words")))
        .with(Thing::new("b", "one").put(Expect::Version(7)));
    let digest = commit.object(b"evidence".to_vec());
    let why = store.commit(commit).await.unwrap_err();
    assert!(matches!(why, CommitError::Precondition { transition: 4, .. }), "{why}");
    assert!(store.get::<Thing>("a").await.unwrap().is_none());
    assert!(store.get::<Note>("n").await.unwrap().is_none());
    assert!(store.get::<Note>("old").await.unwrap().is_some());
    assert!(store.object(digest).await.unwrap().is_none());
    assert_eq!(size(&*store).await, 0);
    assert!(store.entry(0).await.unwrap().is_none());
    let checked = store.check().await.unwrap();
    assert!(checked.is_sound(), "{checked:?}");
    place.close(store).await;
}

/// Two versions of one record, and one that is written and forgotten, in one commit.
pub async fn transitions_of_a_commit_see_each_other(place: &dyn Place) {
    let store = place.open(&Setting::new()).await;
    let commit = Commit::new()
        .with(Thing::new("a", "one").put(Expect::Absent))
        .with(Thing::new("a", "two").put(Expect::Version(1)))
        .with(Note::new("n", "one").put(Expect::Absent))
        .with(Transition::forget::<Note>(Expect::Version(1), "n").unwrap())
        .with(Note::new("m", "one").put(Expect::Absent))
        .with(Transition::forget::<Note>(Expect::Any, "m").unwrap())
        .with(Note::new("m", "two").put(Expect::Absent));
    let receipt = store.commit(commit).await.unwrap();
    assert_eq!(receipt.entries, 0..2);
    assert_eq!(receipt.versions, [Some(1), Some(2), Some(1), None, Some(1), None, Some(1)]);
    let thing = store.get::<Thing>("a").await.unwrap().unwrap();
    assert_eq!((thing.value.text.as_str(), thing.version, thing.entry), ("two", 2, Some(1)));
    assert!(store.get::<Note>("n").await.unwrap().is_none());
    assert_eq!(store.get::<Note>("m").await.unwrap().unwrap().value.text, "two");
    let made = store.history("thing", "a").await.unwrap();
    assert_eq!(made.iter().map(|made| (made.version, made.entry)).collect::<Vec<_>>(), [(1, 0), (2, 1)]);
    let checked = store.check().await.unwrap();
    assert!(checked.is_sound(), "{checked:?}");
    place.close(store).await;
}

/// No entry, the newest checkpoint in the receipt, versions as for others.
pub async fn bookkeeping_has_no_entry_and_can_be_forgotten(place: &dyn Place) {
    let store = place.open(&Setting::new()).await;
    let note = Note::new("n", "one");
    let receipt = store.commit(Commit::new().with(note.put(Expect::Absent))).await.unwrap();
    assert!(receipt.entries.is_empty());
    assert_eq!(receipt.checkpoint.size, 0);
    let receipt = store.commit(Commit::new().with(note.put(Expect::Any))).await.unwrap();
    assert_eq!(receipt.versions, [Some(2)]);
    let kept = store.get::<Note>("n").await.unwrap().unwrap();
    assert_eq!((kept.version, kept.entry), (2, None));
    let wrong = Transition::forget::<Note>(Expect::Version(1), "n").unwrap();
    let why = store.commit(vec![wrong].into()).await.unwrap_err();
    assert!(matches!(why, CommitError::Precondition { found: Some(2), .. }), "{why}");
    for expect in [Expect::Version(2), Expect::Any, Expect::Absent] {
        let forget = Transition::forget::<Note>(expect, "n").unwrap();
        store.commit(vec![forget].into()).await.unwrap();
        assert!(store.get::<Note>("n").await.unwrap().is_none());
    }
    assert_eq!(size(&*store).await, 0);
    place.close(store).await;
}

/// A kind that is declared both ways: the store holds I6 where types can't.
pub async fn what_is_recorded_is_never_bookkeeping(place: &dyn Place) {
    #[derive(Serialize, Deserialize)]
    struct Sneaky(String);
    impl Kept for Sneaky {
        const KIND: &'static str = Thing::KIND;
        const RECORDED: bool = false;
        fn key(&self) -> String {
            self.0.clone()
        }
        fn state(&self) -> &'static str {
            "open"
        }
        fn sort(&self) -> i64 {
            0
        }
    }
    let store = place.open(&Setting::new()).await;
    store.commit(Commit::new().with(Thing::new("a", "one").put(Expect::Absent))).await.unwrap();
    let write = Transition::bookkeeping(Expect::Any, &Sneaky("a".into())).unwrap();
    let delete = Transition::forget::<Sneaky>(Expect::Any, "a").unwrap();
    for sneaky in [write, delete] {
        let why = store.commit(vec![sneaky].into()).await.unwrap_err();
        assert!(matches!(why, CommitError::Invalid(Invalid::Kind { kept: "recorded", .. })), "{why}");
    }
    // One that was never recorded can't be caught when it is written; the check finds it.
    let fresh = Transition::bookkeeping(Expect::Any, &Sneaky("b".into())).unwrap();
    store.commit(vec![fresh].into()).await.unwrap();
    let checked = store.check().await.unwrap();
    assert_eq!(checked.found, 1, "{checked:?}");
    let why =
        store.commit(Commit::new().with(Thing::new("b", "x").put(Expect::Version(1)))).await.unwrap_err();
    assert!(matches!(why, CommitError::Invalid(Invalid::Kind { kept: "bookkeeping", .. })), "{why}");
    place.close(store).await;
}

/// A draft that breaks the format of a leaf.
pub async fn an_entry_that_can_not_be_made_fails_its_commit(place: &dyn Place) {
    let store = place.open(&Setting::new()).await;
    for bad in [draft("nodots"), draft("a.b").fact("UPPER", "x"), draft("a.b").fact("who", "a@example.org")] {
        let commit =
            Commit::new().with(Thing::new("a", "one").put(Expect::Absent)).with(Transition::entry(bad));
        let why = store.commit(commit).await.unwrap_err();
        assert!(matches!(why, CommitError::Invalid(Invalid::Entry(_))), "{why}");
    }
    assert!(store.get::<Thing>("a").await.unwrap().is_none());
    assert_eq!(size(&*store).await, 0);
    let receipt = store.commit(Commit::new().with(Thing::new("a", "one").put(Expect::Absent))).await.unwrap();
    assert_eq!(receipt.entries, 0..1);
    place.close(store).await;
}

/// The same object twice in a commit, in two commits, alone in a commit, and an empty one.
pub async fn objects_are_kept_once_under_their_hash(place: &dyn Place) {
    let store = place.open(&Setting::new()).await;
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    for _ in 0..2 {
        let mut commit = Commit::new();
        assert_eq!(commit.object(b"one".to_vec()), Digest::of(b"one"));
        commit.object(b"one".to_vec());
        commit.object(vec![]);
        commit.object(large.clone());
        let receipt = store.commit(commit).await.unwrap();
        assert!(receipt.entries.is_empty());
    }
    for bytes in [b"one".as_slice(), b"", &large] {
        assert_eq!(store.object(Digest::of(bytes)).await.unwrap().as_deref(), Some(bytes));
    }
    assert!(store.object(Digest::of(b"two")).await.unwrap().is_none());
    let checked = store.check().await.unwrap();
    assert_eq!((checked.found, checked.objects), (0, 3), "{checked:?}");
    place.close(store).await;
}

/// Too long, too many; and an empty commit, which is fine.
pub async fn a_commit_over_a_limit_is_refused(place: &dyn Place) {
    let store = place.open(&Setting::new()).await;
    let long = Thing::new("a", &"x".repeat(limits::BODY_BYTES));
    assert!(matches!(
        Transition::recorded(Expect::Absent, &long, draft("a.b")),
        Err(Invalid::TooLong { .. })
    ));
    let beyond = Thing { sort: EDGE + 2, ..Thing::new("a", "x") };
    assert!(matches!(
        Transition::recorded(Expect::Absent, &beyond, draft("a.b")),
        Err(Invalid::Rounded { .. })
    ));
    for key in ["", "a b", "ä", "a\n", &"k".repeat(513)] {
        assert!(matches!(
            Transition::bookkeeping(Expect::Any, &Note::new(key, "x")),
            Err(Invalid::Key { .. })
        ));
    }
    let many: Vec<_> =
        (0..=limits::TRANSITIONS).map(|n| Note::new(&n.to_string(), "x").put(Expect::Any)).collect();
    let why = store.commit(many.into()).await.unwrap_err();
    assert!(matches!(why, CommitError::Invalid(Invalid::TooMuch { what: "transitions", .. })), "{why}");
    let mut commit = Commit::new();
    commit.object(vec![0; limits::OBJECT_BYTES + 1]);
    let why = store.commit(commit).await.unwrap_err();
    assert!(matches!(why, CommitError::Invalid(Invalid::TooMuch { .. })), "{why}");
    let receipt = store.commit(Commit::new()).await.unwrap();
    assert!(receipt.entries.is_empty() && receipt.versions.is_empty());
    place.close(store).await;
}
