//! The first story, on a real Gerrit: `cargo xtask slice`.

mod common;

use anyhow::{Result, ensure};
use common::Stage;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewed_merge_rolls_out_and_proves_it_and_a_self_approved_one_runs_nothing() -> Result<()> {
    let options = realgerrit::Options { hook_url: Some(String::new()), ..realgerrit::Options::default() };
    let stage = Stage::real(options).await?;
    let rollout = stage.play().rollout("hello\n").await?;
    let change = &rollout.change;
    let said = stage.play().said(change, "Rolled out").await?;
    for part in ["bob", &rollout.run, "shop-web"] {
        ensure!(said.contains(part), "the message doesn't say {part:?}: {said}");
    }
    let look = exq::demo::until("vote and hashtag", common::PATIENCE, || async {
        let look = stage.town.desk("alice").look(change).await?;
        let tags = look.get("hashtags").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(tags.iter().any(|tag| tag == "exq-succeeded").then_some(look))
    })
    .await?;
    let votes = look.pointer("/labels/Deployed/all").and_then(Value::as_array).cloned().unwrap_or_default();
    ensure!(votes.iter().any(|vote| vote.get("value") == Some(&1.into())), "Deployed: {votes:?}");

    proof::verify(&rollout.bundle, &stage.running()?.ledger_key)?;
    let bundle = stage.town.folder.join("run.bundle");
    std::fs::write(&bundle, &rollout.bundle)?;
    let key = stage.town.folder.join("data/ledger.pub");
    let verified =
        stage.exq(&["verify", &bundle.display().to_string(), "--key", &key.display().to_string()]).await?;
    let words = String::from_utf8_lossy(&verified.stdout).into_owned();
    ensure!(verified.status.success() && words.starts_with("proven: "), "exq verify: {words}");
    ensure!(words.contains("reviewed by bob"), "exq verify: {words}");

    let refusal = stage.play().self_approved().await?;
    common::readable::everywhere(&stage, &refusal).await?;
    ensure!(stage.runs_of("cart-web").await?.is_empty(), "there is a run");
    ensure!(stage.town.serves("cart").await.is_none(), "something serves");
    // What evidence says of a real Gerrit.
    common::evidence::asked_by_the_command_line(&stage, "stock").await?;
    stage.close().await
}
