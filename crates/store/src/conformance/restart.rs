//! The end of the process, and the next one.

use super::{
    Place,
    ledger::verified,
    things::{Note, Setting, Thing, draft},
};
use crate::{Commit, Expect, StoreExt as _, Transition};

/// Records, objects, entries, texts and checkpoints; and the ledger goes on where it ended.
pub async fn everything_is_there_after_a_restart(place: &dyn Place) {
    let setting = Setting::new();
    let mut digest = None;
    for round in 0..4_u64 {
        let store = place.open(&setting).await;
        assert_eq!(store.checkpoint().await.unwrap().size, 3 * round);
        if let Some(digest) = digest {
            assert_eq!(
                store.object(digest).await.unwrap().unwrap(),
                format!("round {}", round - 1).into_bytes()
            );
            let kept = store.get::<Thing>("a").await.unwrap().unwrap();
            assert_eq!((kept.version, kept.value.text), (round, (round - 1).to_string()));
            assert_eq!(store.get::<Note>("n").await.unwrap().unwrap().version, round);
        }
        let expect = if round == 0 { Expect::Absent } else { Expect::Version(round) };
        let mut commit = Commit::new()
            .with(Thing::new("a", &round.to_string()).put(expect))
            .with(Thing::new(&format!("r{round}"), "x").put(Expect::Absent))
            .with(Note::new("n", "x").put(Expect::Any))
            .with(Transition::entry(draft("test.said").seal_text("t", round.to_string())));
        digest = Some(commit.object(format!("round {round}").into_bytes()));
        let receipt = store.commit(commit).await.unwrap();
        assert_eq!(receipt.entries, 3 * round..3 * round + 3);
        place.close(store).await;
    }
    let store = place.open(&setting).await;
    assert_eq!(verified(&*store, &setting).await.len(), 12);
    let checked = store.check().await.unwrap();
    assert_eq!((checked.found, checked.entries, checked.objects), (0, 12, 4), "{checked:?}");
    place.close(store).await;
}
