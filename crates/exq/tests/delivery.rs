//! However often, however late and by whichever way a hint comes: one settled outcome each (I3).

mod common;

use anyhow::Result;
use common::{
    Stage,
    delivery::{self, EAGER},
};

type Test = Result<()>;

#[tokio::test(flavor = "multi_thread")]
async fn one_merge_announced_a_hundred_times_by_hook_and_poll_runs_once() -> Test {
    let mut stage = Stage::dev().await?;
    stage.up(EAGER).await?;
    delivery::announced_a_hundred_times(&mut stage, "shop").await?;
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_hint_lost_and_with_us_down_everything_runs_once() -> Test {
    let mut stage = Stage::silent_dev(EAGER).await?;
    delivery::without_a_hint(&mut stage, "shop").await?;
    delivery::while_down(&mut stage, "shop").await?;
    delivery::five_while_down(&mut stage, "cart").await?;
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_one_run_and_a_topic_one_in_each_project() -> Test {
    let mut stage = Stage::dev().await?;
    delivery::chain_of_three(&mut stage, "shop").await?;
    delivery::topic_over_two(&mut stage, ["shop", "cart"]).await?;
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_five_merges_during_a_run_the_newest_runs_and_supersedes_the_others_by_name() -> Test {
    let mut stage = Stage::dev().await?;
    delivery::five_while_a_run_is_in_progress(&mut stage, "shop").await?;
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_submission_announced_after_a_newer_ran_is_superseded_by_it() -> Test {
    let mut stage = Stage::silent_dev(EAGER).await?;
    delivery::older_after_newer(&mut stage, "shop").await?;
    stage.close().await
}
