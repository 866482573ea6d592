//! What is asked for, on either kind of Gerrit.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{office::Office, word};

/// alice asks for a restart, bob approves, we submit, it runs once, and the proof says who asked and why.
pub(crate) async fn asked_reviewed_and_run(office: &mut Office) -> Result<()> {
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
    for part in ["asked by     alice \"Alice\"", "The shop <b>hangs</b>", "reviewed by  bob", &run] {
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
    ensure!(code == Some(0) && text.contains("asked for by alice \"Alice\""), "{code:?} {text}");
    ensure!(submission.starts_with("sub-"), "{submission}");
    Ok(())
}

/// bob asks, by an identity whose key the provider says and by one that only the links know, and approves it: that is no review.
pub(crate) async fn who_asks_is_no_reviewer(office: &mut Office) -> Result<()> {
    let (bob, carol) = (office.stage.town.desk("bob"), office.stage.town.desk("carol"));
    // bob, by the key that the provider says; and by an identity that only the links know to be his.
    for (who, ticket) in [("bob", "INC-1"), ("bobby", "INC-2")] {
        let asked = office.ask(who, ticket, "I want it restarted myself").await?;
        bob.vote(&asked.change, 2).await?;
        office.waits_for(&asked, "people-too-few").await?;
        ensure!(office.status(&asked.change).await? == "NEW", "{who} let it through himself");
        carol.vote(&asked.change, 2).await?;
        office.ran(&asked).await?;
        let message = office.stage.play().said(&asked.change, "Ran: succeeded").await?;
        ensure!(message.contains("reviewed by  carol\n"), "{message}");
    }
    let restarted = office.restarted();
    ensure!(restarted.ends_with(&["INC-1".to_owned(), "INC-2".to_owned()]), "{restarted:?}");
    Ok(())
}

/// The operation changes between request and review: nothing runs, and the change says so.
pub(crate) async fn stale(office: &mut Office) -> Result<()> {
    let before = office.restarted();
    let asked = office.ask("alice", "INC-3", "Please restart the shop").await?;
    office.waits_for(&asked, "no-independent-approval").await?;
    // Something else changes: the plan is still the one that was asked for.
    office
        .configure(&[("roles.yaml", "release-managers: { title: Others, people: [carol, erin] }\n")])
        .await?;
    office.waits_for(&asked, "no-independent-approval").await?;
    let program = office.operations("restart/run").await? + "echo twice\n";
    office.configure(&[("restart/run", &program)]).await?;
    office.stage.town.desk("bob").vote(&asked.change, 2).await?;
    let view = office.stands(&asked, "refused").await?;
    ensure!(view.pointer("/reasons/0/code").and_then(Value::as_str) == Some("plan-stale"), "{view}");
    office.abandoned(&asked.change).await?;
    let message = office.stage.play().said(&asked.change, "Not run").await?;
    ensure!(message.contains("the operation has changed since") && message.contains("exq plan"), "{message}");
    ensure!(office.restarted() == before, "{:?}", office.restarted());
    Ok(())
}

/// Two open requests for one operation: both run, the younger by a merge that Gerrit makes or not, and neither takes the other's place.
pub(crate) async fn two_at_once(office: &mut Office) -> Result<()> {
    let first = office.ask("alice", "INC-1", "The first one hangs").await?;
    let second = office.ask("erin", "INC-2", "The second one hangs").await?;
    let bob = office.stage.town.desk("bob");
    // The younger first: it doesn't overtake, nor supersede.
    bob.vote(&second.change, 2).await?;
    office.ran(&second).await?;
    bob.vote(&first.change, 2).await?;
    office.ran(&first).await?;
    let restarted = office.restarted();
    ensure!(restarted.ends_with(&["INC-2".to_owned(), "INC-1".to_owned()]), "{restarted:?}");
    Ok(())
}
