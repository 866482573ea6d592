//! Links that their holders prove, and roles that the provider's groups fill.

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::{
    PATIENCE,
    office::{Office, exq, said},
    word,
};

/// Only somebody of the role `ops` lets a request run.
pub(crate) const POLICY: &str = r#"@id("ops-approve")
@reason("Nobody of the role ops approved it")
@cure("Somebody of the role ops votes on the request's change")
@need("waits")
forbid (principal, action == Action::"run", resource)
unless { context.approver_roles.contains(Role::"ops") };
"#;

/// dave, whom no file links, links himself, and is in the group that the role is filled from.
pub(crate) async fn linked_and_in_the_group(office: &mut Office) -> Result<()> {
    let links = office.operations("links.yaml").await?;
    let without: String =
        links.lines().filter(|line| !line.contains("person: dave")).map(|line| format!("{line}\n")).collect();
    ensure!(without != links, "{links}");
    // Who is a person the reviewed file says; which accounts are theirs, they prove.
    let without = format!("{without}- {{ person: dave }}\n");
    office
        .configure(&[
            ("links.yaml", &without),
            ("roles.yaml", "ops: { idp_group: operators }\n"),
            ("policies/team.cedar", POLICY),
        ])
        .await?;
    office.joins("dave", "operators").await?;
    let dave = office.stage.town.desk("dave");
    let asked = office.ask("alice", "INC-1", "Please restart the shop").await?;
    dave.vote(&asked.change, 2).await?;
    office.waits_for(&asked, "reviewer-unlinked").await?;
    let account = dave.rest().call("GET", "accounts/self", None).await?;
    let account = account.get("_account_id").and_then(Value::as_u64).context("no number")?;
    link(office, "dave", account, asked.change.number).await?;
    let run = office.ran(&asked).await?;
    let bundle = office.stage.api.bytes(&format!("runs/{run}/bundle")).await?;
    let proven = proof::verify(&bundle, &office.stage.running()?.ledger_key)?;
    ensure!(proven.approvers == ["dave"], "{:?}", proven.approvers);
    ensure!(
        proven.rests_on.iter().any(|on| on.contains("put people into the groups")),
        "{:?}",
        proven.rests_on
    );

    // Without what the decision rested on nothing is proven.
    for kind in ["link.made", "session."] {
        let mut less = proof::Bundle::decode(&bundle)?;
        let had = less.entries.len();
        less.entries.retain(|entry| !entry.leaf.contains(&format!("\"kind\":\"{kind}")));
        ensure!(less.entries.len() < had, "the bundle has no {kind}");
        let refused = proof::verify(&less.encode()?, &office.stage.running()?.ledger_key);
        ensure!(refused.is_err(), "proven without {kind}");
    }
    let (code, text) = said(exq(
        &office.stage.town.config,
        office.home("dave")?,
        &["access", "why", "dave", "review", "shop-restart/prod"],
    ))
    .await?;
    ensure!(code == Some(0) && text.contains("has the role ops"), "{code:?} {text}");
    let (code, text) = office.exq("dave", &["access", "why", "me", "run", "shop-restart/prod"]).await?;
    ensure!(code == Some(1) && text.contains("the gate"), "{code:?} {text}");

    // Never a second time, and never an account that the file names.
    let number = account.to_string();
    let change = asked.change.number.to_string();
    for (who, account, why) in
        [("dave", number.as_str(), "linked already"), ("erin", &number, "linked already")]
    {
        let arguments = ["link", "--server", "main", "--account", account, "--change", &change];
        let (code, text) = office.exq(who, &arguments).await?;
        ensure!(code == Some(2) && text.contains(why), "{who}: {code:?} {text}");
    }
    let bob = office.stage.town.desk("bob").rest().call("GET", "accounts/self", None).await?;
    let bob = bob.get("_account_id").and_then(Value::as_u64).context("no number")?.to_string();
    let (code, text) =
        office.exq("dave", &["link", "--server", "main", "--account", &bob, "--change", &change]).await?;
    ensure!(code == Some(2) && text.contains("links.yaml"), "{code:?} {text}");

    // A role that was lost at the provider lets nothing run from the next decision on.
    office.leaves("dave", "operators").await?;
    let second = office.ask("alice", "INC-2", "And again").await?;
    dave.vote(&second.change, 2).await?;
    office.waits_for(&second, "ops-approve").await?;
    office.joins("dave", "operators").await?;
    say(office, "bob", second.change.number, "Look again").await?;
    office.ran(&second).await?;

    // And a link that was taken back makes the account nobody's at once.
    let third = office.ask("alice", "INC-3", "And again").await?;
    let (code, text) =
        office.exq("erin", &["link", "revoke", "--server", "main", "--account", &number]).await?;
    ensure!(code == Some(2), "somebody else's: {code:?} {text}");
    let (code, text) =
        office.exq("dave", &["link", "revoke", "--server", "main", "--account", &number]).await?;
    ensure!(code == Some(0) && text.contains("revoked"), "{code:?} {text}");
    dave.vote(&third.change, 2).await?;
    office.waits_for(&third, "reviewer-unlinked").await?;
    let (code, text) = office.exq("erin", &["link", "list"]).await?;
    ensure!(code == Some(0) && text.contains("dave") && text.contains("revoked"), "{code:?} {text}");
    ensure!(office.restarted() == ["INC-1", "INC-2"], "{:?}", office.restarted());
    Ok(())
}

/// Runs `exq link`, and posts on Gerrit what it says; somebody else posts it first, which proves nothing.
async fn link(office: &mut Office, person: &str, account: u64, change: u64) -> Result<()> {
    office.exq(person, &["whoami"]).await?;
    let (number, change_text) = (account.to_string(), change.to_string());
    let arguments = ["link", "--server", "main", "--account", &number, "--change", &change_text, "--json"];
    let config = office.stage.town.config.clone();
    let mut child = exq(&config, office.home(person)?, &arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    let asked =
        tokio::time::timeout(PATIENCE, lines.next_line()).await??.context("it ended without a text")?;
    let asked: Value = serde_json::from_str(&asked)?;
    say(office, person, change, word(&asked, "text")).await?;
    let made =
        tokio::time::timeout(PATIENCE, lines.next_line()).await??.context("it ended without a link")?;
    let made: Value = serde_json::from_str(&made)?;
    ensure!(made.get("account").and_then(Value::as_u64) == Some(account), "{made}");
    let status = tokio::time::timeout(PATIENCE, child.wait()).await??;
    ensure!(status.success(), "{status}");
    Ok(())
}

/// Somebody posts a message on a change.
pub(crate) async fn say(office: &Office, person: &str, change: u64, message: &str) -> Result<()> {
    let path = format!("changes/{change}/revisions/current/review");
    let desk = office.stage.town.desk(person);
    desk.rest().call("POST", &path, Some(&json!({"message": message}))).await?;
    Ok(())
}
