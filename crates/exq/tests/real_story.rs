//! The whole story on a real Gerrit that posts its own events: two rollouts, five refusals, each readable by whom it
//! concerns.

mod common;

use anyhow::Result;
use common::{Stage, readable};

#[tokio::test(flavor = "multi_thread")]
async fn the_story_and_its_five_refusals_hold_and_can_be_read() -> Result<()> {
    let options = realgerrit::Options { hook_url: Some(String::new()), ..realgerrit::Options::default() };
    let stage = Stage::real(options).await?;
    readable::story(&stage).await?;
    stage.close().await
}
