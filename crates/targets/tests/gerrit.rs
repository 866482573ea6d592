//! Steps on Gerrit, against a desk that writes down what it is asked.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use std::sync::Mutex;

use async_trait::async_trait;
use common::World;
use grant::StepAt;
use model::{Action, ChangeKey, Gerrit};
use targets::{DeskError, Did, GerritDesk};

#[derive(Default)]
struct Desk {
    asked: Mutex<Vec<String>>,
    /// On which change, at how many first tries, and how.
    fails: Option<(u64, usize, DeskError)>,
}

impl Desk {
    fn note(&self, change: &ChangeKey, what: &str) -> Result<(), DeskError> {
        let name = format!("{}/{}/{}: {what}", change.server, change.project, change.number);
        let mut asked = self.asked.lock().unwrap();
        asked.push(name.clone());
        let tries = asked.iter().filter(|other| **other == name).count();
        match &self.fails {
            Some((number, times, why)) if *number == change.number && tries <= *times => Err(why.clone()),
            _ => Ok(()),
        }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl GerritDesk for Desk {
    async fn message(&self, change: &ChangeKey, text: &str, key: &str) -> Result<(), DeskError> {
        self.note(change, &format!("message {text} {key}"))
    }

    async fn hashtags(&self, change: &ChangeKey, add: &[String], remove: &[String]) -> Result<(), DeskError> {
        self.note(change, &format!("hashtags {add:?} {remove:?}"))
    }

    async fn revert(&self, change: &ChangeKey, message: &str, key: &str) -> Result<(), DeskError> {
        self.note(change, &format!("revert {message} {key}"))
    }
}

fn world(action: Gerrit) -> World {
    World::new("gerrit", vec![Action::Gerrit(action)], &[])
}

#[tokio::test]
async fn a_message_goes_to_each_change_once_by_the_steps_key() {
    let world = world(Gerrit::Message { text: "hello".into() });
    let desk = Desk::default();
    assert_eq!(world.act_with(&desk).await.did, Did::Succeeded);
    let key = world.grant.idempotency_key(StepAt::forward(0));
    let asked = [41, 42].map(|n| format!("main/shop/{n}: message hello {key}"));
    assert_eq!(desk.asked(), asked);
}

#[tokio::test]
async fn hashtags_go_to_each_change() {
    let world = world(Gerrit::Hashtag { add: vec!["live".into()], remove: vec!["old".into()] });
    let desk = Desk::default();
    assert_eq!(world.act_with(&desk).await.did, Did::Succeeded);
    assert_eq!(desk.asked(), [41, 42].map(|n| format!(r#"main/shop/{n}: hashtags ["live"] ["old"]"#)));
}

#[tokio::test]
async fn only_the_last_change_is_reverted() {
    let world = world(Gerrit::Revert { message: "back".into() });
    let desk = Desk::default();
    assert_eq!(world.act_with(&desk).await.did, Did::Succeeded);
    let key = world.grant.idempotency_key(StepAt::forward(0));
    assert_eq!(desk.asked(), [format!("main/shop/42: revert back {key}")]);
}

fn failing(number: u64, times: usize, why: DeskError) -> Desk {
    Desk { fails: Some((number, times, why)), ..Desk::default() }
}

fn message() -> World {
    world(Gerrit::Message { text: "x".into() })
}

#[tokio::test]
async fn what_gerrit_refuses_is_a_failure_at_once() {
    let desk = failing(41, 9, DeskError::Refused("no\nright".into()));
    let acted = message().act_with(&desk).await;
    assert_eq!(acted.did, Did::Failed { why: "change 41: no right".into() });
    assert_eq!(desk.asked().len(), 1, "the next change is not asked");
    assert!(!acted.touched);
    let acted = message().act_with(&failing(42, 9, DeskError::Refused("no".into()))).await;
    assert!(acted.touched, "the first change has its message");
}

#[tokio::test(start_paused = true)]
async fn a_short_outage_is_waited_for() {
    for why in [DeskError::Unavailable("down".into()), DeskError::Unsettled("lost".into())] {
        let desk = failing(42, 4, why);
        assert_eq!(message().act_with(&desk).await.did, Did::Succeeded);
        assert_eq!(desk.asked().len(), 6);
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_outage_is_a_failure_and_a_lost_answer_is_unknown() {
    let desk = failing(41, 5, DeskError::Unavailable("down".into()));
    assert_eq!(message().act_with(&desk).await.did, Did::Failed { why: "change 41: down".into() });
    assert_eq!(desk.asked().len(), 5);
    let desk = failing(41, 5, DeskError::Unsettled("lost".into()));
    assert_eq!(message().act_with(&desk).await.did, Did::Unknown { why: "change 41: lost".into() });
}

#[tokio::test]
async fn without_a_desk_nothing_is_done() {
    let acted = world(Gerrit::Message { text: "x".into() }).act().await;
    assert!(matches!(acted.did, Did::Failed { .. }) && !acted.touched);
}
