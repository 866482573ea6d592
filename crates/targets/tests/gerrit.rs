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
    fails: Option<(u64, DeskError)>,
}

impl Desk {
    fn note(&self, change: &ChangeKey, what: &str) -> Result<(), DeskError> {
        let name = format!("{}/{}/{}: {what}", change.server, change.project, change.number);
        self.asked.lock().unwrap().push(name);
        match &self.fails {
            Some((number, why)) if *number == change.number => Err(why.clone()),
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

#[tokio::test]
async fn what_gerrit_refuses_is_a_failure_and_what_is_lost_is_unknown() {
    let refused = Desk { fails: Some((41, DeskError::Refused("no\nright".into()))), ..Desk::default() };
    let message = || Gerrit::Message { text: "x".into() };
    let acted = world(message()).act_with(&refused).await;
    assert_eq!(acted.did, Did::Failed { why: "change 41: no right".into() });
    assert_eq!(refused.asked().len(), 1, "the next change is not asked");
    let lost = Desk { fails: Some((42, DeskError::Unsettled("no answer".into()))), ..Desk::default() };
    let acted = world(message()).act_with(&lost).await;
    assert_eq!(acted.did, Did::Unknown { why: "change 42: no answer".into() });
}

#[tokio::test]
async fn without_a_desk_nothing_is_done() {
    let acted = world(Gerrit::Message { text: "x".into() }).act().await;
    assert!(matches!(acted.did, Did::Failed { .. }) && !acted.touched);
}
