//! A poll finds what no event told.

use std::collections::BTreeSet;

use gerrit::poll::{Cursor, Walk};
use gerrit::{ChangeQuery, DetailLevel, Review, Time};

use crate::{Stage, World};

pub async fn a_walk_finds_what_was_merged_page_by_page(world: &dyn World) {
    let stage = Stage::new(world, "polling-pages").await;
    let mut merged = BTreeSet::new();
    for file in ["a", "b", "c"] {
        merged.insert(stage.merge(&stage.change(file).await).await.number);
    }
    stage.change("open").await;
    let reader = stage.client("exq-reader");
    let (mut found, mut start, mut pages) = (Vec::new(), 0, 0);
    loop {
        let query = format!("status:merged project:{}", stage.project);
        let query = ChangeQuery { query, limit: 2, start, detail: DetailLevel::Evidence };
        let page = reader.changes(&query).await.unwrap().value;
        start += page.changes.len() as u64;
        pages += 1;
        found.extend(page.changes);
        if !page.more {
            break;
        }
    }
    assert_eq!((pages, found.iter().map(|change| change.number).collect()), (2, merged.clone()));
    assert!(found.iter().all(|change| change.meta_rev_id.is_some() && !change.revisions.is_empty()));
    assert!(found.is_sorted_by(|a, b| a.updated >= b.updated), "newest first");

    let numbers = walk(&stage, Cursor(found[0].updated)).await;
    assert!(merged.iter().all(|number| numbers.0.contains(number)), "{merged:?} {numbers:?}");
    assert!(numbers.1 >= Cursor(found[0].updated));
    let far = Cursor(Time::parse("2100-01-01 00:00:00.000000000").unwrap());
    assert_eq!(walk(&stage, far).await, (BTreeSet::new(), far));
}

pub async fn what_happens_to_a_merged_change_brings_it_again(world: &dyn World) {
    let stage = Stage::new(world, "polling-again").await;
    let merged = stage.merge(&stage.change("a").await).await;
    stage
        .client("exq-writer")
        .review(&(&merged).into(), "current", &Review::message("report"))
        .await
        .unwrap();
    let after = stage.read(merged.number).await;
    assert!(after.updated >= merged.updated);
    assert_ne!(after.meta_rev_id, merged.meta_rev_id);
    assert!(walk(&stage, Cursor(after.updated)).await.0.contains(&merged.number));
}

async fn walk(stage: &Stage, since: Cursor) -> (BTreeSet<u64>, Cursor) {
    let reader = stage.client("exq-reader");
    let (mut walk, mut numbers) = (Walk::new(since), BTreeSet::new());
    while let Some(query) = walk.next_query(DetailLevel::Brief) {
        let page = reader.changes(&query).await.unwrap().value;
        numbers.extend(page.changes.iter().map(|change| change.number));
        walk.take(&page);
    }
    (numbers, walk.finish().unwrap())
}
