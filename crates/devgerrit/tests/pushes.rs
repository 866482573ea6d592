//! Pushes that go round the review, and pushes that are refused.

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
async fn a_push_with_submit_forces_every_requirement() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    let commit = alice.commit("a.txt", "a\n", "Forced", "forced");
    let refused = alice.push("HEAD:refs/for/main%submit");
    assert!(refused.said.contains("not permitted: update by submit on refs/heads/main"), "{}", refused.said);
    site.allow("app", "refs/for/refs/heads/*", "submit");
    let change = alice.push("HEAD:refs/for/main%submit").change();
    let rest = site.change(&change);
    assert_eq!(rest["status"], "MERGED");
    assert_eq!(rest["submit_records"][1], json!({"status": "FORCED"}));
    for requirement in rest["submit_requirements"].as_array().expect("list") {
        assert_eq!(requirement["status"], "FORCED");
    }
    assert!(site.history(&change).pop().expect("commits").ends_with("\nSubmitted-with: FORCED"));
    assert_eq!(site.note(&change, &commit)["submitRequirementResults"][0]["forced"]["value"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_push_of_an_open_change_merges_it_and_judges_nothing() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    alice.commit("a.txt", "a\n", "Open", "open");
    let change = alice.review();
    site.vote("carol", &change, "Code-Review", 1);
    let refused = alice.push("HEAD:refs/heads/main");
    assert!(refused.said.contains("(prohibited by Gerrit: not permitted: update)"), "{}", refused.said);
    site.allow("app", "refs/heads/*", "push");
    assert!(alice.push("HEAD:refs/heads/main").ok);
    let rest = site.change(&change);
    assert_eq!(rest["status"], "MERGED");
    assert_eq!((&rest["submit_records"], &rest["submit_requirements"]), (&json!([]), &json!([])));
    assert_eq!(rest["submitter"]["_account_id"], 1_000_001);
    let last = site.history(&change).pop().expect("commits");
    assert!(
        last.contains(
            "\nChange has been successfully pushed.\n\nPatch-set: 1\nCurrent: true\nStatus: merged\n"
        ),
        "{last}"
    );
    assert!(!last.contains("Submitted-with"), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_push_of_another_commit_with_the_same_change_id_makes_a_patch_set() {
    let site = Site::start().await;
    site.allow("app", "refs/heads/*", "push");
    let alice = site.clone("alice", "app");
    alice.commit("a.txt", "a\n", "Open", "open");
    let change = alice.review();
    alice.amend("a.txt", "other\n");
    assert!(alice.push("HEAD:refs/heads/main").ok);
    let last = site.history(&change).pop().expect("commits");
    assert!(
        last.contains("\nCreate patch set 2\n")
            && last.contains("\nCurrent: true\nSubject: Open\nStatus: merged\nCommit: "),
        "{last}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_are_refused_in_gerrits_words() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    let base = alice.head();
    alice.write("a.txt", "a\n");
    alice.git(&["commit", "-q", "-m", "No id"]);
    let said = alice.push("HEAD:refs/for/main").said;
    assert!(said.contains("missing Change-Id in message footer)"), "{said}");
    assert!(said.contains("/tools/hooks/commit-msg"), "{said}");
    alice.reset(&base);
    alice.commit("a.txt", "a\n", "One", "same");
    alice.commit("b.txt", "b\n", "Two", "same");
    assert!(alice.push("HEAD:refs/for/main").said.contains("same Change-Id in multiple changes."));
    alice.reset(&base);
    alice.commit("a.txt", "a\n", "One", "one");
    assert!(alice.push("HEAD:refs/for/nosuch").said.contains("(branch nosuch not found)"));
    assert!(alice.push("HEAD:refs/for/main%bogus").said.contains("(\"--bogus\" is not a valid option)"));
    assert!(alice.push("HEAD:refs/heads/new").said.contains("(prohibited by Gerrit: not permitted: create)"));
    assert!(alice.push("HEAD:refs/changes/01/1/9").said.contains("not permitted: create"));
    let change = alice.review();
    assert!(alice.push("HEAD:refs/for/main").said.contains("(no new changes)"));
    site.vote("bob", &change, "Code-Review", 2);
    site.submit("bob", &change);
    alice.amend("a.txt", "other\n");
    assert!(alice.push("HEAD:refs/for/main").said.contains(" closed)"));
    alice.reset(&base);
    alice.git(&["config", "user.email", "bob@example.com"]);
    alice.commit("c.txt", "c\n", "Forged", "forged");
    assert!(alice.push("HEAD:refs/for/main").said.contains("invalid committer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn fetching_shows_histories_and_hides_what_may_not_be_read() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    alice.commit("a.txt", "a\n", "Open", "open");
    let change = alice.review();
    let secret = alice.push("HEAD~0:refs/for/main%private");
    assert!(!secret.ok, "no new commit: {}", secret.said);
    alice.commit("b.txt", "b\n", "Secret", "secret");
    let private = alice.push("HEAD:refs/for/main%private").changes();
    let meta = site.change(&change)["meta_rev_id"].as_str().expect("sha").to_owned();
    let carol = site.clone("carol", "app");
    let refs = carol.git(&["ls-remote", "origin"]);
    assert!(refs.contains(&meta) && refs.contains("refs/heads/main"), "{refs}");
    let number = private[0].split_once('~').expect("number").1;
    assert!(!refs.contains(&format!("/{number}/meta")), "a private change of another: {refs}");
    assert!(!refs.contains("refs/meta/config"), "{refs}");
    assert_eq!(site.call("carol", "GET", &format!("/changes/{}", private[0]), None).status, 404);
    assert!(alice.git(&["ls-remote", "origin"]).contains(&format!("/{number}/meta")));
    // by the commit's own name, and in every version of the protocol
    for version in ["0", "2"] {
        carol.git(&["-c", &format!("protocol.version={version}"), "fetch", "-q", "origin", &meta]);
    }
    assert!(carol.git(&["cat-file", "commit", &meta]).contains("Change-id: "));
}
