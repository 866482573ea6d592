//! The clock, and the time of entries.

use super::{
    Place,
    ledger::verified,
    things::{Note, Setting, Thing, draft},
};
use crate::{Commit, CommitError, Expect, Transition, log::CLOCK_BEHIND_MS};

/// A clock that goes back a little gives the last entry's time; also over a restart.
pub async fn time_never_goes_back(place: &dyn Place) {
    let setting = Setting::new();
    let mut store = place.open(&setting).await;
    let say = || Commit::new().with(Transition::entry(draft("test.said")));
    let begin = model::Clock::now(&*setting.clock).as_millis();
    for step in [0, 5, -3, -CLOCK_BEHIND_MS + 3, CLOCK_BEHIND_MS] {
        setting.clock.step_ms(step);
        store.commit(say()).await.unwrap();
        place.close(store).await;
        store = place.open(&setting).await;
    }
    let leaves = verified(&*store, &setting).await;
    let times: Vec<_> = leaves.iter().map(|leaf| leaf.at().unix_ms() - begin).collect();
    assert_eq!(times, [0, 5, 5, 5, 5]);
    setting.clock.step_ms(1000);
    store.commit(say()).await.unwrap();
    assert_eq!(verified(&*store, &setting).await.last().unwrap().at().unix_ms() - begin, 1005);
    place.close(store).await;
}

/// More than a minute behind: entries are refused and say why; hints are still stored; it goes on once the clock is right.
pub async fn a_clock_far_behind_stops_entries_and_nothing_else(place: &dyn Place) {
    let setting = Setting::new();
    let store = place.open(&setting).await;
    store.commit(vec![Thing::new("a", "x").put(Expect::Absent)].into()).await.unwrap();
    setting.clock.step_ms(-CLOCK_BEHIND_MS - 1);
    let thing = Thing::new("b", "x");
    let why = store.commit(vec![thing.put(Expect::Absent)].into()).await.unwrap_err();
    let CommitError::ClockBehind { now, last } = why else { panic!("{why}") };
    assert_eq!(last.ms_since(now), CLOCK_BEHIND_MS + 1);
    store.commit(vec![Note::new("hint", "x").put(Expect::Absent)].into()).await.unwrap();
    setting.clock.step_ms(1);
    store.commit(vec![thing.put(Expect::Absent)].into()).await.unwrap();
    place.close(store).await;
}
