//! The whole story on the small Gerrit: what `exq demo --auto` shows, and that it can be read by whom it concerns.

mod common;

use anyhow::Result;
use common::{Stage, readable};

#[tokio::test(flavor = "multi_thread")]
async fn the_story_and_its_five_refusals_hold_and_can_be_read() -> Result<()> {
    let stage = Stage::dev().await?;
    readable::story(&stage).await?;
    stage.close().await
}
