//! Ranges: every commit that a revision brings is accounted for, or named.

use serde_json::json;

use crate::World;
use crate::play::{Commit, Play};

pub async fn a_chain(world: &dyn World) {
    let play = Play::new(world, "range-chain").await;
    let base = play.work.head("main");
    let mut below = base.clone();
    let mut numbers = Vec::new();
    for file in ["a", "b", "c"] {
        below = play.work.commit(&Commit::new("alice", file).on(&below));
        numbers.push(play.upload("alice", &below));
    }
    for number in &numbers {
        play.vote("bob", *number, 2).await;
    }
    play.submit("dave", numbers[2]).await;
    let tip = play.work.head("main");
    assert_eq!(tip, below);
    let text = "REVIEWED\na: change, reviewed\nb: change, reviewed\nc: change, reviewed";
    play.expect_range(&base, &tip, &numbers, text).await;
}

pub async fn a_chain_with_one_that_its_author_approved(world: &dyn World) {
    let play = Play::new(world, "range-chain-own").await;
    let base = play.work.head("main");
    let first = play.work.commit(&Commit::new("carol", "a").on(&base));
    let second = play.work.commit(&Commit::new("alice", "b").on(&first));
    let numbers = [play.upload("carol", &first), play.upload("alice", &second)];
    play.vote("carol", numbers[0], 2).await;
    play.vote("bob", numbers[1], 2).await;
    play.submit("dave", numbers[1]).await;
    play.expect_range(&base, &second, &numbers, "not reviewed\na: change, not reviewed\nb: change, reviewed")
        .await;
}

pub async fn nearly_a_chain_with_one_that_its_author_approved(world: &dyn World) {
    let play = Play::new(world, "range-chain-above").await;
    let base = play.work.head("main");
    let first = play.work.commit(&Commit::new("carol", "a").on(&base));
    let second = play.work.commit(&Commit::new("alice", "b").on(&first));
    let numbers = [play.upload("carol", &first), play.upload("alice", &second)];
    play.vote("carol", numbers[0], 2).await;
    play.vote("bob", numbers[1], 2).await;
    play.submit("dave", numbers[1]).await;
    // from above it
    play.expect_range(&first, &second, &numbers, "REVIEWED\nb: change, reviewed").await;
}

/// Two changes on the same base, merged by Gerrit; gives the base, the first one's commit, the second one's, the tip.
async fn crossed(play: &Play) -> ([u64; 2], [String; 4]) {
    let base = play.work.head("main");
    let numbers = [play.change("a"), play.change("b")];
    for number in numbers {
        play.merge(number).await;
    }
    let (first, second) = (play.revision(numbers[0]).await, play.revision(numbers[1]).await);
    play.work.fetch(&second);
    (numbers, [base, first, second, play.work.head("main")])
}

pub async fn a_merge_made_by_gerrit(world: &dyn World) {
    let play = Play::new(world, "range-merge").await;
    let (numbers, [base, first, _, tip]) = crossed(&play).await;
    let text =
        "REVIEWED\nMerge \"b\" into main: merge-made-by-gerrit\na: change, reviewed\nb: change, reviewed";
    play.expect_range(&base, &tip, &numbers, text).await;
    let text = "REVIEWED\nMerge \"b\" into main: merge-made-by-gerrit\nb: change, reviewed";
    play.expect_range(&first, &tip, &numbers, text).await;
}

pub async fn an_evil_merge(world: &dyn World) {
    let play = Play::new(world, "range-evil").await;
    let (numbers, [base, first, second, _]) = crossed(&play).await;
    let merge = Commit::new("dave", "evil").on(&first).on(&second).plain();
    let evil = play.work.commit(&merge);
    play.work.push("dave", &format!("{evil}:refs/heads/main")).done();
    let text = "not reviewed\na: change, reviewed\nb: change, reviewed\nevil: unaccounted";
    play.expect_range(&base, &evil, &numbers, text).await;
}

pub async fn nearly_an_evil_merge(world: &dyn World) {
    let play = Play::new(world, "range-honest").await;
    let (numbers, [base, first, second, _]) = crossed(&play).await;
    let merge = Commit::new("dave", "evil").on(&first).on(&second).plain();
    // a merge that adds nothing, whoever made it
    let honest = play.work.commit(&merge.nothing_more());
    play.work.push("dave", &format!("{honest}:refs/heads/main")).done();
    let text = "REVIEWED\nMerge: merge-made-by-gerrit\na: change, reviewed\nb: change, reviewed";
    play.expect_range(&base, &honest, &numbers, text).await;
}

pub async fn a_pushed_commit_below_a_reviewed_one(world: &dyn World) {
    let play = Play::new(world, "range-pushed").await;
    let base = play.work.head("main");
    let pushed = play.work.commit(&Commit::new("dave", "pushed").on(&base).plain());
    play.work.push("dave", &format!("{pushed}:refs/heads/main")).done();
    let number = play.change("a");
    play.merge(number).await;
    let tip = play.work.head("main");
    play.expect_range(&base, &tip, &[number], "not reviewed\na: change, reviewed\npushed: unaccounted").await;
}

pub async fn nearly_a_pushed_commit_below(world: &dyn World) {
    let play = Play::new(world, "range-pushed-before").await;
    let base = play.work.head("main");
    let pushed = play.work.commit(&Commit::new("dave", "pushed").on(&base).plain());
    play.work.push("dave", &format!("{pushed}:refs/heads/main")).done();
    let number = play.change("a");
    play.merge(number).await;
    let tip = play.work.head("main");
    // the base was granted with it
    play.expect_range(&pushed, &tip, &[number], "REVIEWED\na: change, reviewed").await;
}

pub async fn an_open_change_that_was_pushed(world: &dyn World) {
    let play = Play::new(world, "range-pushed-change").await;
    let base = play.work.head("main");
    let number = play.change("a");
    play.vote("bob", number, 2).await;
    let revision = play.revision(number).await;
    play.work.push("dave", &format!("{revision}:refs/heads/main")).done();
    play.expect_range(&base, &revision, &[number], "not reviewed\na: change, not reviewed").await;
}

pub async fn an_import(world: &dyn World) {
    let play = Play::new(world, "range-import").await;
    let base = play.work.head("main");
    let mut upstream = base.clone();
    for file in ["one", "two"] {
        upstream = play.work.commit(&Commit::new("erin", file).on(&upstream).plain());
    }
    play.work.push("dave", &format!("{upstream}:refs/heads/upstream")).done();
    play.merge(play.change("a")).await;
    let below = play.work.head("main");
    let merge = play.work.commit(&Commit::new("alice", "merge").nothing_more().on(&below).on(&upstream));
    let number = play.upload("alice", &merge);
    play.merge(number).await;
    play.expect_range(
        &below,
        &merge,
        &[number],
        "not reviewed\nMerge: change, reviewed\none: imported\ntwo: imported",
    )
    .await;
    let tip = play.work.head("main");
    assert_eq!(tip, merge);
}

pub async fn a_commit_pushed_just_below_a_merge_change(world: &dyn World) {
    let play = Play::new(world, "range-below-merge").await;
    let base = play.work.head("main");
    let upstream = play.work.commit(&Commit::new("erin", "one").on(&base).plain());
    play.work.push("dave", &format!("{upstream}:refs/heads/upstream")).done();
    let pushed = play.work.commit(&Commit::new("dave", "pushed").on(&base).plain());
    play.work.push("dave", &format!("{pushed}:refs/heads/main")).done();
    let merge = play.work.commit(&Commit::new("alice", "merge").nothing_more().on(&pushed).on(&upstream));
    let number = play.upload("alice", &merge);
    play.merge(number).await;
    let text = "not reviewed\nMerge: change, reviewed\none: imported\npushed: unaccounted";
    play.expect_range(&base, &merge, &[number], text).await;
}

pub async fn strategies_that_rewrite(world: &dyn World) {
    for submit_type in ["CHERRY_PICK", "REBASE_ALWAYS"] {
        let project = format!("range-{}", submit_type.to_lowercase().replace('_', "-"));
        let play = Play::of_type(world, &project, submit_type).await;
        let base = play.work.head("main");
        let numbers = [play.change("a"), play.change("b")];
        for number in numbers {
            play.merge(number).await;
        }
        let tip = play.work.head("main");
        let text = "REVIEWED\na: change, reviewed\nb: change, reviewed";
        play.expect_range(&base, &tip, &numbers, text).await;
    }
}

pub async fn a_revert(world: &dyn World) {
    let play = Play::new(world, "range-revert").await.lax().await;
    let number = play.change("a");
    play.merge(number).await;
    let below = play.work.head("main");
    for (approved, verdict) in [(true, "REVIEWED"), (false, "not reviewed")] {
        let path = format!("{}/revert", play.path(number));
        let made = play.stage.rest("alice", "POST", &path, &json!({"message": "Take it back"})).await;
        let revert = made["_number"].as_u64().unwrap();
        if approved {
            play.vote("bob", revert, 2).await;
        }
        play.submit("dave", revert).await;
        let tip = play.work.head("main");
        let reviewed = if approved { "reviewed" } else { "not reviewed" };
        let text = format!("{verdict}\nTake it back: change, {reviewed}");
        play.expect_range(&below, &tip, &[revert], &text).await;
        // and back to where it can be taken back again
        play.work.push("dave", &format!("{below}:refs/heads/main")).done();
    }
}

pub async fn nothing_and_the_way_back(world: &dyn World) {
    let play = Play::new(world, "range-back").await;
    let base = play.work.head("main");
    let number = play.change("a");
    play.merge(number).await;
    let tip = play.work.head("main");
    play.expect_range(&tip, &tip, &[], "not reviewed; x empty-range").await;
    play.expect_range(&tip, &base, &[], "not reviewed; x empty-range; x base-not-ancestor").await;
}

pub async fn the_least_that_is_a_range(world: &dyn World) {
    let play = Play::new(world, "range-one").await;
    let base = play.work.head("main");
    let number = play.change("a");
    play.merge(number).await;
    let tip = play.work.head("main");
    play.expect_range(&base, &tip, &[number], "REVIEWED\na: change, reviewed").await;
}

pub async fn a_base_that_is_no_ancestor(world: &dyn World) {
    let play = Play::new(world, "range-beside").await;
    let base = play.work.head("main");
    let number = play.change("a");
    play.merge(number).await;
    let tip = play.work.head("main");
    let beside = play.work.commit(&Commit::new("dave", "beside").on(&base).plain());
    play.work.push("dave", &format!("{beside}:refs/heads/side")).done();
    let text = "not reviewed; x base-not-ancestor\na: change, reviewed";
    play.expect_range(&beside, &tip, &[number], text).await;
}

pub async fn a_branch_that_was_reset(world: &dyn World) {
    let play = Play::new(world, "range-reset").await;
    let base = play.work.head("main");
    let number = play.change("a");
    play.merge(number).await;
    let tip = play.work.head("main");
    play.work.push("dave", &format!("{base}:refs/heads/main")).done();
    let text = "not reviewed; x tip-not-on-branch\na: change, not reviewed";
    play.expect_range(&base, &tip, &[number], text).await;
}

pub async fn rules_that_changed(world: &dyn World) {
    let play = Play::new(world, "range-rules").await;
    let base = play.work.head("main");
    let before = play.rules().await;
    let number = play.change("a");
    play.merge(number).await;
    let tip = play.work.head("main");
    // somebody writes the project's rules past review
    play.requirement(&json!({"name": "Code-Review", "submittability_expression": "is:true"})).await;
    let changed = play.range(&base, &tip, &[number], Some(before)).await;
    assert_eq!(changed, "not reviewed; x rules-changed\na: change, reviewed");
}

pub async fn rules_that_changed_before(world: &dyn World) {
    let play = Play::new(world, "range-rules-before").await;
    let base = play.work.head("main");
    play.requirement(&json!({"name": "Code-Review", "submittability_expression": "is:true"})).await;
    let rules = play.rules().await;
    let number = play.change("a");
    play.merge(number).await;
    let tip = play.work.head("main");
    let fine = "REVIEWED\na: change, reviewed";
    assert_eq!(play.range(&base, &tip, &[number], Some(rules)).await, fine);
}

pub async fn rules_that_changed_by_a_reviewed_change(world: &dyn World) {
    let play = Play::new(world, "range-rules-reviewed").await;
    let everybody = |rule: serde_json::Value| json!({"rules": {"global:Registered-Users": rule}});
    let vote = json!({"label": "Code-Review", "rules": {"global:Registered-Users": {"action": "ALLOW", "min": -2, "max": 2}}});
    let config = json!({"add": {"refs/meta/config": {"permissions": {
        "read": everybody(json!({"action": "ALLOW"})), "label-Code-Review": vote}}}});
    let path = format!("projects/{}/access", play.stage.project);
    play.stage.admin.call("POST", &path, Some(&config)).await.unwrap();
    let base = play.work.head("main");
    let before = play.rules().await;
    let number = play.change("a");
    play.merge(number).await;
    let tip = play.work.head("main");
    let body = json!({"message": "Let everybody read", "add": {"refs/heads/lax": {"permissions": {
        "read": everybody(json!({"action": "ALLOW"}))}}}});
    let path = format!("projects/{}/access:review", play.stage.project);
    let made = play.stage.admin.call("PUT", &path, Some(&body)).await.unwrap();
    let change = made["_number"].as_u64().unwrap();
    play.vote("bob", change, 2).await;
    let path = format!("{}/submit", play.path(change));
    play.stage.admin.call("POST", &path, Some(&json!({}))).await.unwrap();
    assert_ne!(play.rules().await, before);
    let text = play.range(&base, &tip, &[number, change], Some(before)).await;
    assert_eq!(text, "REVIEWED\na: change, reviewed");
}

/// A merged change, and its branch gone.
async fn gone(world: &dyn World, name: &str, other: &str) -> (Play, [String; 2], u64) {
    let play = Play::new(world, name).await;
    let base = play.work.head("main");
    let number = play.change("a");
    play.merge(number).await;
    let tip = play.work.head("main");
    play.work.push("dave", &format!("{tip}:refs/heads/{other}")).done();
    let path = format!("projects/{}/HEAD", play.stage.project);
    let admin = &play.stage.admin;
    admin.call("PUT", &path, Some(&json!({"ref": format!("refs/heads/{other}")}))).await.unwrap();
    let path = format!("projects/{}/branches/main", play.stage.project);
    admin.call("DELETE", &path, None).await.unwrap();
    (play, [base, tip], number)
}

pub async fn a_branch_that_is_gone(world: &dyn World) {
    let (play, [base, tip], number) = gone(world, "range-gone", "other").await;
    let text = "not reviewed; x branch-missing\na: change, not reviewed";
    play.expect_range(&base, &tip, &[number], text).await;
}

pub async fn a_branch_that_came_back(world: &dyn World) {
    let (play, [base, tip], number) = gone(world, "range-back-again", "other").await;
    play.work.push("dave", &format!("{tip}:refs/heads/main")).done();
    play.expect_range(&base, &tip, &[number], "REVIEWED\na: change, reviewed").await;
}
