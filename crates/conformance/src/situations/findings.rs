//! What else can be wrong with a merge, and what only informs.

use serde_json::{Value, json};

use crate::World;
use crate::play::Play;

const COUNTS: &str = "Code-Review+2 of bob on 1: counts";

pub async fn vetoed(world: &dyn World) {
    let play = Play::new(world, "ev-vetoed").await.lax().await;
    let number = play.change("a");
    play.vote("carol", number, -2).await;
    play.merge(number).await;
    let verdict = format!("not reviewed; x vetoed\n{COUNTS}\nCode-Review-2 of carol on 1: not-max");
    play.expect(number, &verdict).await;
}

pub async fn nearly_vetoed(world: &dyn World) {
    let play = Play::new(world, "ev-disliked").await.lax().await;
    let number = play.change("a");
    play.vote("carol", number, -1).await;
    play.merge(number).await;
    play.expect(number, &format!("REVIEWED\n{COUNTS}\nCode-Review-1 of carol on 1: not-max")).await;
}

pub async fn no_independent_approval(world: &dyn World) {
    let play = Play::new(world, "ev-nobody").await.lax().await;
    let number = play.change("a");
    play.submit("dave", number).await;
    play.expect(number, "not reviewed; x no-independent-approval").await;
}

pub async fn submitted_on_behalf(world: &dyn World) {
    let play = Play::new(world, "ev-submitted-for").await;
    let number = play.change("a");
    play.vote("bob", number, 2).await;
    let body = json!({"on_behalf_of": "erin"});
    play.stage.rest("dave", "POST", &format!("{}/submit", play.path(number)), &body).await;
    play.expect(number, &format!("not reviewed; x submitted-on-behalf\n{COUNTS}")).await;
}

pub async fn nearly_submitted_on_behalf(world: &dyn World) {
    let play = Play::new(world, "ev-submitted-self").await;
    let number = play.change("a");
    play.vote("bob", number, 2).await;
    let body = json!({"on_behalf_of": "dave"});
    play.stage.rest("dave", "POST", &format!("{}/submit", play.path(number)), &body).await;
    play.expect(number, &format!("REVIEWED\n{COUNTS}")).await;
}

pub async fn pushed_directly(world: &dyn World) {
    let play = Play::new(world, "ev-pushed").await;
    let number = play.change("a");
    play.vote("bob", number, 2).await;
    let revision = play.revision(number).await;
    play.work.push("dave", &format!("{revision}:refs/heads/main")).done();
    play.expect(number, &format!("not reviewed; x pushed-directly; i evidence-weak\n{COUNTS}")).await;
}

pub async fn nearly_pushed_directly(world: &dyn World) {
    let play = Play::new(world, "ev-pushed-after").await;
    // the same push after the submit moves nothing
    let number = play.change("b");
    play.merge(number).await;
    let revision = play.revision(number).await;
    play.work.push("dave", &format!("{revision}:refs/heads/main")).done();
    play.expect(number, &format!("REVIEWED\n{COUNTS}")).await;
}

pub async fn not_on_branch(world: &dyn World) {
    let play = Play::new(world, "ev-off-branch").await;
    let base = play.work.head("main");
    let number = play.change("a");
    play.merge(number).await;
    play.work.push("dave", &format!("{base}:refs/heads/main")).done();
    play.expect(number, &format!("not reviewed; x not-on-branch\n{COUNTS}")).await;
    play.work.push("dave", &format!("{base}:refs/heads/other")).done();
    let path = format!("projects/{}/HEAD", play.stage.project);
    play.stage.admin.call("PUT", &path, Some(&json!({"ref": "refs/heads/other"}))).await.unwrap();
    let path = format!("projects/{}/branches/main", play.stage.project);
    play.stage.admin.call("DELETE", &path, None).await.unwrap();
    assert!(play.offline(number).await.starts_with("not reviewed; x not-on-branch"));
}

pub async fn nearly_not_on_branch(world: &dyn World) {
    let play = Play::new(world, "ev-branch-went-on").await;
    let number = play.change("a");
    play.merge(number).await;
    play.merge(play.change("b")).await;
    play.expect(number, &format!("REVIEWED\n{COUNTS}")).await;
}

pub async fn nearly_history_rewritten(world: &dyn World) {
    let play = Play::new(world, "ev-went-on").await;
    let number = play.change("a");
    play.vote("bob", number, 2).await;
    let seen = play.meta(number).await;
    play.submit("dave", number).await;
    assert_eq!(play.live(number, &[seen]).await, format!("REVIEWED\n{COUNTS}"));
}

pub async fn history_rewritten(world: &dyn World) {
    let play = Play::new(world, "ev-rewritten").await;
    let number = play.change("a");
    play.vote("bob", number, 2).await;
    let seen = play.meta(number).await;
    play.submit("dave", number).await;
    let messages =
        play.stage.rest("alice", "GET", &format!("{}/messages", play.path(number)), &json!({})).await;
    let of_bob = |message: &&Value| message["message"].as_str().is_some_and(|text| text.contains("looked"));
    let id = messages.as_array().unwrap().iter().find(of_bob).unwrap()["id"].as_str().unwrap();
    let path = format!("{}/messages/{id}/delete", play.path(number));
    play.stage.admin.call("POST", &path, Some(&json!({"reason": "a slip"}))).await.unwrap();
    let verdict = play.live(number, &[seen]).await;
    assert_eq!(verdict, format!("not reviewed; x history-rewritten\n{COUNTS}"));
    // who had not seen it before can't tell
    play.expect(number, &format!("REVIEWED\n{COUNTS}")).await;
}

pub async fn rest_disagrees(world: &dyn World) {
    let play = Play::new(world, "ev-torn").await;
    let number = play.change("a");
    play.vote("bob", number, 2).await;
    let torn = play.live_torn(number, play.submit("dave", number)).await;
    assert!(torn.starts_with("not reviewed; x rest-disagrees\n"), "{torn}");
}

pub async fn nearly_rest_disagrees(world: &dyn World) {
    let play = Play::new(world, "ev-whole").await;
    let number = play.change("a");
    play.merge(number).await;
    // nothing happened between
    assert_eq!(play.live_torn(number, async {}).await, format!("REVIEWED\n{COUNTS}"));
}

pub async fn submitter_is_owner(world: &dyn World) {
    let play = Play::new(world, "ev-own-submit").await;
    let own = play.change("a");
    play.vote("bob", own, 2).await;
    play.submit("alice", own).await;
    play.expect(own, &format!("REVIEWED; i submitter-is-owner\n{COUNTS}")).await;
}

pub async fn updated_after_merge(world: &dyn World) {
    let play = Play::new(world, "ev-updated").await;
    let number = play.change("b");
    play.merge(number).await;
    let review = gerrit::Review::message("thanks");
    let id = gerrit::ChangeId::new(&play.stage.project, number);
    play.stage.client("alice").review(&id, "current", &review).await.unwrap();
    play.expect(number, &format!("REVIEWED; i updated-after-merge\n{COUNTS}")).await;
}

pub async fn nothing_to_find(world: &dyn World) {
    let play = Play::new(world, "ev-nothing").await;
    // the submitter is not the owner, and what was written was written before the merge
    let number = play.change("a");
    let review = gerrit::Review::message("thanks");
    let id = gerrit::ChangeId::new(&play.stage.project, number);
    play.stage.client("alice").review(&id, "current", &review).await.unwrap();
    play.merge(number).await;
    play.expect(number, &format!("REVIEWED\n{COUNTS}")).await;
}

pub async fn evidence_weak(world: &dyn World) {
    let play = Play::new(world, "ev-weak").await;
    let number = play.change("a");
    play.merge(number).await;
    // as a server of long ago left it
    play.amend_history(number, |message| without(message, "Submission-id: "));
    play.expect(number, &format!("REVIEWED; i evidence-weak\n{COUNTS}")).await;
}

pub async fn nearly_evidence_weak(world: &dyn World) {
    let play = Play::new(world, "ev-strong").await;
    let number = play.change("a");
    play.merge(number).await;
    // it lacks another line, one that proves nothing
    play.amend_history(number, |message| without(message, "Tag: "));
    play.expect(number, &format!("REVIEWED\n{COUNTS}")).await;
}

fn without(message: &str, key: &str) -> String {
    message.lines().filter(|line| !line.starts_with(key)).fold(String::new(), |text, line| text + line + "\n")
}

pub async fn malformed(world: &dyn World) {
    let play = Play::new(world, "ev-malformed").await;
    let number = play.change("a");
    play.merge(number).await;
    play.amend_history(number, |message| format!("{message}Status: merged\n"));
    let verdict = "not reviewed; x malformed";
    assert_eq!(play.offline(number).await, verdict);
    // a server that can't read it itself says nothing at all of it
    play.expect_live_or_unreadable(number, verdict).await;
}

pub async fn nearly_malformed(world: &dyn World) {
    let play = Play::new(world, "ev-unknown-key").await;
    let number = play.change("a");
    play.merge(number).await;
    play.amend_history(number, |message| format!("{message}Weather: fine\n"));
    play.expect(number, &format!("REVIEWED\n{COUNTS}")).await;
}
