//! Bad input and faults: a clear word where a person looks, and nothing lost.

mod common;

use std::time::Duration;

use anyhow::{Result, ensure};
use common::{
    PATIENCE, Stage,
    delivery::{EAGER, merged},
    word,
};
use exq::demo::until;
use serde_json::json;

type Test = Result<()>;

#[tokio::test(flavor = "multi_thread")]
async fn hooks_that_lie_do_nothing_and_tell_nothing() -> Test {
    let stage = Stage::silent_dev(EAGER).await?;
    let good = stage.bell.url("main");
    let entries = stage.api.bytes("checkpoint").await?;
    let event = |project: &str, number: u64| {
        json!({"type": "change-merged", "project": project, "change": {"project": project, "number": number}})
            .to_string()
            .into_bytes()
    };
    // A wrong secret and an unknown server can't be told apart.
    let root = good.rsplit_once('/').map(|(root, _)| root.to_owned()).unwrap_or_default();
    let wrong = stage.post(&format!("{root}/{}", "x".repeat(41)), event("shop", 1)).await?;
    let unknown = stage.post(&good.replace("/main/", "/other/"), event("shop", 1)).await?;
    ensure!((wrong, unknown) == (404, 404), "answers {wrong} and {unknown}");
    let whole = event("shop", 1);
    for (what, body, expected) in [
        ("truncated", whole.get(..whole.len() / 2).unwrap_or_default().to_vec(), 400),
        ("no JSON", b"<html>".to_vec(), 400),
        ("huge", vec![b' '; 300 * 1024], 413),
        ("deep", "[".repeat(100_000).into_bytes(), 400),
        ("a project that nobody watches", event("elsewhere", 1), 202),
        ("a change that isn't there", event("shop", 999_999), 202),
        ("a change of another project", event("shop", 1), 202),
        ("a name that can't be", event("../../etc", 1), 202),
    ] {
        let status = stage.post(&good, body).await?;
        // What names nothing may be refused or ignored; it is never an error of ours.
        ensure!(status == expected || (expected == 202 && status == 400), "{what}: {status}, not {expected}");
    }
    stage.no_hint_waits().await?;
    ensure!(stage.api.bytes("checkpoint").await? == entries, "the ledger grew by hints that lie");
    // A change that is open, announced as merged, runs nothing; and runs once it is.
    let (alice, bob) = (stage.town.desk("alice"), stage.town.desk("bob"));
    let change = alice.change("shop", &[("open.txt", "open\n")], "Still open").await?;
    ensure!(stage.ring("shop", change.number).await? == 202, "not taken");
    stage.no_hint_waits().await?;
    ensure!(stage.runs().await?.is_empty(), "an open change ran");
    bob.vote(&change, 2).await?;
    bob.submit(&change).await?;
    stage.ran(&change).await?;
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_names_a_private_change_tells_nothing_and_loses_nothing() -> Test {
    let stage = Stage::silent_dev(EAGER).await?;
    let (alice, bob) = (stage.town.desk("alice"), stage.town.desk("bob"));
    let change = alice.change("shop", &[("secret.txt", "secret\n")], "Private").await?;
    let path = format!("changes/shop~{}", change.number);
    alice.rest().call("POST", &format!("{path}/private"), Some(&json!({}))).await?;
    ensure!(stage.ring("shop", change.number).await? == 202, "not taken");
    stage.no_hint_waits().await?;
    let why = stage.exq(&["why", &change.number.to_string()]).await?;
    ensure!(why.status.code() == Some(2), "exq why knows a private change: {}", why.status);
    alice.rest().call("DELETE", &format!("{path}/private"), None).await?;
    bob.vote(&change, 2).await?;
    bob.submit(&change).await?;
    stage.ran(&change).await?;
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_private_change_with_the_same_commit_keeps_nothing_from_running() -> Test {
    let stage = Stage::silent_dev(EAGER).await?;
    let (alice, bob) = (stage.town.desk("alice"), stage.town.desk("bob"));
    // The same commit, once for main and once, by its author, for another branch; the second can't be seen.
    let admin = stage.town.admin_desk();
    admin.rest().call("PUT", "projects/shop/branches/other", Some(&json!({"revision": "main"}))).await?;
    let change = alice.change("shop", &[("twice.txt", "twice\n")], "Pushed twice").await?;
    alice.push("shop", "refs/for/other").await?;
    let path = format!("changes/shop~other~{}", change.change_id);
    let other = alice.rest().call("GET", &path, None).await?;
    let number = other.get("_number").and_then(serde_json::Value::as_u64).unwrap_or_default();
    ensure!(![0, change.number].contains(&number), "no second change: {other}");
    // It is looked at while it can be seen: its refs are in our mirror, and stay there when it is hidden.
    ensure!(stage.ring("shop", number).await? == 202, "not taken");
    stage.no_hint_waits().await?;
    alice.rest().call("POST", &format!("{path}/private"), Some(&json!({}))).await?;
    bob.vote(&change, 2).await?;
    bob.submit(&change).await?;
    stage.ran(&change).await?;
    let next = merged(&stage, "shop", "the next").await?;
    stage.ran(&next).await?;
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gerrit_that_is_away_slow_or_answers_html_loses_nothing() -> Test {
    let stage = Stage::silent_dev(EAGER).await?;
    let faults = stage.gerrit.faults()?;
    for kind in ["503", "html", "slow"] {
        let change = merged(&stage, "shop", kind).await?;
        match kind {
            "503" => faults.unavailable(40),
            "html" => faults.html_instead(40),
            _ => faults.delay(20, Duration::from_millis(700)),
        }
        stage.ring("shop", change.number).await?;
        if kind != "slow" {
            stage.alarm("Gerrit main").await?;
        }
        // It comes back before anybody asks it again for us.
        until("Gerrit is back", PATIENCE, || async {
            Ok(stage.town.desk("alice").look(&change).await.is_ok().then_some(()))
        })
        .await?;
        stage.ran(&change).await?;
        stage.play().said(&change, "Rolled out").await?;
    }
    let runs = stage.runs_of("shop-web").await?;
    ensure!(runs.len() == 3, "{} runs", runs.len());
    until("no alarm is left", PATIENCE, || async {
        Ok(stage.running()?.surface.health().await.alarms.is_empty().then_some(()))
    })
    .await?;
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_is_taken_back_and_said() -> Test {
    let stage = Stage::dev().await?;
    let well = merged(&stage, "shop", "well").await?;
    stage.ran(&well).await?;
    let (alice, bob) = (stage.town.desk("alice"), stage.town.desk("bob"));
    let unwell = alice.change("shop", &[("unwell.txt", "unwell\n")], "Make it unwell").await?;
    std::fs::write(stage.town.shop("shop").join("unwell"), &unwell.revision)?;
    bob.vote(&unwell, 2).await?;
    bob.submit(&unwell).await?;
    let state = stage.state(&unwell).await?;
    ensure!((word(&state, "is"), word(&state, "result")) == ("ran", "undone"), "{state}");
    // The program that took it back has ended; the server that it started may take a moment to listen.
    until("it is taken back", PATIENCE, || async {
        Ok((stage.town.serves("shop").await.as_ref() == Some(&well.revision)).then_some(()))
    })
    .await?;
    stage.play().said(&unwell, "Rollout failed and was taken back").await?;
    let why = stage.exq(&["why", &unwell.number.to_string()]).await?;
    let words = String::from_utf8_lossy(&why.stdout).into_owned();
    ensure!(words.contains("undone"), "exq why: {words}");
    // The step's output is for those who may see the run; it is on no change.
    for message in alice.messages(&unwell).await? {
        ensure!(!message.contains("the shop is unwell"), "output was posted: {message}");
    }
    // The proof says so too, and the next one goes on from there.
    let run = word(&state, "run").to_owned();
    let bundle = stage.api.bytes(&format!("runs/{run}/bundle")).await?;
    let verified = proof::verify(&bundle, &stage.running()?.ledger_key)?;
    ensure!(verified.result == "undone", "the bundle says {}", verified.result);
    let next = merged(&stage, "shop", "well again").await?;
    stage.ran(&next).await?;
    ensure!(stage.town.serves("shop").await == Some(next.revision), "the next one isn't served");
    stage.close().await
}
