//! Sign-in as `exq.yaml` configures it, and as people at a command line use it.

mod common;

use std::{path::Path, process::Stdio, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use common::{PATIENCE, Stage, word};
use devidp::{DevClient, DevIdp, DevPerson};
use exq::{config::Config, installation::Installation};
use model::{OsEntropy, SystemClock};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};

type Test = Result<()>;

fn exq(config: &Path, home: &Path, arguments: &[&str]) -> Command {
    #[allow(clippy::disallowed_methods, reason = "the program under test")]
    let mut command = Command::new(env!("CARGO_BIN_EXE_exq"));
    command
        .arg("--config")
        .arg(config)
        .args(arguments)
        .env("XDG_CONFIG_HOME", home)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn said(mut command: Command) -> Result<(Option<i32>, String)> {
    let output = tokio::time::timeout(PATIENCE, command.output()).await??;
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Ok((output.status.code(), text))
}

/// Runs `exq login`, and signs in as this person at the issuer's page.
async fn login(config: &Path, home: &Path, idp: &DevIdp, person: &str) -> Result<String> {
    let mut child = exq(config, home, &["login"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    let mut all = String::new();
    let code = loop {
        let line =
            tokio::time::timeout(PATIENCE, lines.next_line()).await??.context("it ended without a code")?;
        all.push_str(&line);
        if let Some((_, code)) = line.split_once("shows the code ") {
            break code.trim().to_owned();
        }
    };
    let form = [("user_code", code.as_str()), ("person", person)];
    idp.browser().post(&format!("{}/device", idp.url()), &form).await?;
    while let Some(line) = tokio::time::timeout(PATIENCE, lines.next_line()).await?? {
        all.push('\n');
        all.push_str(&line);
    }
    let status = tokio::time::timeout(PATIENCE, child.wait()).await??;
    ensure!(status.success(), "exq login: {status}: {all}");
    Ok(all)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_at_a_command_line_reads_and_signs_out() -> Test {
    let mut stage = Stage::dev().await?;
    let server = format!("http://{}", stage.running()?.address);
    stage.down().await?;
    let idp = DevIdp::start(devidp::Options {
        people: vec![DevPerson::new("alice", &["exq-readers"]), DevPerson::new("carol", &[])],
        clients: vec![DevClient {
            id: "exequatur".into(),
            secret: Some("the client's secret".into()),
            redirect_uris: vec![format!("{server}/sign-in/callback")],
            logout_uri: Some(format!("{server}/sign-in/back-channel")),
        }],
        ..devidp::Options::default()
    })
    .await?;
    let (config, home) = (stage.town.config.clone(), tempfile::TempDir::new()?);
    let secret = config.with_file_name("secrets").join("idp");
    std::fs::write(&secret, "the client's secret\n")?;
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let mut text = std::fs::read_to_string(&config)?;
    text.push_str(&format!(
        "identity:\n  issuer: {}\n  client_id: exequatur\n  client_secret: {{ file: secrets/idp }}\n  \
         person_claim: person\n  readers: [exq-readers]\n  granted_by: The platform team\n",
        idp.url()
    ));
    std::fs::write(&config, text)?;
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
