//! Push, vote, submit, and what REST and NoteDb say of it afterwards.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what must be there"
)]

mod support;

use serde_json::json;
use support::Site;

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewed_change_is_merged_and_both_sources_tell_the_same_story() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    let commit = alice.commit("a.txt", "a\n", "First", "one");
    let change = alice.review();
    site.vote("bob", &change, "Code-Review", 2);
    let answer = site.submit("bob", &change);
    assert_eq!(answer.status, 200, "{}", answer.text);

    let rest = site.change(&change);
    assert_eq!(rest["status"], "MERGED");
    assert_eq!(rest["submitter"]["_account_id"], 1_000_002);
    assert_eq!(rest["submission_id"], rest["_number"].to_string());
    assert_eq!(rest["current_revision"], commit);
    assert_eq!(rest["submit_records"][0]["status"], "CLOSED");
    for requirement in rest["submit_requirements"].as_array().expect("list") {
        assert_ne!(requirement["status"], "UNSATISFIED", "{requirement}");
    }

    let history = site.history(&change);
    assert_eq!(history.len(), 3, "created, voted, merged");
    assert!(history[0].contains("\nCreate change\n\nUploaded patch set 1.\n\nPatch-set: 1\nChange-id: I"));
    assert!(
        history[1].contains("\nLabel: Code-Review=+2, ")
            && history[1].contains("author Gerrit User 1000002 <")
    );
    let merge = &history[2];
    for line in [
        "Status: merged",
        "Label: SUBM=+1, ",
        "Submitted-with: OK",
        "Submitted-with: MAY: Code-Review: Gerrit User 1000002",
    ] {
        assert!(merge.contains(&format!("\n{line}")), "{line} is missing in {merge}");
    }
    let stored = &site.note(&change, &commit)["submitRequirementResults"];
    assert_eq!(stored[0]["submitRequirement"]["name"], "Code-Review");
    assert_eq!(stored[1]["submittabilityExpressionResult"]["value"]["status"], "PASS");
    assert_eq!(site.in_repository("app", &["rev-parse", "refs/heads/main"]), commit);
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_approval_does_not_satisfy_four_eyes() {
    let site = Site::start().await;
    let bob = site.clone("bob", "app");
    bob.commit("a.txt", "a\n", "Own", "own");
    let change = bob.review();
    site.vote("bob", &change, "Code-Review", 2);
    let answer = site.submit("bob", &change);
    assert_eq!(answer.status, 409);
    assert!(
        answer.text.ends_with("is not ready: submit requirement 'Four-Eyes' is unsatisfied.\n"),
        "{}",
        answer.text
    );
    assert_eq!(site.change(&change)["status"], "NEW");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_patch_set_outdates_the_vote_and_a_trivial_rebase_carries_it() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    let base = alice.head();
    alice.commit("one.txt", "1\n", "One", "one");
    let one = alice.review();
    alice.reset(&base);
    alice.commit("two.txt", "2\n", "Two", "two");
    let two = alice.review();
    site.vote("bob", &two, "Code-Review", 2);

    alice.amend("two.txt", "other\n");
    let pushed = alice.push("HEAD:refs/for/main");
    assert!(pushed.said.contains("* Code-Review+2 by bob"), "{}", pushed.said);
    assert_eq!(site.submit("bob", &two).status, 409, "the vote was for patch set 1");

    site.vote("bob", &two, "Code-Review", 2);
    site.vote("bob", &one, "Code-Review", 2);
    assert_eq!(site.submit("bob", &one).status, 200);
    alice.git(&["fetch", "-q", "origin"]);
    alice.git(&["rebase", "-q", "origin/main"]);
    alice.review();
    let last = site.history(&two).pop().expect("commits");
    assert!(last.contains("\nUploaded patch set 3: Patch Set 2 was rebased.\n"), "{last}");
    assert!(last.contains("\nCopied-Label: Code-Review=+2, "), "{last}");
    assert_eq!(site.change(&two)["revisions"].as_object().expect("revisions").len(), 3);
    assert_eq!(site.submit("bob", &two).status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_on_behalf_names_the_real_voter_and_keeps_it_when_copied() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    let base = alice.head();
    alice.commit("one.txt", "1\n", "One", "one");
    let one = alice.review();
    alice.reset(&base);
    alice.commit("two.txt", "2\n", "Two", "two");
    let two = alice.review();
    let body = json!({"labels": {"Code-Review": 2}, "on_behalf_of": "bob", "message": "said bob"});
    assert_eq!(site.review("carol", &two, body).status, 200);
    let cast = site.history(&two).pop().expect("commits");
    assert!(
        cast.contains("author Gerrit User 1000002 <") && cast.contains("\nReal-user: Gerrit User 1000003 <"),
        "{cast}"
    );
    let said = site.change(&two)["messages"][1].clone();
    assert_eq!(said["author"]["_account_id"], 1_000_002);
    assert_eq!(said["real_author"]["_account_id"], 1_000_003);

    site.vote("bob", &one, "Code-Review", 2);
    assert_eq!(site.submit("bob", &one).status, 200);
    alice.git(&["fetch", "-q", "origin"]);
    alice.git(&["rebase", "-q", "origin/main"]);
    alice.review();
    let copied = site.history(&two).pop().expect("commits");
    let line = copied.lines().find(|line| line.starts_with("Copied-Label")).expect("a copied vote");
    assert!(line.contains(" Gerrit User 1000002 <") && line.contains(">,Gerrit User 1000003 <"), "{line}");

    let body = json!({"labels": {"Deployed": 1}, "on_behalf_of": "bob"});
    assert_eq!(site.review("carol", &two, body).status, 403);
    let body = json!({"on_behalf_of": "bob", "message": "x"});
    assert_eq!(site.review("carol", &two, body).text, "label required to post review on behalf of \"bob\"\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_merge_a_vote_can_only_rise() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    alice.commit("a.txt", "a\n", "First", "one");
    let change = alice.review();
    site.vote("bob", &change, "Code-Review", 2);
    site.submit("bob", &change);
    let rolled_out = json!({"labels": {"Deployed": 1}, "message": "out", "tag": "autogenerated:x~run"});
    assert_eq!(site.review("bot", &change, rolled_out).status, 200);
    let answer = site.review("bot", &change, json!({"labels": {"Deployed": 0}}));
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (409, "Cannot reduce vote on labels for closed change: Deployed\n")
    );
    let answer = site.review("carol", &change, json!({"labels": {"Deployed": 1}}));
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (403, "Applying label \"Deployed\": 1 is restricted\n")
    );
    let answer =
        site.call("bob", "DELETE", &format!("/changes/{change}/reviewers/bob/votes/Code-Review"), None);
    assert_eq!((answer.status, answer.text.as_str()), (409, "cannot remove votes from merged change\n"));
    let votes = site.change(&change)["labels"]["Deployed"]["all"].clone();
    let bot = votes.as_array().expect("list").iter().find(|v| v["_account_id"] == 1_000_004).expect("bot");
    assert_eq!(
        (&bot["value"], &bot["post_submit"], &bot["tag"]),
        (&json!(1), &json!(true), &json!("autogenerated:x~run"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_nothing_writes_nothing_and_unknown_labels_fall_away() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    alice.commit("a.txt", "a\n", "First", "one");
    let change = alice.review();
    site.vote("bob", &change, "Code-Review", 2);
    let before = site.change(&change)["meta_rev_id"].clone();
    site.vote("bob", &change, "Code-Review", 2);
    assert_eq!(site.review("bob", &change, json!({})).status, 200);
    let answer = site.review("bob", &change, json!({"labels": {"Nope": 1, "Code-Review": 7}}));
    assert_eq!((answer.status, &answer.json()["labels"]), (200, &json!({})));
    assert_eq!(site.change(&change)["meta_rev_id"], before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_three_is_one_submission() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    for n in ["1", "2", "3"] {
        alice.commit(&format!("{n}.txt"), n, &format!("Change {n}"), n);
    }
    let chain = alice.push("HEAD:refs/for/main").changes();
    assert_eq!(chain.len(), 3);
    site.vote("bob", &chain[2], "Code-Review", 2);
    let answer = site.submit("bob", &chain[2]);
    assert_eq!(answer.status, 409);
    let number = |change: &str| change.split_once('~').expect("number").1.to_owned();
    let (first, last) = (number(&chain[0]), number(&chain[2]));
    let expected = format!(
        "Change {first}: Change {last} must be submitted with change {first} but {first} is not ready"
    );
    assert!(answer.text.contains(&expected), "{}", answer.text);
    site.vote("bob", &chain[0], "Code-Review", 2);
    site.vote("bob", &chain[1], "Code-Review", 2);
    let together = site.get("bob", &format!("/changes/{}/submitted_together", chain[2]));
    assert_eq!(together.as_array().expect("list").len(), 3);
    assert_eq!(site.submit("bob", &chain[2]).status, 200);
    for change in &chain {
        let rest = site.change(change);
        assert_eq!(
            (rest["status"].as_str(), rest["submission_id"].as_str()),
            (Some("MERGED"), Some(last.as_str()))
        );
    }
    let found = site.get("bot", &format!("/changes/?q=submissionid:{last}"));
    assert_eq!(found.as_array().expect("list").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_is_told_from_a_satisfied_requirement() {
    let site = Site::start().await;
    let body = json!({
        "name": "Plan", "submittability_expression": "label:Deployed=MAX",
        "override_expression": "hashtag:\"break-glass\"", "applicability_expression": "branch:refs/heads/main",
    });
    site.made("PUT", "/projects/app/submit_requirements/Plan", &body);
    let alice = site.clone("alice", "app");
    let commit = alice.commit("a.txt", "a\n", "First", "one");
    let change = alice.review();
    site.vote("bob", &change, "Code-Review", 2);
    assert_eq!(site.submit("bob", &change).status, 409);
    assert_eq!(
        site.post("bot", &format!("/changes/{change}/hashtags"), json!({"add": ["break-glass"]})).status,
        200
    );
    assert_eq!(site.submit("bob", &change).status, 200);
    let results = site.change(&change)["submit_requirements"].clone();
    let plan = results.as_array().expect("list").iter().find(|r| r["name"] == "Plan").expect("Plan");
    assert_eq!(plan["status"], "OVERRIDDEN");
    let stored = site.note(&change, &commit)["submitRequirementResults"].clone();
    let plan = stored
        .as_array()
        .expect("list")
        .iter()
        .find(|r| r["submitRequirement"]["name"] == "Plan")
        .expect("Plan");
    assert_eq!(plan["overrideExpressionResult"]["value"]["status"], "PASS");
    // what was stored stays, whatever becomes of the requirement
    site.made("DELETE", "/projects/app/submit_requirements/Plan", &json!({}));
    assert_eq!(site.change(&change)["submit_requirements"].as_array().expect("list").len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_question_blocks_until_it_is_answered() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    let commit = alice.commit("a.txt", "a\n", "First", "one");
    let change = alice.review();
    site.vote("bob", &change, "Code-Review", 2);
    let ask = json!({"comments": {"a.txt": [{"line": 1, "message": "why?", "unresolved": true}]}});
    assert_eq!(site.review("carol", &change, ask).status, 200);
    assert!(
        site.history(&change)
            .pop()
            .expect("commits")
            .contains("\nPatch Set 1:\n\n(1 comment)\n\nPatch-set: 1\n")
    );
    let answer = site.submit("bob", &change);
    assert!(
        answer.text.contains("submit requirement 'No-Unresolved-Comments' is unsatisfied"),
        "{}",
        answer.text
    );
    let asked = site.get("alice", &format!("/changes/{change}/comments"))["a.txt"][0]["id"].clone();
    let reply = json!({"comments": {"a.txt": [{"line": 1, "message": "so", "unresolved": false, "in_reply_to": asked}]}});
    assert_eq!(site.review("alice", &change, reply).status, 200);
    assert_eq!(site.submit("bob", &change).status, 200);
    let note = site.note(&change, &commit);
    assert_eq!(
        note["comments"].as_array().expect("list").len(),
        2,
        "the merge keeps them beside the results"
    );
    assert!(note["submitRequirementResults"].is_array());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submit_on_behalf_names_who_really_pressed() {
    let site = Site::start().await;
    site.allow("app", "refs/heads/*", "submitAs");
    let alice = site.clone("alice", "app");
    alice.commit("a.txt", "a\n", "First", "one");
    let change = alice.review();
    site.vote("bob", &change, "Code-Review", 2);
    let path = format!("/changes/{change}/submit");
    let answer = site.post("carol", &path, json!({"on_behalf_of": "bob"}));
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (403, "submit not permitted\n"),
        "both rights are needed"
    );
    assert_eq!(site.post("bot", &path, json!({"on_behalf_of": "bob"})).status, 200);
    let merge = site.history(&change).pop().expect("commits");
    assert!(
        merge.contains("author Gerrit User 1000002 <")
            && merge.contains("\nReal-user: Gerrit User 1000004 <"),
        "{merge}"
    );
    assert_eq!(site.change(&change)["submitter"]["_account_id"], 1_000_002);
}
