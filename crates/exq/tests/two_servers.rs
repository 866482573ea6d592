//! Two Gerrit servers in one `exq.yaml`.

mod common;

use anyhow::Result;
use common::{Stage, two};

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_are_judged_each_for_itself_also_while_one_is_away() -> Result<()> {
    let stage = Stage::two_dev().await?;
    two::each_for_itself(&stage).await?;
    two::hints_are_not_taken_for_the_other_server(&stage).await?;
    two::one_away(&stage).await?;
    two::one_hanging(&stage).await?;
    stage.close().await
}
