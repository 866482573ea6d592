//! What else can be wrong with a merge, and what only informs.

use serde_json::{Value, json};

use crate::World;
use crate::play::Play;

const COUNTS: &str = "Code-Review+2 of bob on 1: counts";

pub async fn vetoed(world: &dyn World) {
    let play = Play::new(world, "ev-vetoed").await.lax().await;
    for (value, verdict) in [(-2, "not reviewed; x vetoed"), (-1, "REVIEWED")] {
        let number = play.change(&format!("a{value}"));
        play.vote("carol", number, value).await;
        play.merge(number).await;
        play.expect(number, &format!("{verdict}\n{COUNTS}\nCode-Review{value} of carol on 1: not-max")).await;
    }
}

pub async fn submitted_on_behalf(world: &dyn World) {
    let play = Play::new(world, "ev-submitted-for").await;
    for (other, verdict) in [("erin", "not reviewed; x submitted-on-behalf"), ("dave", "REVIEWED")] {
        let number = play.change(other);
        play.vote("bob", number, 2).await;
        let body = if other == "dave" { json!({}) } else { json!({"on_behalf_of": other}) };
        play.stage.rest("dave", "POST", &format!("{}/submit", play.path(number)), &body).await;
        play.expect(number, &format!("{verdict}\n{COUNTS}")).await;
    }
}

pub async fn pushed_directly(world: &dyn World) {
    let play = Play::new(world, "ev-pushed").await;
    let number = play.change("a");
    play.vote("bob", number, 2).await;
    let revision = play.revision(number).await;
    play.work.push("dave", &format!("{revision}:refs/heads/main")).done();
    play.expect(number, &format!("not reviewed; x pushed-directly; i evidence-weak\n{COUNTS}")).await;
    // near miss: the same push after the submit moves nothing
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
    // near miss: the branch went on
    play.merge(play.change("b")).await;
    play.expect(number, &format!("REVIEWED\n{COUNTS}")).await;
    play.work.push("dave", &format!("{base}:refs/heads/main")).done();
    play.expect(number, &format!("not reviewed; x not-on-branch\n{COUNTS}")).await;
    play.work.push("dave", &format!("{base}:refs/heads/other")).done();
    let path = format!("projects/{}/HEAD", play.stage.project);
    play.stage.admin.call("PUT", &path, Some(&json!({"ref": "refs/heads/other"}))).await.unwrap();
    let path = format!("projects/{}/branches/main", play.stage.project);
    play.stage.admin.call("DELETE", &path, None).await.unwrap();
    assert!(play.offline(number).await.starts_with("not reviewed; x not-on-branch"));
}

pub async fn history_rewritten(world: &dyn World) {
    let play = Play::new(world, "ev-rewritten").await;
    let number = play.change("a");
    play.vote("bob", number, 2).await;
    let seen = play.meta(number).await;
    play.submit("dave", number).await;
    // near miss: it only went on
    assert_eq!(play.live(number, &[seen]).await, format!("REVIEWED\n{COUNTS}"));
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
    // near miss: nothing happened between
    assert_eq!(play.live_torn(number, async {}).await, format!("REVIEWED\n{COUNTS}"));
}

pub async fn what_only_informs(world: &dyn World) {
    let play = Play::new(world, "ev-informs").await;
    let own = play.change("a");
    play.vote("bob", own, 2).await;
    play.submit("alice", own).await;
    play.expect(own, &format!("REVIEWED; i submitter-is-owner\n{COUNTS}")).await;
    let number = play.change("b");
    play.merge(number).await;
    play.expect(number, &format!("REVIEWED\n{COUNTS}")).await;
    let review = gerrit::Review::message("thanks");
    let id = gerrit::ChangeId::new(&play.stage.project, number);
    play.stage.client("alice").review(&id, "current", &review).await.unwrap();
    play.expect(number, &format!("REVIEWED; i updated-after-merge\n{COUNTS}")).await;
}
