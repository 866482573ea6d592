//! What each way to submit makes of an approved change, on a branch that moved and on one that didn't.

use crate::World;
use crate::play::Play;

/// Two changes on the same base; the second is submitted after the branch moved, approved before. bob submits what he
/// approved: by a submit that rebases he becomes uploader and committer, and has still written nothing.
async fn two(world: &dyn World, project: &str, submit_type: &str, verdicts: [&str; 2]) -> Play {
    let play = Play::of_type(world, project, submit_type).await;
    let numbers = [play.change("a"), play.change("b")];
    for (number, verdict) in numbers.into_iter().zip(verdicts) {
        play.vote("bob", number, 2).await;
        play.submit("bob", number).await;
        play.expect(number, verdict).await;
    }
    play
}

const AS_IS: &str = "REVIEWED\nCode-Review+2 of bob on 1: counts";
const REWRITTEN: &str = "REVIEWED\nCode-Review+2 of bob on 2 copied: counts";

pub async fn merge_if_necessary(world: &dyn World) {
    two(world, "ev-merge-if", "MERGE_IF_NECESSARY", [AS_IS, AS_IS]).await;
}

pub async fn merge_always(world: &dyn World) {
    two(world, "ev-merge-always", "MERGE_ALWAYS", [AS_IS, AS_IS]).await;
}

pub async fn rebase_if_necessary(world: &dyn World) {
    two(world, "ev-rebase-if", "REBASE_IF_NECESSARY", [AS_IS, REWRITTEN]).await;
}

pub async fn rebase_always(world: &dyn World) {
    two(world, "ev-rebase-always", "REBASE_ALWAYS", [REWRITTEN, REWRITTEN]).await;
}

pub async fn cherry_pick(world: &dyn World) {
    two(world, "ev-cherry-pick", "CHERRY_PICK", [REWRITTEN, REWRITTEN]).await;
}

pub async fn fast_forward_only(world: &dyn World) {
    let play = Play::of_type(world, "ev-fast-forward", "FAST_FORWARD_ONLY").await;
    let (first, second) = (play.change("a"), play.change("b"));
    play.merge(first).await;
    play.expect(first, AS_IS).await;
    play.vote("bob", second, 2).await;
    let path = format!("{}/submit", play.path(second));
    let admin = &play.stage.admin;
    let (status, _) = admin.try_call("POST", &path, Some(&serde_json::json!({}))).await.unwrap();
    assert_eq!(status, 409);
    play.expect(second, "not reviewed; x not-merged\nCode-Review+2 of bob on 1: counts").await;
}

/// bob's own change, approved and submitted by bob.
async fn own(world: &dyn World, project: &str, submit_type: &str) {
    let play = Play::of_type(world, project, submit_type).await;
    let number = play.change_by("bob", "a");
    play.vote("bob", number, 2).await;
    play.submit("bob", number).await;
    play.expect(
        number,
        "not reviewed; x no-independent-approval; i submitter-is-owner
         Code-Review+2 of bob on 2 copied: self",
    )
    .await;
}

pub async fn the_owner_of_a_rebased_change_approved_it(world: &dyn World) {
    own(world, "ev-rebase-own", "REBASE_ALWAYS").await;
}

pub async fn the_owner_of_a_picked_change_approved_it(world: &dyn World) {
    own(world, "ev-pick-own", "CHERRY_PICK").await;
}
