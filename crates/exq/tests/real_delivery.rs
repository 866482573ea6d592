//! However a hint comes, or doesn't: on a real Gerrit, and on one that crashed.

mod common;

use anyhow::{Result, ensure};
use common::{
    Stage,
    delivery::{self, SWEEPING},
    two,
};
use serde_json::Value;

/// The scenes that a real Gerrit plays like the small one. It tells nobody anything: hints are ours to give or to lose.
#[tokio::test(flavor = "multi_thread")]
async fn each_submission_gets_one_outcome_however_it_is_announced() -> Result<()> {
    let mut stage = Stage::real(realgerrit::Options::default()).await?;
    delivery::without_a_hint(&mut stage, "shop").await?;
    delivery::announced_a_hundred_times(&mut stage, "shop").await?;
    delivery::while_down(&mut stage, "shop").await?;
    delivery::chain_of_three(&mut stage, "shop").await?;
    delivery::five_while_a_run_is_in_progress(&mut stage, "cart").await?;
    delivery::five_while_down(&mut stage, "search").await?;
    delivery::older_after_newer(&mut stage, "stock").await?;
    stage.up(delivery::EAGER).await?;
    delivery::topic_over_two(&mut stage, ["shop", "search"]).await?;
    stage.close().await
}

/// Both ring.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_are_judged_each_for_itself() -> Result<()> {
    let stage = Stage::two_real().await?;
    two::each_for_itself(&stage).await?;
    two::hints_are_not_taken_for_the_other_server(&stage).await?;
    stage.close().await
}

/// Gerrit's own default: a crash loses what the index had not yet written. Its refs keep it.
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_a_crash_of_gerrit_took_out_of_its_index_is_found_in_the_refs() -> Result<()> {
    let options = realgerrit::Options { commit_at_once: false, ..realgerrit::Options::default() };
    let mut stage = Stage::real(options).await?;
    // Nobody is told, and nobody looks: Exequatur is down until the crash is over.
    stage.down().await?;
    let change = delivery::merged(&stage, "shop", "lost").await?;
    stage.gerrit.crash().await?;
    let reader = stage.town.desk("exq-reader");
    let query = format!("changes/?q=status:merged+change:{}", change.number);
    let found = reader.rest().call("GET", &query, None).await?;
    ensure!(found.as_array().is_some_and(Vec::is_empty), "the index still has it: {found}");
    let whole = reader.rest().call("GET", "changes/?q=status:merged", None).await?;
    let numbers = whole.as_array().into_iter().flatten().filter_map(|c| c.get("_number")?.as_u64());
    ensure!(!numbers.into_iter().any(|n| n == change.number), "a query finds it: {whole}");
    let read = reader.look(&change).await?;
    ensure!(read.get("status").and_then(Value::as_str) == Some("MERGED"), "it is lost altogether: {read}");
    stage.up(SWEEPING).await?;
    stage.ran(&change).await?;
    ensure!(stage.town.serves("shop").await == Some(change.revision.clone()), "the shop doesn't serve it");
    stage.play().said(&change, "Rolled out").await?;
    stage.close().await
}
