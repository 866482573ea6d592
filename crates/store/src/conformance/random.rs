//! Random operations, beside a model that anybody can read.

use std::{collections::BTreeMap, sync::Arc};

use proptest::{
    prelude::*,
    test_runner::{Config, FileFailurePersistence, TestRunner},
};

use super::{
    Place,
    things::{EDGE, Note, Setting, Thing, draft},
};
use crate::{Commit, CommitError, Expect, Query, Store, StoreExt as _, Transition};

#[derive(Clone, Debug)]
enum Op {
    Commit(Vec<Act>),
    Restart,
    Clock(i64),
}

#[derive(Clone, Debug)]
enum Act {
    Thing(u8, Guess, bool, i64, String),
    Note(u8, Guess, String),
    Forget(u8, Guess),
    Say(String),
    Erase(u64),
}

/// What a writer believes of a record: the truth, or something.
#[derive(Clone, Debug)]
enum Guess {
    Truth,
    Is(Expect),
}

impl Guess {
    fn expect(&self, version: Option<u64>) -> Expect {
        match self {
            Self::Truth => version.map_or(Expect::Absent, Expect::Version),
            Self::Is(expect) => *expect,
        }
    }
}

fn op() -> impl Strategy<Value = Op> {
    let wrong = prop_oneof![Just(Expect::Absent), (0..4_u64).prop_map(Expect::Version)];
    let guess = prop_oneof![6 => Just(Guess::Truth), 1 => wrong.prop_map(Guess::Is)];
    let act = prop_oneof![
        (0..6_u8, guess.clone(), any::<bool>(), -EDGE..=EDGE, ".{0,20}")
            .prop_map(|(k, g, d, s, t)| Act::Thing(k, g, d, s, t)),
        (0..4_u8, guess.clone(), ".{0,20}").prop_map(|(k, g, t)| Act::Note(k, g, t)),
        (0..4_u8, guess).prop_map(|(k, g)| Act::Forget(k, g)),
        ".{0,20}".prop_map(Act::Say),
        (0..20_u64).prop_map(Act::Erase),
    ];
    prop_oneof![
        12 => prop::collection::vec(act, 0..5).prop_map(Op::Commit),
        1 => Just(Op::Restart),
        1 => (-30_000..60_000_i64).prop_map(Op::Clock),
    ]
}

/// What should be there.
#[derive(Clone, Default)]
struct Model {
    things: BTreeMap<String, (u64, Thing)>,
    notes: BTreeMap<String, (u64, Note)>,
    /// Of each entry its text, where it has one that isn't erased.
    entries: Vec<Option<String>>,
}

impl Model {
    /// Applies an act, or says which error it has to give; adds the transition to the commit.
    fn act(&mut self, act: &Act, commit: &mut Commit) -> Result<(), &'static str> {
        let holds =
            |expect: Expect, version| if expect.holds(version) { Ok(()) } else { Err("precondition") };
        match act {
            Act::Thing(key, guess, done, sort, text) => {
                let thing = Thing { key: format!("k{key}"), done: *done, sort: *sort, text: text.clone() };
                let version = self.things.get(&thing.key).map(|(version, _)| *version);
                let expect = guess.expect(version);
                commit.push(thing.put(expect));
                holds(expect, version)?;
                self.things.insert(thing.key.clone(), (version.unwrap_or(0) + 1, thing));
                self.entries.push(None);
            }
            Act::Note(key, guess, text) => {
                let note = Note::new(&format!("n{key}"), text);
                let version = self.notes.get(&note.key).map(|(version, _)| *version);
                let expect = guess.expect(version);
                commit.push(note.put(expect));
                holds(expect, version)?;
                self.notes.insert(note.key.clone(), (version.unwrap_or(0) + 1, note));
            }
            Act::Forget(key, guess) => {
                let key = format!("n{key}");
                let version = self.notes.get(&key).map(|(version, _)| *version);
                let expect = guess.expect(version);
                commit.push(Transition::forget::<Note>(expect, &key).unwrap());
                holds(expect, version)?;
                self.notes.remove(&key);
            }
            Act::Say(text) => {
                commit.push(Transition::entry(draft("test.said").seal_text("t", text.as_str())));
                self.entries.push(Some(text.clone()));
            }
            Act::Erase(index) => {
                commit.push(Transition::erase(*index, "t", draft("text.erased")));
                let text = self.entries.get_mut(*index as usize).ok_or("erase")?;
                text.take().ok_or("erase")?;
                self.entries.push(None);
            }
        }
        Ok(())
    }
}

/// Sequences of commits, most of which hold, restarts and clock steps: after each the answers, at the end everything.
pub fn random_operations_do_what_a_simple_model_does(place: &dyn Fn() -> Box<dyn Place>) {
    let config = Config {
        cases: 24,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        max_shrink_iters: 200,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let ops = prop::collection::vec(op(), 1..40);
    TestRunner::new(config)
        .run(&ops, |ops| {
            let place = place();
            runtime.block_on(run(&*place, &ops));
            Ok(())
        })
        .unwrap();
}

async fn run(place: &dyn Place, ops: &[Op]) {
    let setting = Setting::new();
    let mut store = place.open(&setting).await;
    let mut model = Model::default();
    for op in ops {
        match op {
            Op::Restart => {
                place.close(store).await;
                store = place.open(&setting).await;
            }
            Op::Clock(step) => {
                // Never a minute behind: what happens then has a test of its own.
                setting.clock.step_ms((*step).max(0));
                setting.clock.step_ms((*step).clamp(-50, 0));
            }
            Op::Commit(acts) => commit(&store, &mut model, acts).await,
        }
    }
    compare(&store, &model).await;
    place.close(store).await;
}

async fn commit(store: &Arc<dyn Store>, model: &mut Model, acts: &[Act]) {
    let (mut after, mut commit, mut expected) = (model.clone(), Commit::new(), Ok(()));
    for (at, act) in acts.iter().enumerate() {
        // A text of this very commit can't be erased in it: its index isn't known before it is written.
        let early = matches!(act, Act::Erase(index) if *index >= model.entries.len() as u64);
        let done = after.act(act, &mut commit);
        let done = if early { Err("erase") } else { done };
        if expected.is_ok() {
            expected = done.map_err(|why| (at, why));
        }
    }
    let object = commit.object(format!("{acts:?}").into_bytes());
    let answer = store.commit(commit).await;
    match (answer, expected) {
        (Ok(receipt), Ok(())) => {
            assert_eq!(receipt.entries, model.entries.len() as u64..after.entries.len() as u64);
            assert!(store.object(object).await.unwrap().is_some());
            *model = after;
        }
        (Err(CommitError::Precondition { transition, .. }), Err((at, "precondition"))) => {
            assert_eq!(transition, at);
        }
        (Err(CommitError::NothingToErase { transition, .. }), Err((at, "erase"))) => {
            assert_eq!(transition, at);
        }
        (answer, expected) => panic!("{answer:?}, expected {expected:?}"),
    }
}

async fn compare(store: &Arc<dyn Store>, model: &Model) {
    let things = store.page::<Thing>(Query::of("thing").oldest()).await.unwrap();
    let mut expected: Vec<_> = model.things.values().cloned().collect();
    expected.sort_by(|(_, a), (_, b)| (a.sort, &a.key).cmp(&(b.sort, &b.key)));
    assert_eq!(things.items.into_iter().map(|t| (t.version, t.value)).collect::<Vec<_>>(), expected);
    let notes = store.page::<Note>(Query::of("note").oldest()).await.unwrap();
    let expected: Vec<_> = model.notes.values().cloned().collect();
    assert_eq!(notes.items.into_iter().map(|n| (n.version, n.value)).collect::<Vec<_>>(), expected);
    let entries = store.entries(0..u64::MAX).await.unwrap();
    let texts: Vec<_> = entries
        .iter()
        .map(|entry| {
            let text = entry.sealed.first().and_then(|text| text.text.as_ref());
            text.map(|(_, body)| String::from_utf8(body.clone()).unwrap())
        })
        .collect();
    assert_eq!(texts, model.entries);
    let counted: u64 = store.counts().await.unwrap().iter().map(|count| count.count).sum();
    assert_eq!(counted, (model.things.len() + model.notes.len()) as u64);
    let checked = store.check().await.unwrap();
    assert!(checked.is_sound(), "{checked:?}");
}
