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
    // near miss: another hashtag, and the one that overrides only after the merge
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
    let number = play.change("b");
    play.merge(number).await;
    play.expect(number, &format!("REVIEWED\n{on_two}")).await;
}

pub async fn an_override_hides_behind_an_abandon(world: &dyn World) {
    let play = Play::new(world, "ev-overridden-abandon").await;
    with_override(&play).await;
    for (file, verdict) in [("a", "not reviewed; x requirement-overridden"), ("b", "REVIEWED")] {
        let number = play.change(file);
        if file == "a" {
            play.hashtag("alice", number, "break-glass").await;
        }
        play.vote("bob", number, 2).await;
        for step in ["abandon", "restore"] {
            play.stage.rest("alice", "POST", &format!("{}/{step}", play.path(number)), &json!({})).await;
        }
        play.submit("dave", number).await;
        play.expect(number, &format!("{verdict}\n{COUNTS}")).await;
    }
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
    // near miss: a push that only asks for review
    let base = play.work.head("main");
    let commit = play.work.commit(&Commit::new("alice", "b").on(&base));
    let number = play.work.push("alice", &format!("{commit}:refs/for/main%topic=t")).change();
    play.merge(number).await;
    play.expect(number, &format!("REVIEWED\n{COUNTS}")).await;
}
