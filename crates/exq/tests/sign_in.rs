//! Sign-in as `exq.yaml` configures it, and as people at a command line use it.

mod common;

use std::sync::Arc;

use anyhow::{Result, ensure};
use common::{
    Stage,
    office::{configure_sign_in, exq, issuer, login, said},
    word,
};
use devidp::DevPerson;
use exq::{config::Config, installation::Installation};
use model::{OsEntropy, SystemClock};
use serde_json::Value;

type Test = Result<()>;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_at_a_command_line_reads_and_signs_out() -> Test {
    let mut stage = Stage::dev().await?;
    let server = format!("http://{}", stage.running()?.address);
    stage.down().await?;
    let people = vec![DevPerson::new("alice", &["exq-readers"]), DevPerson::new("carol", &[])];
    let idp = issuer(&server, people).await?;
    let (config, home) = (stage.town.config.clone(), tempfile::TempDir::new()?);
    configure_sign_in(&config, &idp)?;
    let running =
        Installation::start(&Config::read(&config)?, Arc::new(SystemClock), Arc::new(OsEntropy)).await?;
    ensure!(
        running.sign_in_url.as_deref() == Some(&format!("{server}/sign-in")),
        "{:?}",
        running.sign_in_url
    );
    let run = |arguments: &[&str]| said(exq(&config, home.path(), arguments));
    let at = server.as_str();

    let (code, text) = run(&["whoami"]).await?;
    ensure!(code == Some(1) && text.contains("exq login"), "{code:?} {text}");
    let (code, text) = run(&["--at", at, "runs"]).await?;
    ensure!(code == Some(2) && text.contains("nobody is signed in"), "{code:?} {text}");

    let text = login(&config, home.path(), &idp, "alice").await?;
    ensure!(text.contains("Alice: u-alice of ") && text.contains("groups: exq-readers"), "{text}");
    let (code, text) = run(&["whoami", "--json"]).await?;
    let me: Value = serde_json::from_str(&text)?;
    ensure!(
        code == Some(0) && word(&me, "person") == "alice" && word(&me, "via") == "command-line",
        "{text}"
    );
    let (code, text) = run(&["--at", at, "runs"]).await?;
    ensure!(code == Some(0), "{text}");
    // The host's own token goes on, for whoever runs the server.
    let (code, text) = run(&["runs"]).await?;
    ensure!(code == Some(0), "{text}");

    let statuses = idp.log_out("alice").await?;
    ensure!(statuses == [200], "{statuses:?}");
    let (code, text) = run(&["--at", at, "runs"]).await?;
    ensure!(code == Some(2) && text.contains("nobody is"), "{code:?} {text}");

    login(&config, home.path(), &idp, "carol").await?;
    let (code, text) = run(&["--at", at, "runs"]).await?;
    ensure!(code == Some(2) && text.contains("exq-readers") && text.contains("The platform team"), "{text}");
    let (code, text) = run(&["logout"]).await?;
    ensure!(code == Some(0) && text.contains("signed out"), "{text}");
    let (code, _) = run(&["whoami"]).await?;
    ensure!(code == Some(1), "{code:?}");

    // No token is written where a ledger's reader could see it.
    let stored = std::fs::read_to_string(home.path().join("exequatur/sessions.json"))?;
    ensure!(!stored.contains("token"), "{stored}");
    running.stop().await?;
    stage.close().await
}
