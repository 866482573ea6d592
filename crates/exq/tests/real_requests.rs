//! Requests on a real Gerrit that posts its own events.

mod common;

use anyhow::{Result, ensure};
use common::{asking, office::Office};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_change_is_voted_on_submitted_by_us_and_runs_and_a_stale_or_withdrawn_one_does_not()
-> Result<()> {
    let options = realgerrit::Options { hook_url: Some(String::new()), ..realgerrit::Options::default() };
    let mut office = Office::real(options).await?;
    asking::asked_reviewed_and_run(&mut office).await?;
    asking::who_asks_is_no_reviewer(&mut office).await?;
    asking::two_at_once(&mut office).await?;
    let before = office.restarted().len();
    let asked = office.ask("alice", "INC-9", "Never mind this one").await?;
    let (code, text) = office.exq("alice", &["request", "withdraw", &asked.id]).await?;
    ensure!(code == Some(0), "{code:?} {text}");
    office.abandoned(&asked.change).await?;
    asking::stale(&mut office).await?;
    ensure!(office.restarted().len() == before, "{:?}", office.restarted());
    office.close().await
}
