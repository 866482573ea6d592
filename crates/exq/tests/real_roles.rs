//! The same on a real Gerrit and a real Keycloak: people sign in there, link their accounts, and lose what they had.

mod common;

use anyhow::Result;
use common::{linking::linked_and_in_the_group, office::Office};

#[tokio::test(flavor = "multi_thread")]
async fn a_link_by_challenge_counts_and_a_role_lost_in_keycloak_denies_the_next_decision() -> Result<()> {
    let options = realgerrit::Options { hook_url: Some(String::new()), ..realgerrit::Options::default() };
    let readers: &[&str] = &["exq-readers"];
    let people =
        [("alice", readers), ("bob", readers), ("erin", readers), ("dave", &["exq-readers", "operators"])];
    let mut office = Office::real_with_keycloak(options, &people).await?;
    linked_and_in_the_group(&mut office).await?;
    office.close().await
}
