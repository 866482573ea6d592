//! Votes on one's own work.

use crate::World;
use crate::play::{Commit, Play};

const COUNTS: &str = "REVIEWED\nCode-Review+2 of bob on 1: counts";
const OWN: &str = "not reviewed; x no-independent-approval\nCode-Review+2 of bob on 1: self";

pub async fn the_owner_approved(world: &dyn World) {
    let play = Play::new(world, "ev-owner").await;
    let number = play.change_by("bob", "a");
    play.vote("bob", number, 2).await;
    play.submit("dave", number).await;
    play.expect(number, OWN).await;
}

pub async fn nearly_the_owner_approved(world: &dyn World) {
    let play = Play::new(world, "ev-owner-other").await;
    // bob owns one, and approves another's
    let own = play.change_by("bob", "b");
    let number = play.change("a");
    play.vote("bob", number, 2).await;
    play.submit("dave", number).await;
    play.expect(number, COUNTS).await;
    play.expect(own, "not reviewed; x not-merged").await;
}

pub async fn the_uploader_approved(world: &dyn World) {
    let play = Play::new(world, "ev-uploader").await;
    let base = play.work.head("main");
    let number = play.upload("alice", &play.work.commit(&Commit::new("alice", "a").on(&base)));
    let second = Commit::new("alice", "a").on(&base).text("two\n");
    play.upload("bob", &play.work.commit(&second.clone().committer("erin@example.com")));
    play.vote("bob", number, 2).await;
    play.submit("dave", number).await;
    play.expect(
        number,
        "not reviewed; x no-independent-approval
         Code-Review+2 of bob on 2: self",
    )
    .await;
}

pub async fn nearly_the_uploader_approved(world: &dyn World) {
    let play = Play::new(world, "ev-uploaded-earlier").await;
    // his patch set was replaced
    let base = play.work.head("main");
    let number = play.upload("alice", &play.work.commit(&Commit::new("alice", "b").on(&base)));
    play.upload("bob", &play.work.commit(&Commit::new("bob", "b").on(&base).text("two\n")));
    play.upload("alice", &play.work.commit(&Commit::new("alice", "b").on(&base).text("three\n")));
    play.vote("bob", number, 2).await;
    play.submit("dave", number).await;
    play.expect(number, "REVIEWED; i reviewer-uploaded-earlier\nCode-Review+2 of bob on 3: counts").await;
}

/// One commit that alice pushes, approved by bob.
async fn pushed_by_alice(play: &Play, commit: Commit, live: &str, offline: &str) {
    let base = play.work.head("main");
    let number = play.upload("alice", &play.work.commit(&commit.on(&base)));
    play.merge(number).await;
    play.expect_both(number, live, offline).await;
}

pub async fn the_author_approved(world: &dyn World) {
    let play = Play::new(world, "ev-author").await;
    pushed_by_alice(&play, Commit::new("alice", "a").author("bob@example.com"), OWN, COUNTS).await;
}

pub async fn nearly_the_author_approved(world: &dyn World) {
    let play = Play::new(world, "ev-author-other").await;
    pushed_by_alice(&play, Commit::new("alice", "b").author("carol@example.com"), COUNTS, COUNTS).await;
}

pub async fn the_committer_approved(world: &dyn World) {
    let play = Play::new(world, "ev-committer").await;
    pushed_by_alice(&play, Commit::new("alice", "a").committer("bob@example.com"), OWN, COUNTS).await;
}

pub async fn nearly_the_committer_approved(world: &dyn World) {
    let play = Play::new(world, "ev-committer-other").await;
    pushed_by_alice(&play, Commit::new("alice", "b").committer("carol@example.com"), COUNTS, COUNTS).await;
}

pub async fn a_co_author_approved(world: &dyn World) {
    let play = Play::new(world, "ev-co-author").await;
    let bob = "Co-authored-by: Bob Brown <bob@example.com>";
    pushed_by_alice(&play, Commit::new("alice", "a").footer(bob), OWN, COUNTS).await;
}

pub async fn nearly_a_co_author_approved(world: &dyn World) {
    let play = Play::new(world, "ev-co-author-other").await;
    let carol = "Co-authored-by: Carol Clark <carol@example.com>";
    pushed_by_alice(&play, Commit::new("alice", "b").footer(carol), COUNTS, COUNTS).await;
}

pub async fn an_address_is_nobodys(world: &dyn World) {
    let play = Play::new(world, "ev-unresolved").await;
    let unresolved = "REVIEWED; i author-unresolved\nCode-Review+2 of bob on 1: counts";
    pushed_by_alice(&play, Commit::new("alice", "a").author("bob@nowhere.example"), unresolved, COUNTS).await;
    let footer = "Co-authored-by: Bob Brown <bob@nowhere.example>";
    pushed_by_alice(&play, Commit::new("alice", "b").footer(footer), unresolved, COUNTS).await;
    // Gerrit's search for an address matches prefixes: this one is no account's
    pushed_by_alice(&play, Commit::new("alice", "c").author("bob@example.co"), unresolved, COUNTS).await;
}

pub async fn a_second_address_is_an_accounts(world: &dyn World) {
    let play = Play::new(world, "ev-second-address").await;
    let of_carol = Commit::new("alice", "a").author("carol.clark@example.org");
    let base = play.work.head("main");
    let number = play.upload("alice", &play.work.commit(&of_carol.on(&base)));
    play.vote("carol", number, 2).await;
    play.submit("dave", number).await;
    play.expect_both(
        number,
        "not reviewed; x no-independent-approval\nCode-Review+2 of carol on 1: self",
        "REVIEWED\nCode-Review+2 of carol on 1: counts",
    )
    .await;
}

pub async fn nearly_a_second_address(world: &dyn World) {
    let play = Play::new(world, "ev-second-other").await;
    let of_carol = Commit::new("alice", "b").author("carol.clark@example.org");
    pushed_by_alice(&play, of_carol, COUNTS, COUNTS).await;
}
