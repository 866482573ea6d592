//! Submit requirements that were met, passed by override, or never asked.

use serde_json::json;

use crate::World;
use crate::play::{Commit, Play};

const COUNTS: &str = "Code-Review+2 of bob on 1: counts";

async fn with_override(play: &Play) {
    let four_eyes = json!({
        "name": "Four-Eyes", "submittability_expression": "label:Code-Review=MAX,user=non_contributor",
        "override_expression": "hashtag:\"break-glass\"",
    });
    play.requirement(&four_eyes).await;
}

pub async fn overridden(world: &dyn World) {
    let play = Play::new(world, "ev-overridden").await;
    with_override(&play).await;
    let number = play.change("a");
    play.hashtag("alice", number, "break-glass").await;
    play.merge(number).await;
    play.expect(number, &format!("not reviewed; x requirement-overridden\n{COUNTS}")).await;
}

pub async fn nearly_overridden(world: &dyn World) {
    let play = Play::new(world, "ev-other-hashtag").await;
    with_override(&play).await;
    // another hashtag, and the one that overrides only after the merge
    let number = play.change("b");
    play.hashtag("alice", number, "break-glas").await;
    play.merge(number).await;
    play.expect(number, &format!("REVIEWED\n{COUNTS}")).await;
    play.hashtag("alice", number, "break-glass").await;
    play.expect(number, &format!("REVIEWED; i updated-after-merge\n{COUNTS}")).await;
}

pub async fn an_override_hides_beside_the_former_patch_set(world: &dyn World) {
    let play = Play::of_type(world, "ev-overridden-rebase", "REBASE_ALWAYS").await;
    with_override(&play).await;
    let on_two = "Code-Review+2 of bob on 2 copied: counts";
    let number = play.change("a");
    play.hashtag("alice", number, "break-glass").await;
    play.merge(number).await;
    play.expect(number, &format!("not reviewed; x requirement-overridden\n{on_two}")).await;
}

pub async fn nearly_an_override_beside_the_former_patch_set(world: &dyn World) {
    let play = Play::of_type(world, "ev-rebase-met", "REBASE_ALWAYS").await;
    with_override(&play).await;
    let on_two = "Code-Review+2 of bob on 2 copied: counts";
    let number = play.change("b");
    play.merge(number).await;
    play.expect(number, &format!("REVIEWED\n{on_two}")).await;
}

pub async fn an_override_hides_behind_a_pick(world: &dyn World) {
    let play = Play::of_type(world, "ev-overridden-pick", "CHERRY_PICK").await;
    with_override(&play).await;
    let number = play.change("a");
    play.hashtag("alice", number, "break-glass").await;
    play.merge(number).await;
    let on_two = "Code-Review+2 of bob on 2 copied: counts";
    play.expect(number, &format!("not reviewed; x requirement-overridden\n{on_two}")).await;
}

/// Approved, abandoned, restored and submitted.
async fn abandoned_between(play: &Play, number: u64) {
    play.vote("bob", number, 2).await;
    for step in ["abandon", "restore"] {
        play.stage.rest("alice", "POST", &format!("{}/{step}", play.path(number)), &json!({})).await;
    }
    play.submit("dave", number).await;
}

pub async fn an_override_hides_behind_an_abandon(world: &dyn World) {
    let play = Play::new(world, "ev-overridden-abandon").await;
    with_override(&play).await;
    let number = play.change("a");
    play.hashtag("alice", number, "break-glass").await;
    abandoned_between(&play, number).await;
    play.expect(number, &format!("not reviewed; x requirement-overridden\n{COUNTS}")).await;
}

pub async fn nearly_an_override_behind_an_abandon(world: &dyn World) {
    let play = Play::new(world, "ev-abandon-met").await;
    with_override(&play).await;
    let number = play.change("b");
    abandoned_between(&play, number).await;
    play.expect(number, &format!("REVIEWED\n{COUNTS}")).await;
}

pub async fn forced_by_a_push_that_submits(world: &dyn World) {
    let play = Play::new(world, "ev-forced").await;
    let base = play.work.head("main");
    let commit = play.work.commit(&Commit::new("alice", "a").on(&base));
    let number = play.work.push("alice", &format!("{commit}:refs/for/main%submit")).change();
    play.expect(
        number,
        "not reviewed; x no-independent-approval; x requirement-bypassed; i submitter-is-owner",
    )
    .await;
}

pub async fn nearly_forced(world: &dyn World) {
    let play = Play::new(world, "ev-pushed-for-review").await;
    // a push that only asks for review
    let base = play.work.head("main");
    let commit = play.work.commit(&Commit::new("alice", "b").on(&base));
    let number = play.work.push("alice", &format!("{commit}:refs/for/main%topic=t")).change();
    play.merge(number).await;
    play.expect(number, &format!("REVIEWED\n{COUNTS}")).await;
}

/// A merged change whose submit record is said to have been that.
async fn recorded(play: &Play, status: &str) -> u64 {
    let number = play.change("a");
    play.merge(number).await;
    play.amend_history(number, |message| {
        let (ready, other) = ("\nSubmitted-with: OK\n", format!("\nSubmitted-with: {status}\n"));
        assert!(message.contains(ready), "{message}");
        message.replacen(ready, &other, 1)
    });
    number
}

pub async fn unsatisfied(world: &dyn World) {
    let play = Play::new(world, "ev-unsatisfied").await;
    let number = recorded(&play, "NOT_READY").await;
    play.expect(number, &format!("not reviewed; x requirement-unsatisfied\n{COUNTS}")).await;
}

pub async fn nearly_unsatisfied(world: &dyn World) {
    let play = Play::new(world, "ev-closed").await;
    let number = recorded(&play, "CLOSED").await;
    play.expect(number, &format!("REVIEWED\n{COUNTS}")).await;
}
