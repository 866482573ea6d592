//! Lists, counts, and records that can't be read.

use serde::{Deserialize, Serialize};

use super::{
    Place,
    things::{EDGE, Note, Setting, Thing, draft},
};
use crate::{
    Commit, Count, Expect, Kept, Order, Query, ReadError, Store, StoreExt as _, Transition, Versioned,
};

/// 40 things, several of each order, every third done; and one of another kind.
async fn fill(store: &dyn Store) -> Vec<Thing> {
    let mut commit = Commit::new().with(Note::new("n", "x").put(Expect::Any));
    let mut things: Vec<_> = (0..40_i64)
        .map(|n| Thing { done: n % 3 == 0, sort: n / 4 - 3, ..Thing::new(&format!("k{}", n * 7 % 40), "x") })
        .collect();
    for (at, edge) in [-EDGE, EDGE].into_iter().enumerate() {
        things.push(Thing { sort: edge, ..Thing::new(&format!("edge{at}"), "x") });
    }
    for thing in &things {
        commit.push(thing.put(Expect::Absent));
    }
    store.commit(commit).await.unwrap();
    things.sort_by(|a, b| (a.sort, &a.key).cmp(&(b.sort, &b.key)));
    things
}

/// Both orders, pages of every size: everything once, in order, and the last page says that it is.
pub async fn lists_show_everything_once_in_order(place: &dyn Place) {
    let store = place.open(&Setting::new()).await;
    let mut expected = fill(&*store).await;
    for order in [Order::Oldest, Order::Newest] {
        for limit in [1, 5, 41, 42, 43, 5000] {
            let (mut seen, mut after, mut pages) = (vec![], None, 0);
            loop {
                let query = Query { order, ..Query::of("thing").limit(limit).after(after) };
                let page = store.page::<Thing>(query).await.unwrap();
                assert!(page.items.len() <= limit as usize && page.broken.is_empty());
                seen.extend(page.items.into_iter().map(|item| item.value));
                pages += 1;
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expected, "{order:?} {limit}");
            assert_eq!(pages, 42_u32.div_ceil(limit), "{order:?} {limit}");
        }
        expected.reverse();
    }
    assert!(store.page::<Thing>(Query::of("thing").state("gone")).await.unwrap().items.is_empty());
    assert_eq!(store.all::<Thing>(&[], 1000).await.unwrap().items.len(), 42);
    let some = store.all::<Thing>(&["open"], 10).await.unwrap();
    assert_eq!((some.items.len(), some.next.is_some()), (10, true));
    place.close(store).await;
}

/// Several states merge into one order; one asked for twice counts once.
pub async fn lists_take_several_states_at_once(place: &dyn Place) {
    let store = place.open(&Setting::new()).await;
    let expected = fill(&*store).await;
    let done: Vec<_> = expected.iter().filter(|thing| thing.done).cloned().collect();
    let values = |items: Vec<Versioned<Thing>>| items.into_iter().map(|i| i.value).collect::<Vec<_>>();
    let query = Query::of("thing").oldest();
    let page = store.page::<Thing>(query.clone().state("done").state("done")).await.unwrap();
    assert_eq!(values(page.items), done);
    let both = query.state("open").state("done").limit(10);
    let first = store.page::<Thing>(both.clone()).await.unwrap();
    assert_eq!(values(first.items), expected[..10]);
    let second = store.page::<Thing>(both.after(first.next)).await.unwrap();
    assert_eq!(values(second.items), expected[10..20]);
    place.close(store).await;
}

/// By kind, then state; what was forgotten counts no more.
pub async fn counts_are_by_kind_and_state(place: &dyn Place) {
    let store = place.open(&Setting::new()).await;
    assert!(store.counts().await.unwrap().is_empty());
    fill(&*store).await;
    let count = |kind: &str, state: &str, count| Count { kind: kind.into(), state: state.into(), count };
    let all = [count("note", "here", 1), count("thing", "done", 14), count("thing", "open", 28)];
    assert_eq!(store.counts().await.unwrap(), all);
    store.commit(vec![Transition::forget::<Note>(Expect::Any, "n").unwrap()].into()).await.unwrap();
    assert_eq!(store.counts().await.unwrap(), all[1..]);
    place.close(store).await;
}

/// A record that another version of the program wrote: an error with its kind and key, and lists go on.
pub async fn a_broken_record_is_named_and_takes_no_other_with_it(place: &dyn Place) {
    #[derive(Serialize, Deserialize)]
    struct Other {
        unknown: u8,
    }
    impl Kept for Other {
        const KIND: &'static str = Thing::KIND;
        const RECORDED: bool = true;
        fn key(&self) -> String {
            "b".into()
        }
        fn state(&self) -> &'static str {
            "open"
        }
        fn sort(&self) -> i64 {
            0
        }
    }
    let store = place.open(&Setting::new()).await;
    let other = Transition::recorded(Expect::Absent, &Other { unknown: 1 }, draft("a.b")).unwrap();
    let (a, c) = (Thing::new("a", "x"), Thing::new("c", "x"));
    let commit = Commit::new().with(a.put(Expect::Absent)).with(other).with(c.put(Expect::Absent));
    store.commit(commit).await.unwrap();
    let why = store.get::<Thing>("b").await.unwrap_err();
    assert!(matches!(&why, ReadError::Broken { kind, key, .. } if kind == "thing" && key == "b"), "{why}");
    let page = store.page::<Thing>(Query::of("thing").oldest()).await.unwrap();
    assert_eq!(page.items.iter().map(|item| item.value.key.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(page.broken.len(), 1);
    assert!(page.broken[0].to_string().contains("\"b\""), "{}", page.broken[0]);
    place.close(store).await;
}
