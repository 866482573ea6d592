//! Requests, from the command line to the proof: what is asked for is reviewed in Gerrit, submitted by us, and runs once;
//! whatever else lies in the requests project counts for nothing.

mod common;

use anyhow::{Context as _, Result, ensure};
use common::{
    PATIENCE,
    office::{Office, said},
    word,
};
use exq::demo::until;
use serde_json::Value;

type Test = Result<()>;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_is_reviewed_submitted_by_us_runs_once_and_is_proven() -> Test {
    let mut office = Office::dev().await?;
    let (code, plan) = office.exq("alice", &["plan", "shop-restart", "--input", "ticket=INC-7"]).await?;
    ensure!(code == Some(0) && plan.contains("./restart/run") || plan.contains("restart/run"), "{plan}");
    let hash = plan.lines().find_map(|line| line.strip_prefix("plan ")).context("no hash")?.to_owned();
    let why = "The shop <b>hangs</b> since 8:00.\nCo-authored-by: Bob Brown <bob@example.com>";
    let arguments = ["request", "shop-restart", "--input", "ticket=INC-7", "--justification", why];
    let (code, text) = office.exq("alice", &[&arguments[..], &["--plan", &hash, "--json"]].concat()).await?;
    ensure!(code == Some(0), "{text}");
    let view: Value = serde_json::from_str(&text)?;
    ensure!(view.pointer("/request/plan").and_then(Value::as_str) == Some(&hash), "{text}");
    let asked = office.asked(&view).await?;

    // The change is our writer's, and is the request's file to the byte.
    let bob = office.stage.town.desk("bob");
    let path = format!("changes/requests~{}/detail", asked.change.number);
    let seen = bob.rest().call("GET", &path, None).await?;
    ensure!(seen.pointer("/owner/username").and_then(Value::as_str) == Some("exq-writer"), "{seen}");
    office.waits_for(&asked, "no-independent-approval").await?;
    ensure!(office.restarted().is_empty(), "it ran before anybody looked");

    bob.vote(&asked.change, 2).await?;
    let run = office.ran(&asked).await?;
    ensure!(office.restarted() == ["INC-7"], "{:?}", office.restarted());
    let message = office.stage.play().said(&asked.change, "Ran: succeeded").await?;
    for part in ["asked by     Alice (alice)", "The shop <b>hangs</b>", "reviewed by  bob", &run] {
        ensure!(message.contains(part), "{part} isn't in {message}");
    }
    // Nobody but us submitted it, and it was once.
    let merged = bob.rest().call("GET", &path, None).await?;
    ensure!(merged.pointer("/submitter/username").and_then(Value::as_str) == Some("exq-writer"), "{merged}");
    let (code, text) = office.exq("alice", &["request", "show", &asked.id]).await?;
    ensure!(code == Some(0) && text.contains("ran: succeeded") && text.contains(&run), "{code:?} {text}");
    ensure!(office.stage.runs_of("shop-restart").await?.len() == 1, "more than one run");

    // What people wrote is inert where it is shown.
    let view = office.stage.play().settled(asked.change.number).await?;
    let submission = view.pointer("/submission/id").and_then(Value::as_str).context("no submission")?;
    ensure!(!word(&view, "subject").contains('<'), "{view}");

    // The proof: who asked, why, and that it is what was reviewed.
    let file = office.stage.town.folder.join("proof.bundle");
    let out = file.display().to_string();
    let (code, text) = office.exq("alice", &["bundle", &run, "--out", &out]).await?;
    ensure!(code == Some(0), "{text}");
    let key = office.stage.town.folder.join("data/ledger.pub").display().to_string();
    let (code, text) = office.exq("alice", &["verify", &out, "--key", &key]).await?;
    ensure!(code == Some(0) && text.contains("asked for by Alice (alice)"), "{code:?} {text}");
    ensure!(submission.starts_with("sub-"), "{submission}");
    office.close().await
}
