//! Many at once.

use std::sync::Arc;

use futures_util::future::join_all;

use super::{
    Place,
    ledger::verified,
    things::{Note, Setting, Thing},
};
use crate::{Commit, CommitError, Expect, Query, Store, StoreExt as _};

async fn all_at_once(
    store: &Arc<dyn Store>,
    commits: impl IntoIterator<Item = Commit>,
) -> Vec<Result<crate::Receipt, CommitError>> {
    let tasks: Vec<_> = commits
        .into_iter()
        .map(|commit| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(commit).await })
        })
        .collect();
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}

/// 50 tasks find a grant unspent and spend it: one does.
pub async fn a_grant_is_spent_once_however_many_try(place: &dyn Place) {
    let store = place.open(&Setting::new()).await;
    let mut grant = Thing::new("grant", "");
    store.commit(vec![grant.put(Expect::Absent)].into()).await.unwrap();
    grant.done = true;
    let spend = (0..50).map(|n| {
        let by = Thing { text: format!("by {n}"), ..grant.clone() };
        Commit::new()
            .with(Thing::new(&format!("run/{n}"), "").put(Expect::Absent))
            .with(by.put(Expect::Version(1)))
    });
    let answers = all_at_once(&store, spend).await;
    let won: Vec<_> = answers.iter().enumerate().filter(|(_, answer)| answer.is_ok()).collect();
    assert_eq!(won.len(), 1);
    for answer in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(
            matches!(answer, CommitError::Precondition { transition: 1, found: Some(2), .. }),
            "{answer}"
        );
    }
    let kept = store.get::<Thing>("grant").await.unwrap().unwrap();
    assert_eq!((kept.version, kept.value.text), (2, format!("by {}", won[0].0)));
    let runs = store.page::<Thing>(Query::of("thing")).await.unwrap();
    assert_eq!(runs.items.len(), 2, "losers left their runs behind");
    assert_eq!(store.checkpoint().await.unwrap().size, 3);
    place.close(store).await;
}

/// 200 commits of different sizes, every fifth with a precondition that doesn't hold: each gets its own entries, the
/// entries are all there are, and the ledger verifies.
pub async fn commits_at_once_each_get_their_own_answer(place: &dyn Place) {
    let setting = Setting::new();
    let store = place.open(&setting).await;
    let commits = (0..200_usize).map(|n| {
        let mut commit = Commit::new().with(Note::new("shared", &n.to_string()).put(Expect::Any));
        for m in 0..n % 4 {
            commit.push(Thing::new(&format!("{n}/{m}"), "x").put(Expect::Absent));
        }
        if n % 5 == 0 {
            commit.push(Thing::new(&format!("{n}/bad"), "x").put(Expect::Version(1)));
        }
        commit
    });
    let answers = all_at_once(&store, commits).await;
    let mut ranges = vec![];
    for (n, answer) in answers.into_iter().enumerate() {
        if n % 5 == 0 {
            assert!(matches!(answer, Err(CommitError::Precondition { found: None, .. })), "{n}");
            continue;
        }
        let receipt = answer.unwrap();
        assert_eq!(receipt.entries.end - receipt.entries.start, (n % 4) as u64);
        assert!(receipt.entries.is_empty() || receipt.checkpoint.size >= receipt.entries.end);
        for (at, index) in receipt.entries.clone().enumerate() {
            let record = store.standing("thing", &format!("{n}/{at}")).await.unwrap().record.unwrap();
            assert_eq!(record.entry, Some(index));
        }
        ranges.extend(receipt.entries);
    }
    ranges.sort_unstable();
    assert_eq!(ranges, (0..ranges.len() as u64).collect::<Vec<_>>());
    assert_eq!(verified(&*store, &setting).await.len(), ranges.len());
    // The shared note has been written by every commit that held.
    assert_eq!(store.get::<Note>("shared").await.unwrap().unwrap().version, 160);
    let checked = store.check().await.unwrap();
    assert!(checked.is_sound(), "{checked:?}");
    place.close(store).await;
}

/// Two records that always change together never differ for a reader, and what a commit returned is what a read sees.
pub async fn readers_see_whole_commits_only(place: &dyn Place) {
    let store = place.open(&Setting::new()).await;
    let both = |text: &str, expect| {
        let (mut a, mut b) = (Thing::new("a", text), Thing::new("b", text));
        (a.sort, b.sort) = (1, 2);
        Commit::new().with(a.put(expect)).with(b.put(expect))
    };
    store.commit(both("0", Expect::Absent)).await.unwrap();
    let writing = {
        let store = store.clone();
        tokio::spawn(async move {
            for version in 1..100_u64 {
                store.commit(both(&version.to_string(), Expect::Version(version))).await.unwrap();
                assert_eq!(store.get::<Thing>("a").await.unwrap().unwrap().version, version + 1);
            }
        })
    };
    let mut reads = 0;
    while !writing.is_finished() || reads == 0 {
        // What is written meanwhile is never taken for a row that somebody edited.
        store.get::<Thing>("a").await.unwrap().unwrap();
        let page = store.page::<Thing>(Query::of("thing").oldest()).await.unwrap();
        let [a, b] = page.items.as_slice() else { panic!("{page:?}") };
        assert_eq!(a.value.text, b.value.text);
        reads += 1;
    }
    writing.await.unwrap();
    place.close(store).await;
}
