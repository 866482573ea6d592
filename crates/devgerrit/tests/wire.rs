//! Answers, errors, faults, hooks, restart.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what must be there"
)]

mod support;

use std::time::Duration;

use devgerrit::{DevGerrit, Options};
use serde_json::{Value, json};
use support::{Site, raw};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_plain_text_with_gerrits_codes() {
    let site = Site::start().await;
    let url = site.gerrit.url();
    let answer = raw(url, "GET", "/a/accounts/self", "", "");
    assert_eq!(answer.status, 401);
    assert!(
        answer.head.to_lowercase().contains("www-authenticate: basic realm=\"gerrit code review\""),
        "{}",
        answer.head
    );
    assert_eq!(raw(url, "GET", "/accounts/self", "", "").text, "Resolving account 'self' requires login\n");
    assert_eq!(raw(url, "GET", "/config/server/version", "", "").text, ")]}'\n\"3.13.5\"\n");
    for (user, method, path, status, text) in [
        ("bot", "GET", "/changes/99999", 404, "Not found: 99999\n"),
        ("bot", "GET", "/changes/?q=bogus:xx", 400, "Unsupported operator bogus:xx\n"),
        ("bot", "GET", "/changes/?q=status:bogus", 400, "Unrecognized value: bogus\n"),
        ("bot", "GET", "/changes/?q=x&o=BOGUS", 400, "\"BOGUS\" is not a valid value for \"-o\"\n"),
        ("bot", "GET", "/accounts/nobody", 404, "Account 'nobody' not found\n"),
        ("bot", "GET", "/groups/nosuch", 404, "nosuch\n"),
        ("bot", "GET", "/projects/nosuch", 404, "Not found: nosuch\n"),
        ("carol", "PUT", "/projects/z", 403, "create project not permitted\n"),
        ("carol", "PUT", "/groups/approvers/members/carol", 403, "Cannot add members to group approvers\n"),
    ] {
        let answer = site.call(user, method, path, None);
        assert_eq!((answer.status, answer.text.as_str()), (status, text), "{method} {path}");
        assert!(answer.head.to_lowercase().contains("content-type: text/plain"), "{}", answer.head);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_made_in_one_call_and_its_change_id_makes_that_idempotent() {
    let site = Site::start().await;
    let key = format!("I{}", "ab".repeat(20));
    let patch = "diff --git a/requests/1.yaml b/requests/1.yaml\nnew file mode 100644\n--- /dev/null\n+++ b/requests/1.yaml\n\
                 @@ -0,0 +1,2 @@\n+operation: restart\n+service: api\n";
    let body = json!({
        "project": "app", "branch": "main", "subject": format!("Request 1\n\nChange-Id: {key}"),
        "author": {"name": "Alice", "email": "alice@example.com"}, "patch": {"patch": patch},
        "custom_keyed_values": {"request": "1"},
    });
    let answer = site.post("bot", "/changes/", body.clone());
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.json()["insertions"], 2);
    let again = site.post("bot", "/changes/", body.clone());
    assert_eq!(again.status, 409);
    assert_eq!(again.text, format!("A change with Change-Id {key} already exists for this branch.\n"));
    let id = format!("app~main~{key}");
    let content = site.call(
        "bot",
        "GET",
        &format!("/changes/{id}/revisions/current/files/requests%2F1.yaml/content"),
        None,
    );
    assert_eq!(content.text, "b3BlcmF0aW9uOiByZXN0YXJ0CnNlcnZpY2U6IGFwaQo=");
    // the author is a contributor, so her vote does not make four eyes
    let mut nothing = body;
    nothing["subject"] = json!("No patch");
    nothing["patch"]["patch"] = json!("not a patch");
    let empty = site.post("bot", "/changes/", nothing);
    assert_eq!((empty.status, &empty.json()["insertions"]), (201, &json!(0)));
    let bot = site.get("bot", &format!("/changes/{id}"));
    assert_eq!(bot["owner"]["_account_id"], 1_000_004);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_pages_newest_first_and_says_when_there_is_more() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    for n in 0..5 {
        alice.commit(&format!("{n}.txt"), "x\n", &format!("Change {n}"), &format!("k{n}"));
    }
    alice.push("HEAD:refs/for/main");
    let first = site.get("bot", "/changes/?q=status:open+project:app&n=2");
    let numbers = |page: &Value| -> Vec<i64> {
        page.as_array().expect("list").iter().map(|c| c["_number"].as_i64().expect("number")).collect()
    };
    assert_eq!(first[1]["_more_changes"], true);
    let rest = site.get("bot", "/changes/?q=status:open+project:app&n=5&S=2");
    assert!(rest[2].get("_more_changes").is_none());
    let mut all = numbers(&first);
    all.extend(numbers(&rest));
    let mut sorted = all.clone();
    sorted.sort_by_key(|n| std::cmp::Reverse(*n));
    assert_eq!((all.len(), &all), (5, &sorted));
    assert_eq!(site.get("bot", "/changes/?q=status:open+after:%222099-01-01+00:00:00+%2B0000%22"), json!([]));
    assert_eq!(site.get("bot", "/changes/?q=topic:none"), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_meta_revision_shows_the_change_as_it_was() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    alice.commit("a.txt", "a\n", "First", "one");
    let change = alice.review();
    let then = site.change(&change)["meta_rev_id"].as_str().expect("sha").to_owned();
    site.vote("bob", &change, "Code-Review", 2);
    site.submit("bob", &change);
    let old = site.get("bot", &format!("/changes/{change}?meta={then}&o=DETAILED_LABELS"));
    assert_eq!((&old["status"], &old["meta_rev_id"]), (&json!("NEW"), &json!(then)));
    assert!(old["labels"]["Code-Review"].get("approved").is_none());
    let unknown = "0123456789".repeat(4);
    let answer = site.call("bot", "GET", &format!("/changes/{change}?meta={unknown}"), None);
    assert_eq!(answer.status, 412);
    assert!(
        answer.text.starts_with(&format!("{unknown} not reachable from refs/changes/")),
        "{}",
        answer.text
    );
    assert_eq!(site.call("bot", "GET", &format!("/changes/{change}?meta=0123"), None).status, 400);
    // deleting a message rewrites the history: the old tip is reachable no more
    let tip = site.change(&change)["meta_rev_id"].as_str().expect("sha").to_owned();
    let message = site.change(&change)["messages"][1]["id"].as_str().expect("id").to_owned();
    let path = format!("/changes/{change}/messages/{message}/delete");
    assert_eq!(site.post("admin", &path, json!({"reason": "spam"})).status, 201);
    assert_eq!(site.call("bot", "GET", &format!("/changes/{change}?meta={tip}"), None).status, 412);
    assert_eq!(site.change(&change)["status"], "MERGED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revert_takes_the_content_back() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    alice.commit("a.txt", "a\n", "First", "one");
    let change = alice.review();
    let path = format!("/changes/{change}/revert");
    assert_eq!(site.post("bot", &path, json!({})).text, "change is new\n");
    site.vote("bob", &change, "Code-Review", 2);
    site.submit("bob", &change);
    assert_eq!(site.post("carol", &path, json!({})).text, "revert not permitted\n");
    let answer = site.post("bot", &path, json!({"topic": "rollback"}));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let revert = answer.json();
    assert_eq!((&revert["subject"], &revert["deletions"]), (&json!("Revert \"First\""), &json!(1)));
    let number = change.split_once('~').expect("number").1;
    let found = site.get("bot", &format!("/changes/?q=revertof:{number}"));
    assert_eq!(found[0]["_number"], revert["_number"]);
    let history = site.history(&change).pop().expect("commits");
    assert!(history.contains("\nCreated a revert of this change as I"), "{history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_come_as_ordered_and_end() {
    let site = Site::start().await;
    let faults = site.gerrit.faults();
    faults.unavailable(1);
    assert_eq!(site.call("bot", "GET", "/changes/1", None).status, 503);
    faults.html_instead(1);
    let answer = site.call("bot", "GET", "/accounts/self", None);
    assert!(answer.status == 200 && answer.text.contains("<html>"));
    assert_eq!(site.get("bot", "/accounts/self")["username"], "bot");
    faults.delay(1, Duration::from_millis(5));
    assert_eq!(site.get("bot", "/accounts/self")["username"], "bot");

    let alice = site.clone("alice", "app");
    alice.commit("a.txt", "a\n", "Lost", "lost");
    let change = alice.review();
    let number: u32 = change.split_once('~').expect("number").1.parse().expect("number");
    let key = site.change(&change)["change_id"].as_str().expect("id").to_owned();
    faults.hide_from_index(number);
    assert_eq!(site.get("bot", &format!("/changes/?q=change:{number}")), json!([]));
    assert_eq!(site.call("bot", "GET", &format!("/changes/app~main~{key}"), None).status, 404);
    assert_eq!(site.get("bot", &format!("/changes/app~{number}"))["_number"], number);
    assert_eq!(site.post("bot", &format!("/changes/{change}/index"), json!({})).status, 403);
    assert_eq!(site.post("admin", &format!("/changes/{change}/index"), json!({})).status, 204);
    assert_eq!(site.get("bot", &format!("/changes/?q=change:{number}"))[0]["_number"], number);
}

/// Receives events; the first answer is a refusal, so the event must come again.
async fn receiver() -> (String, mpsc::UnboundedReceiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let url = format!("http://{}/hook", listener.local_addr().expect("address"));
    let (sender, events) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut first = true;
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            let (head, body) = loop {
                let n = stream.read(&mut buffer).await.expect("read");
                bytes.extend_from_slice(&buffer[..n]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length =
                    head.split("Content-Length: ").nth(1).and_then(|t| t.lines().next()?.parse().ok());
                if body.len() >= length.unwrap_or(0) {
                    break (head.to_owned(), body.to_owned());
                }
            };
            let status = if std::mem::take(&mut first) { "503 Busy" } else { "204 No Content" };
            let _ =
                stream.write_all(format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n").as_bytes()).await;
            if status.starts_with("204") {
                let _ = sender.send((head, serde_json::from_str(&body).expect("JSON")));
            }
        }
    });
    (url, events)
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_get_every_event_in_order_and_again_after_a_refusal() {
    let (url, mut events) = receiver().await;
    let site = Site::with(|options| options.hook_urls = vec![url]).await;
    let alice = site.clone("alice", "app");
    alice.commit("a.txt", "a\n", "First", "one");
    let change = alice.review();
    site.vote("bob", &change, "Code-Review", 2);
    site.submit("bob", &change);
    let mut kinds = Vec::new();
    let merged = loop {
        let next = tokio::time::timeout(Duration::from_secs(30), events.recv()).await.expect("in time");
        let (head, event) = next.expect("an event");
        assert!(head.contains(&format!("X-Origin-Url: {}/", site.gerrit.url())), "{head}");
        if kinds.is_empty() {
            let update = &event["refUpdate"];
            let place = (&update["project"], &update["refName"]);
            assert_eq!(
                place,
                (&json!("All-Projects"), &json!("refs/meta/config")),
                "refused once, and still the first"
            );
        }
        kinds.push(event["type"].as_str().expect("type").to_owned());
        if event["type"] == "change-merged" {
            break event;
        }
    };
    let mut expected = kinds.iter();
    for kind in ["patchset-created", "comment-added", "ref-updated", "change-merged"] {
        assert!(expected.any(|has| has == kind), "{kind} in {kinds:?}");
    }
    assert_eq!(merged["newRev"], merged["patchSet"]["revision"]);
    assert_eq!(merged["submitter"]["username"], "bob");
    assert!(merged["submitter"].get("_account_id").is_none());

    site.gerrit.faults().drop_events(1);
    site.post("bot", &format!("/changes/{change}/hashtags"), json!({"add": ["x"]}));
    let (_, event) =
        tokio::time::timeout(Duration::from_secs(30), events.recv()).await.expect("in time").expect("event");
    assert_eq!(event["type"], "hashtags-changed", "its ref-updated was dropped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_on_the_same_folder_goes_on() {
    let site = Site::start().await;
    let alice = site.clone("alice", "app");
    alice.commit("a.txt", "a\n", "First", "one");
    let change = alice.review();
    site.vote("bob", &change, "Code-Review", 2);
    let meta = site.change(&change)["meta_rev_id"].clone();
    let Site { gerrit, dir, .. } = site;
    let url = gerrit.url().to_owned();
    let mut kept = std::net::TcpStream::connect(url.trim_start_matches("http://")).expect("connect");
    let ask = b"GET /config/server/version HTTP/1.1\r\nHost: x\r\n\r\n";
    std::io::Write::write_all(&mut kept, ask).expect("send");
    let mut answer = [0; 4096];
    assert!(std::io::Read::read(&mut kept, &mut answer).expect("receive") > 0);
    gerrit.stop().await;
    let _ = std::io::Write::write_all(&mut kept, ask);
    assert!(!matches!(std::io::Read::read(&mut kept, &mut answer), Ok(n) if n > 0), "no answer from beyond");
    let again = DevGerrit::start(Options::new(dir.path(), "ignored")).await.expect("start");
    let login = "Authorization: Basic YWRtaW46c2VjcmV0\r\n";
    let answer = raw(again.url(), "GET", &format!("/a/changes/{change}"), login, "");
    assert_eq!(answer.json()["meta_rev_id"], meta, "{}", answer.text);
    let body = json!({"project": "app", "branch": "main", "subject": "After"}).to_string();
    let head = format!("{login}Content-Type: application/json\r\n");
    let number =
        raw(again.url(), "POST", "/a/changes/", &head, &body).json()["_number"].as_i64().expect("number");
    assert!(number > 20, "numbers that were drawn before are not drawn again: {number}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_or_hook_that_cannot_be_used_is_told() {
    let dir = tempfile::tempdir().expect("folder");
    let first = DevGerrit::start(Options::new(dir.path().join("a"), "x")).await.expect("start");
    let port = first.url().rsplit_once(':').expect("port").1.parse().expect("port");
    let mut options = Options::new(dir.path().join("b"), "x");
    options.port = Some(port);
    assert!(matches!(DevGerrit::start(options.clone()).await, Err(devgerrit::Error::Listen { .. })));
    options.port = None;
    options.hook_urls = vec!["https://example.com/".to_owned()];
    assert!(matches!(DevGerrit::start(options).await, Err(devgerrit::Error::HookUrl { .. })));
}
