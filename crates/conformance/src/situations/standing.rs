//! Which votes stand on what was merged, and when they were cast.

use serde_json::json;

use crate::World;
use crate::play::{Commit, Play};

pub async fn merged_with_one_independent_approval(world: &dyn World) {
    let play = Play::new(world, "ev-plain").await;
    let number = play.change("a");
    play.vote("bob", number, 2).await;
    play.submit("dave", number).await;
    play.expect(number, "REVIEWED\nCode-Review+2 of bob on 1: counts").await;
}

pub async fn not_merged(world: &dyn World) {
    let play = Play::new(world, "ev-open").await;
    let number = play.change("a");
    play.vote("bob", number, 2).await;
    play.expect(number, "not reviewed; x not-merged\nCode-Review+2 of bob on 1: counts").await;
    let dropped = play.change("b");
    play.vote("bob", dropped, 2).await;
    play.stage.rest("alice", "POST", &format!("{}/abandon", play.path(dropped)), &json!({})).await;
    play.expect(dropped, "not reviewed; x not-merged\nCode-Review+2 of bob on 1: counts").await;
}

pub async fn after_submit(world: &dyn World) {
    let play = Play::new(world, "ev-after-submit").await.lax().await;
    let late = play.change("a");
    play.submit("dave", late).await;
    play.vote("bob", late, 2).await;
    let text = "not reviewed; x no-independent-approval; i updated-after-merge\nCode-Review+2 of bob on 1: after-submit";
    play.expect(late, text).await;
    let raised = play.change("b");
    play.vote("bob", raised, 1).await;
    play.submit("dave", raised).await;
    play.vote("bob", raised, 2).await;
    play.expect(
        raised,
        "not reviewed; x no-independent-approval; i updated-after-merge
         Code-Review+1 of bob on 1: not-max
         Code-Review+2 of bob on 1: after-submit",
    )
    .await;
}

pub async fn nearly_after_submit(world: &dyn World) {
    let play = Play::new(world, "ev-before-submit").await.lax().await;
    // one came just before, another just after
    let before = play.change("c");
    play.merge(before).await;
    play.vote("carol", before, 2).await;
    play.expect(
        before,
        "REVIEWED; i updated-after-merge
         Code-Review+2 of bob on 1: counts
         Code-Review+2 of carol on 1: after-submit",
    )
    .await;
}

pub async fn on_behalf(world: &dyn World) {
    let play = Play::new(world, "ev-on-behalf").await;
    let number = play.change("a");
    play.vote_for("erin", "bob", number, 2).await;
    play.submit("dave", number).await;
    play.expect(
        number,
        "not reviewed; x no-independent-approval
         Code-Review+2 of bob on 1: on-behalf",
    )
    .await;
}

pub async fn nearly_on_behalf(world: &dyn World) {
    let play = Play::new(world, "ev-for-himself").await;
    // the voter says so for himself afterwards, with another vote between
    let number = play.change("b");
    play.vote_for("erin", "bob", number, 1).await;
    play.vote("bob", number, 2).await;
    play.submit("dave", number).await;
    play.expect(number, "REVIEWED\nCode-Review+2 of bob on 1: counts").await;
}

pub async fn on_behalf_laundered_by_a_submit_that_rebases(world: &dyn World) {
    let play = Play::of_type(world, "ev-on-behalf-rebase", "REBASE_ALWAYS").await;
    let number = play.change("a");
    play.vote_for("erin", "bob", number, 2).await;
    play.submit("dave", number).await;
    play.expect(
        number,
        "not reviewed; x no-independent-approval
         Code-Review+2 of bob on 2 copied: on-behalf",
    )
    .await;
}

pub async fn on_behalf_laundered_by_a_submit_that_picks(world: &dyn World) {
    let play = Play::of_type(world, "ev-on-behalf-pick", "CHERRY_PICK").await;
    let number = play.change("a");
    play.vote_for("erin", "bob", number, 2).await;
    play.submit("dave", number).await;
    play.expect(
        number,
        "not reviewed; x no-independent-approval
         Code-Review+2 of bob on 2 copied: on-behalf",
    )
    .await;
}

pub async fn nearly_laundered_by_a_submit(world: &dyn World) {
    let play = Play::of_type(world, "ev-honest-rebase", "REBASE_ALWAYS").await;
    let number = play.change("b");
    play.merge(number).await;
    play.expect(number, "REVIEWED\nCode-Review+2 of bob on 2 copied: counts").await;
}

/// A change that bob approves, or erin in his name, and alice rebases when the branch has moved.
async fn rebased_by_hand(play: &Play, for_bob: bool) -> u64 {
    let base = play.work.head("main");
    let number = play.upload("alice", &play.work.commit(&Commit::new("alice", "a").on(&base)));
    if for_bob {
        play.vote_for("erin", "bob", number, 2).await;
    } else {
        play.vote("bob", number, 2).await;
    }
    play.merge(play.change("below")).await;
    let base = play.work.head("main");
    let same = play.upload("alice", &play.work.commit(&Commit::new("alice", "a").on(&base)));
    assert_eq!(same, number);
    play.submit("dave", number).await;
    number
}

pub async fn on_behalf_laundered_by_a_copy(world: &dyn World) {
    let play = Play::new(world, "ev-on-behalf-copy").await;
    let number = rebased_by_hand(&play, true).await;
    let verdict = "not reviewed; x no-independent-approval\nCode-Review+2 of bob on 2 copied: on-behalf";
    play.expect(number, verdict).await;
}

pub async fn nearly_laundered_by_a_copy(world: &dyn World) {
    let play = Play::new(world, "ev-honest-copy").await;
    let number = rebased_by_hand(&play, false).await;
    play.expect(number, "REVIEWED\nCode-Review+2 of bob on 2 copied: counts").await;
}

pub async fn stale(world: &dyn World) {
    let play = Play::new(world, "ev-stale").await.lax().await;
    let base = play.work.head("main");
    let number = play.upload("alice", &play.work.commit(&Commit::new("alice", "a").on(&base)));
    play.vote("bob", number, 2).await;
    play.upload("alice", &play.work.commit(&Commit::new("alice", "a").on(&base).text("other\n")));
    play.submit("dave", number).await;
    play.expect(
        number,
        "not reviewed; x no-independent-approval
         Code-Review+2 of bob on 1: stale",
    )
    .await;
}

pub async fn nearly_stale(world: &dyn World) {
    let play = Play::new(world, "ev-looked-again").await.lax().await;
    // he looked again
    let base = play.work.head("main");
    let number = play.upload("alice", &play.work.commit(&Commit::new("alice", "b").on(&base)));
    play.vote("bob", number, 2).await;
    play.upload("alice", &play.work.commit(&Commit::new("alice", "b").on(&base).text("other\n")));
    play.vote("bob", number, 2).await;
    play.submit("dave", number).await;
    play.expect(number, "REVIEWED\nCode-Review+2 of bob on 2: counts").await;
}

pub async fn taken_back(world: &dyn World) {
    let play = Play::new(world, "ev-taken-back").await.lax().await;
    let own = play.change("a");
    play.vote("bob", own, 2).await;
    play.vote("bob", own, 0).await;
    play.submit("dave", own).await;
    play.expect(own, "not reviewed; x no-independent-approval").await;
    // taken away by an administrator, one vote and a whole reviewer
    let number = play.change("b");
    play.vote("bob", number, 2).await;
    play.vote("carol", number, 2).await;
    let path = |tail: &str| format!("{}/reviewers/{tail}/delete", play.path(number));
    let admin = &play.stage.admin;
    admin.call("POST", &path("bob/votes/Code-Review"), Some(&json!({}))).await.unwrap();
    play.expect(number, "not reviewed; x not-merged\nCode-Review+2 of carol on 1: counts").await;
    admin.call("POST", &path("carol"), Some(&json!({}))).await.unwrap();
    play.submit("dave", number).await;
    play.expect(number, "not reviewed; x no-independent-approval").await;
}

/// Where +1 is the most that `Verified` takes.
async fn with_verified(world: &dyn World, name: &str) -> Play {
    let play = Play::new(world, name).await.lax().await;
    let project = &play.stage.project;
    let label = json!({"values": {"-1": "broken", " 0": "unknown", "+1": "works"}, "copy_condition": "", "function": "NoOp"});
    play.stage.admin.call("PUT", &format!("projects/{project}/labels/Verified"), Some(&label)).await.unwrap();
    let body = json!({"add": {"refs/heads/*": {"permissions": {"label-Verified": {"label": "Verified", "rules": {
        "global:Registered-Users": {"action": "ALLOW", "min": -1, "max": 1}}}}}}});
    play.stage.admin.call("POST", &format!("projects/{project}/access"), Some(&body)).await.unwrap();
    play
}

pub async fn not_max(world: &dyn World) {
    let play = with_verified(world, "ev-not-max").await;
    let number = play.change("a");
    play.vote("bob", number, 1).await;
    play.submit("dave", number).await;
    play.expect(number, "not reviewed; x no-independent-approval\nCode-Review+1 of bob on 1: not-max").await;
}

pub async fn nearly_not_max(world: &dyn World) {
    let play = with_verified(world, "ev-most").await;
    let number = play.change("a");
    play.vote("bob", number, 2).await;
    play.vote_on("carol", number, "Verified", 1).await;
    play.submit("dave", number).await;
    play.expect(
        number,
        "REVIEWED
         Code-Review+2 of bob on 1: counts
         Verified+1 of carol on 1: counts",
    )
    .await;
}

pub async fn not_max_where_the_project_lowered_the_maximum(world: &dyn World) {
    let play = Play::new(world, "ev-lowered").await;
    let label = json!({"values": {"-1": "no", " 0": "unknown", "+1": "yes"}, "copy_condition": "", "function": "NoBlock"});
    let path = format!("projects/{}/labels/Code-Review", play.stage.project);
    play.stage.admin.call("PUT", &path, Some(&label)).await.unwrap();
    let number = play.change("a");
    play.vote("bob", number, 1).await;
    play.submit("dave", number).await;
    play.expect(number, "not reviewed; x no-independent-approval\nCode-Review+1 of bob on 1: not-max").await;
}

/// A vote of account `number` of a server, written into the history before the merge, as a migration leaves it.
async fn with_vote_of(play: &Play, server: Option<&str>) -> u64 {
    let number = play.change("a");
    play.submit("dave", number).await;
    let voter = play.account("bob").await;
    play.insert_history(number, voter, server, "Patch-set: 1\nLabel: Code-Review=+2, 5d1e0f\n");
    number
}

const OTHER_SERVER: &str = "0d7a1b3c-5e2f-4a6b-8c9d-0e1f2a3b4c5d";

pub async fn foreign(world: &dyn World) {
    let play = Play::new(world, "ev-foreign").await.lax().await;
    let number = with_vote_of(&play, Some(OTHER_SERVER)).await;
    // REST shows the number as one of its own accounts: that is another story than the history tells
    play.expect_both(
        number,
        "not reviewed; x no-independent-approval; x rest-disagrees; i foreign-server-id
         Code-Review+2 of bob on 1: foreign",
        "not reviewed; x no-independent-approval; i foreign-server-id
         Code-Review+2 of bob on 1: foreign",
    )
    .await;
}

pub async fn nearly_foreign(world: &dyn World) {
    let play = Play::new(world, "ev-own-server").await.lax().await;
    let number = with_vote_of(&play, None).await;
    play.expect(number, "REVIEWED\nCode-Review+2 of bob on 1: counts").await;
}
