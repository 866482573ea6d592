//! Two Gerrit servers at once: the same project, branch and change numbers on both, and numbers of accounts that are other
//! people's.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use exq::demo::until;
use serde_json::Value;
use story::{Change, Desk, EAST_PROJECT, EAST_SHOP};

use super::{PATIENCE, Stage, word};

/// Each server's change is judged by what that server says of it, and hears what became of it.
pub(crate) async fn each_for_itself(stage: &Stage) -> Result<()> {
    let bob = stage.town.desk("bob");
    let (east_bob, east_dave) = (east(stage, "bob")?, east(stage, "dave")?);
    ensure!(
        account(&bob, "bob").await? == account(&east_dave, "dave").await?,
        "bob's number here isn't dave's there: the test would prove nothing"
    );

    // Approved by its author on one; on the other approved by dave, who has there the number that is bob's here.
    let here = bob.change(EAST_PROJECT, &[("here.txt", "here\n")], "Here").await?;
    let there = east_bob.change(EAST_PROJECT, &[("there.txt", "there\n")], "There").await?;
    ensure!(here.number == there.number, "changes {} and {}: not the same number", here.number, there.number);
    bob.vote(&here, 2).await?;
    bob.submit(&here).await?;
    east_dave.vote(&there, 2).await?;
    east_dave.submit(&there).await?;
    let refused = settled(stage, "main", here.number).await?;
    ensure!(word(&refused, "is") == "refused", "approved by its author, and {refused}");
    let run = ran(stage, "east", &there).await?;
    ensure!(stage.town.switched(EAST_PROJECT).is_empty(), "the refused change was rolled out");
    ensure!(stage.town.serves(EAST_SHOP).await.as_ref() == Some(&there.revision), "the other isn't served");
    ensure!(stage.runs_of(&format!("{EAST_PROJECT}-web")).await?.is_empty(), "a run for the refused change");

    // Each is told on its own server.
    said(&bob, &here, "Not rolled out").await?;
    said(&east_bob, &there, "Rolled out").await?;
    for (desk, change, others) in [(&bob, &here, "Rolled out"), (&east_bob, &there, "Not rolled out")] {
        let messages = desk.messages(change).await?;
        ensure!(!messages.iter().any(|text| text.contains(others)), "said on the wrong server: {messages:?}");
    }
    let number = here.number.to_string();
    for (server, code, word) in [("main", 1, "refused"), ("east", 0, "ran")] {
        let why = stage.exq(&["why", &number, "--server", server]).await?;
        let words = String::from_utf8_lossy(&why.stdout).into_owned();
        ensure!(
            why.status.code() == Some(code) && words.contains(word),
            "exq why --server {server}: {words}"
        );
    }
    let bundle = stage.api.bytes(&format!("runs/{run}/bundle")).await?;
    proof::verify(&bundle, &stage.running()?.ledger_key)?;
    Ok(())
}

/// A hint about one server's change that names the other server runs nothing there.
pub(crate) async fn hints_are_not_taken_for_the_other_server(stage: &Stage) -> Result<()> {
    let (east_alice, east_bob) = (east(stage, "alice")?, east(stage, "bob")?);
    let before = stage.runs().await?.len();
    let change = east_alice.change(EAST_PROJECT, &[("crossed.txt", "crossed\n")], "Crossed").await?;
    east_bob.vote(&change, 2).await?;
    east_bob.submit(&change).await?;
    stage.ring_as("main", EAST_PROJECT, change.number).await?;
    ran(stage, "east", &change).await?;
    stage.no_hint_waits().await?;
    let after = stage.runs().await?;
    ensure!(after.len() == before + 1, "{} runs for one change", after.len() - before);
    ensure!(stage.town.switched(EAST_PROJECT).is_empty(), "rolled out from the wrong server");
    Ok(())
}

/// A server that is away stops what comes from it, and nothing else.
pub(crate) async fn one_away(stage: &Stage) -> Result<()> {
    let faults = stage.gerrit.faults()?;
    let (alice, bob) = (stage.town.desk("alice"), stage.town.desk("bob"));
    let waiting = alice.change("shop", &[("later.txt", "later\n")], "Later").await?;
    bob.vote(&waiting, 2).await?;
    bob.submit(&waiting).await?;
    stage.ran(&waiting).await?;
    let next = alice.change("shop", &[("after.txt", "after\n")], "After").await?;
    bob.vote(&next, 2).await?;
    faults.drop_events(1);
    bob.submit(&next).await?;
    faults.unavailable(100_000);
    stage.alarm("Gerrit main").await?;
    let (east_alice, east_bob) = (east(stage, "alice")?, east(stage, "bob")?);
    let change = east_alice.change(EAST_PROJECT, &[("alone.txt", "alone\n")], "Alone").await?;
    east_bob.vote(&change, 2).await?;
    east_bob.submit(&change).await?;
    ran(stage, "east", &change).await?;
    said(&east_alice, &change, "Rolled out").await?;
    faults.unavailable(0);
    stage.ran(&next).await?;
    Ok(())
}

/// A server that answers late, however much is told of it, keeps nothing on the other waiting.
pub(crate) async fn one_hanging(stage: &Stage) -> Result<()> {
    const LATE: Duration = Duration::from_secs(20);
    let faults = stage.gerrit.faults()?;
    let (east_alice, east_bob) = (east(stage, "alice")?, east(stage, "bob")?);
    let change = east_alice.change(EAST_PROJECT, &[("prompt.txt", "prompt\n")], "Prompt").await?;
    east_bob.vote(&change, 2).await?;
    faults.delay(100_000, LATE);
    let begun = Instant::now();
    for number in 0..20 {
        ensure!(stage.ring_as("main", "shop", 90_000 + number).await? == 202, "not taken");
    }
    east_bob.submit(&change).await?;
    ran(stage, "east", &change).await?;
    said(&east_alice, &change, "Rolled out").await?;
    ensure!(begun.elapsed() < LATE, "it waited for the other server: {:?}", begun.elapsed());
    faults.delay(0, Duration::ZERO);
    Ok(())
}

fn east(stage: &Stage, name: &str) -> Result<Desk> {
    stage.town.east_desk(name).context("there is no second Gerrit")
}

async fn account(desk: &Desk, name: &str) -> Result<u64> {
    let account = desk.rest().call("GET", &format!("accounts/{name}"), None).await?;
    account.get("_account_id").and_then(Value::as_u64).context("no account number")
}

/// The state of the first outcome of a server's change, once it is settled.
async fn settled(stage: &Stage, server: &str, number: u64) -> Result<Value> {
    until(&format!("an outcome of change {number} on {server}"), PATIENCE, || async {
        let view = stage.api.json(&format!("why?change={number}&server={server}")).await?;
        let state = view.pointer("/outcomes/0/state").cloned().unwrap_or_default();
        Ok(matches!(word(&state, "is"), "ran" | "refused" | "superseded").then_some(state))
    })
    .await
}

async fn ran(stage: &Stage, server: &str, change: &Change) -> Result<String> {
    let state = settled(stage, server, change.number).await?;
    ensure!(
        (word(&state, "is"), word(&state, "result")) == ("ran", "succeeded"),
        "change {} on {server}: {state}",
        change.number
    );
    Ok(word(&state, "run").to_owned())
}

async fn said(desk: &Desk, change: &Change, what: &str) -> Result<()> {
    until(&format!("{what:?} on change {}", change.number), PATIENCE, || async {
        let messages = desk.messages(change).await?;
        let found = messages.iter().any(|text| text.contains("exq-key: ") && text.contains(what));
        Ok(found.then_some(()))
    })
    .await
}
