//! Accounts, groups, tokens and rights.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what must be there"
)]

mod support;

use serde_json::json;
use support::{Site, raw};

#[tokio::test(flavor = "multi_thread")]
async fn second_addresses_are_for_those_who_may_see_them() {
    let site = Site::start().await;
    site.made("POST", "/accounts/alice/emails/other@example.com", &json!({"no_confirmation": true}));
    assert_eq!(site.get("alice", "/accounts/self/emails").as_array().expect("list").len(), 2);
    let answer = site.call("carol", "GET", "/accounts/alice/emails", None);
    assert_eq!((answer.status, answer.text.as_str()), (403, "view secondary emails not permitted\n"));
    assert_eq!(site.get("carol", "/accounts/?q=email:other@example.com"), json!([]));
    assert_eq!(site.get("admin", "/accounts/?q=email:other@example.com")[0]["_account_id"], 1_000_001);
    assert_eq!(site.get("carol", "/accounts/?q=email:ali")[0]["_account_id"], 1_000_001, "by the beginning");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_work_until_they_are_taken_back() {
    let site = Site::start().await;
    let made = site.call("bot", "PUT", "/accounts/self/tokens/t-1", Some(&json!({"lifetime": "30d"})));
    assert_eq!(made.status, 201);
    let token = made.json()["token"].as_str().expect("token").to_owned();
    let login = base64(&format!("bot:{token}"));
    let ask = || {
        raw(site.gerrit.url(), "GET", "/a/accounts/self", &format!("Authorization: Basic {login}\r\n"), "")
            .status
    };
    assert_eq!(ask(), 200);
    assert_eq!(site.call("bot", "PUT", "/accounts/self/tokens/t-1", Some(&json!({}))).text, "Not found: /\n");
    let short = site.call("bot", "PUT", "/accounts/self/tokens/t-2", Some(&json!({"lifetime": "1s"})));
    assert_eq!((short.status, short.text.as_str()), (400, "Lifetime must be larger than 0\n"));
    assert_eq!(site.call("bot", "DELETE", "/accounts/self/tokens/t-1", None).status, 204);
    assert_eq!(ask(), 401);
    assert_eq!(site.get("bot", "/accounts/self/tokens"), json!([{"id": "legacy"}]));
}

fn base64(text: &str) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.encode(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_is_out_at_once_and_answers_to_its_number_only() {
    let site = Site::start().await;
    assert_eq!(site.call("admin", "DELETE", "/accounts/carol/active", None).status, 204);
    assert_eq!(site.call("carol", "GET", "/accounts/self", None).status, 401);
    let answer = site.call("admin", "GET", "/accounts/carol", None);
    assert!(
        answer.status == 404 && answer.text.contains("only matches inactive accounts"),
        "{}",
        answer.text
    );
    assert_eq!(site.get("admin", "/accounts/1000003")["inactive"], true);
    assert_eq!(site.get("admin", "/accounts/?q=username:carol"), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_owns_itself_unless_told_and_then_its_members_may_add() {
    let site = Site::start().await;
    site.made("PUT", "/groups/open", &json!({"members": ["carol"], "visible_to_all": true}));
    let group = site.get("carol", "/groups/open");
    assert_eq!(group["owner_id"], group["id"]);
    assert_eq!(site.call("carol", "PUT", "/groups/open/members/alice", Some(&json!({}))).status, 201);
    assert_eq!(site.call("carol", "PUT", "/groups/open/members/alice", Some(&json!({}))).status, 200);
    let unknown = site.post("carol", "/groups/open/members.add", json!({"members": ["bob", "zzz"]}));
    assert_eq!((unknown.status, unknown.text.as_str()), (422, "Account 'zzz' not found\n"));
    assert_eq!(
        site.get("carol", "/groups/open/members/").as_array().expect("list").len(),
        2,
        "nobody was added"
    );
    site.made("PUT", "/groups/outer", &json!({"members": ["admin"]}));
    assert_eq!(site.call("admin", "PUT", "/groups/outer/groups/open", Some(&json!({}))).status, 201);
    assert_eq!(site.get("admin", "/groups/outer/members/?recursive").as_array().expect("list").len(), 3);
    assert_eq!(site.call("bob", "GET", "/groups/outer", None).status, 404, "not visible");
    let names: Vec<_> = site
        .get("carol", "/accounts/self/groups")
        .as_array()
        .expect("list")
        .iter()
        .map(|g| g["name"].as_str().expect("name").to_owned())
        .collect();
    assert!(names.contains(&"outer".to_owned()), "by inclusion: {names:?}");
    let audit = site.get("carol", "/groups/open/log.audit");
    assert_eq!(audit.as_array().expect("list").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_decide_who_may_vote_and_submit() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    alice.commit("a.txt", "a\n", "First", "one");
    let change = alice.review();
    let answer = site.review("carol", &change, json!({"labels": {"Code-Review": 2}}));
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (403, "Applying label \"Code-Review\": 2 is restricted\n")
    );
    assert_eq!(site.submit("carol", &change).text, "submit not permitted\n");
    let permitted = |user: &str| {
        site.get(user, &format!("/changes/{change}?o=DETAILED_LABELS"))["permitted_labels"]["Code-Review"]
            .clone()
    };
    assert_eq!(permitted("carol"), json!(["-1", " 0", "+1"]));
    assert_eq!(permitted("bob"), json!(["-2", "-1", " 0", "+1", "+2"]));
    let body = json!({"remove": {"refs/heads/*": {"permissions": {"label-Code-Review": {"rules": {"approvers": {}}}}}}});
    assert_eq!(
        site.post("carol", "/projects/All-Projects/access", body.clone()).text,
        "not permitted: write ref config on refs/heads/*\n"
    );
    site.made("POST", "/projects/All-Projects/access", &body);
    assert_eq!(permitted("bob"), json!(["-1", " 0", "+1"]));
    let shown = site.get("admin", "/projects/All-Projects/access");
    let rules = &shown["local"]["refs/heads/*"]["permissions"]["label-Code-Review"]["rules"];
    assert_eq!(rules["global:Registered-Users"]["max"], 1);
}
