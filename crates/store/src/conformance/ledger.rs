//! What is on record.

use ledger::{Frontier, Leaf, Opened, SignedCheckpoint, verify_log};

use super::{
    Place,
    things::{Setting, Thing, draft},
};
use crate::{Commit, CommitError, Expect, Store, Transition};

/// The whole log, verified from nothing but its bytes and the key.
pub(super) async fn verified(store: &dyn Store, setting: &Setting) -> Vec<Leaf> {
    let checkpoint = store.checkpoint().await.unwrap();
    let mut leaves: Vec<Vec<u8>> = vec![];
    while (leaves.len() as u64) < checkpoint.size {
        let entries = store.entries(leaves.len() as u64..checkpoint.size).await.unwrap();
        assert!(!entries.is_empty(), "entries under the checkpoint are missing");
        leaves.extend(entries.into_iter().map(|entry| entry.leaf));
    }
    let note = checkpoint.note.as_bytes();
    verify_log(leaves.iter().map(Vec::as_slice), note, &setting.keys()).unwrap().leaves
}

/// For each version of a record there is one leaf that names it, and the record opens the newest one's commitment.
pub async fn every_change_is_in_the_ledger_and_committed_to(place: &dyn Place) {
    let setting = Setting::new();
    let store = place.open(&setting).await;
    let mut thing = Thing { sort: -5, ..Thing::new("a", "one") };
    store.commit(vec![thing.put(Expect::Absent)].into()).await.unwrap();
    let old = store.standing("thing", "a").await.unwrap().record.unwrap();
    thing.done = true;
    store.commit(vec![thing.put(Expect::Version(1))].into()).await.unwrap();
    let leaves = verified(&*store, &setting).await;
    let states: Vec<_> = leaves.iter().map(|leaf| leaf.state().unwrap()).collect();
    let named: Vec<_> = states.iter().map(|s| (s.kind.as_str(), s.key.as_str(), s.version)).collect();
    assert_eq!(named, [("thing", "a", 1), ("thing", "a", 2)]);
    let record = store.standing("thing", "a").await.unwrap().record.unwrap();
    assert_eq!((record.version, record.entry, record.state.as_str(), record.sort), (2, Some(1), "done", -5));
    assert!(old.is_committed_by(states[0]) && record.is_committed_by(states[1]));
    assert!(!old.is_committed_by(states[1]) && !record.is_committed_by(states[0]));
    for change in [
        |r: &mut crate::Record| r.body.push(b' '),
        |r: &mut crate::Record| r.state = "open".into(),
        |r: &mut crate::Record| r.sort += 1,
        |r: &mut crate::Record| r.version += 1,
        |r: &mut crate::Record| r.key.push('x'),
    ] {
        let mut changed = record.clone();
        change(&mut changed);
        assert!(!changed.is_committed_by(states[1]), "{changed:?}");
    }
    assert_eq!(leaves[0].fact("thing").unwrap().as_text(), Some("a"));
    place.close(store).await;
}

/// The receipt's checkpoint is signed, over the entries, and the one that the store gives out; every stored checkpoint
/// is over exactly the leaves below it.
pub async fn entries_are_under_a_signed_checkpoint_when_commit_returns(place: &dyn Place) {
    let setting = Setting::new();
    let store = place.open(&setting).await;
    for n in 0..5_u64 {
        let mut commit = Commit::new();
        for m in 0..n {
            commit.push(Thing::new(&format!("{n}/{m}"), "x").put(Expect::Absent));
        }
        let receipt = store.commit(commit).await.unwrap();
        assert_eq!(receipt.entries.end - receipt.entries.start, n);
        assert!(receipt.checkpoint.size >= receipt.entries.end);
        assert_eq!(*receipt.checkpoint, store.checkpoint().await.unwrap());
    }
    let all = store.checkpoints(None, 100).await.unwrap();
    assert_eq!(all.iter().map(|c| c.size).collect::<Vec<_>>(), [0, 1, 3, 6, 10]);
    let hashes = store.leaf_hashes(0..u64::MAX).await.unwrap();
    assert_eq!(hashes.len(), 10);
    for row in &all {
        let signed = SignedCheckpoint::open(row.note.as_bytes(), &setting.keys()).unwrap();
        assert_eq!((signed.checkpoint().size, signed.checkpoint().root), (row.size, row.root));
        assert_eq!(Frontier::from_leaves(&hashes[..row.size as usize]).root(), row.root);
    }
    assert_eq!(store.checkpoints(Some(3), 1).await.unwrap(), all[3..4]);
    assert_eq!(store.leaf_hashes(4..6).await.unwrap(), hashes[4..6]);
    assert!(store.leaf_hashes(10..20).await.unwrap().is_empty());
    place.close(store).await;
}

/// Texts lie beside the entry and open its commitments.
pub async fn an_entry_without_a_record_is_kept_with_its_texts(place: &dyn Place) {
    let store = place.open(&Setting::new()).await;
    let said =
        draft("hint.refused").fact("count", 3_i64).seal_text("zero", "").seal_text("a", "who? \u{1f511}");
    let receipt = store.commit(vec![Transition::entry(said)].into()).await.unwrap();
    assert_eq!((receipt.entries, receipt.versions), (0..1, vec![None]));
    let entry = store.entry(0).await.unwrap().unwrap();
    let leaf = Leaf::decode(&entry.leaf).unwrap();
    assert!(leaf.state().is_none());
    assert_eq!(entry.sealed.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["a", "zero"]);
    for (text, expected) in entry.sealed.iter().zip(["who? \u{1f511}", ""]) {
        let (salt, body) = text.text.as_ref().unwrap();
        let opened = leaf.open(&text.name, Some((salt, body))).unwrap();
        assert_eq!(opened, Opened::Proven(expected.as_bytes()));
    }
    assert!(store.entry(1).await.unwrap().is_none());
    place.close(store).await;
}

/// Text and salt are gone, the leaf and the other text are not; what isn't there, or is gone, can't be erased.
pub async fn an_erased_text_is_gone_and_its_entry_stays(place: &dyn Place) {
    let setting = Setting::new();
    let store = place.open(&setting).await;
    let said = draft("test.said").seal_text("name", "Ada").seal_text("other", "stays");
    store.commit(vec![Transition::entry(said)].into()).await.unwrap();
    let before = store.entry(0).await.unwrap().unwrap();
    let erase = |index, name| Transition::erase(index, name, draft("text.erased").fact("entry", 0_i64));
    for (index, name) in [(0, "nobody"), (1, "name"), (u64::MAX, "name")] {
        let why = store.commit(vec![erase(index, name)].into()).await.unwrap_err();
        assert!(matches!(why, CommitError::NothingToErase { transition: 0, .. }), "{why}");
    }
    let twice = store.commit(vec![erase(0, "name"), erase(0, "name")].into()).await.unwrap_err();
    assert!(matches!(twice, CommitError::NothingToErase { transition: 1, .. }), "{twice}");
    let receipt = store.commit(vec![erase(0, "name")].into()).await.unwrap();
    assert_eq!(receipt.entries, 1..2);
    let again = store.commit(vec![erase(0, "name")].into()).await.unwrap_err();
    assert!(matches!(again, CommitError::NothingToErase { .. }), "{again}");
    let after = store.entry(0).await.unwrap().unwrap();
    assert_eq!(after.leaf, before.leaf);
    assert_eq!(after.sealed.iter().map(|t| t.text.is_some()).collect::<Vec<_>>(), [false, true]);
    let leaves = verified(&*store, &setting).await;
    assert_eq!(leaves[0].open("name", None), Ok(Opened::Erased));
    let checked = store.check().await.unwrap();
    assert_eq!((checked.found, checked.erased, checked.entries), (0, 1, 2), "{checked:?}");
    place.close(store).await;
}
