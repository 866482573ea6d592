//! The company whose Exequatur is killed: an `exq serve` of its own process, beside a Gerrit in this one.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use devgerrit::DevGerrit;
use exq::{
    client::Api,
    demo::{Play, until},
};
use ledger::VerifierKey;
use secrecy::SecretString;
use serde_json::Value;
use story::{Bell, GerritAt, Town};

/// How long anything may take to be seen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Starts the shop's server, after every one that an attempt which died had started: two would fight for the port, and
/// the loser could serve an older revision to the next rollout. Stops only servers of this very folder.
const SERVE: &str = r#"#!/bin/sh
root=$3
for pid in $(cat "$root/servers" 2>/dev/null); do
  grep -q -s "$root" "/proc/$pid/cmdline" && kill "$pid" 2>/dev/null
done
echo $$ >> "$root/servers"
exec "#;

/// Takes a while; may be repeated.
const PAUSE: &str = "#!/bin/sh\nsleep 0.3\n";
/// Takes a while, and must not be repeated: each line is one time that it acted.
const ONCE: &str = "#!/bin/sh\necho \"$1\" >> \"$2/once\"\nsleep 0.5\n";
/// Fails where the shop is said to be unwell.
const CHECK: &str = "#!/bin/sh\nsleep 0.2\n[ ! -e \"$1/broken\" ]\n";

pub(crate) struct Company {
    pub(crate) town: Town,
    _folder: tempfile::TempDir,
    gerrit: DevGerrit,
    port: u16,
    serve: Option<Child>,
}

impl Company {
    pub(crate) async fn found() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("exq-crash-").tempdir()?;
        let bell = Bell::new()?;
        let mut options = devgerrit::Options::new(folder.path().join("gerrit"), "secret");
        options.hook_urls = vec![bell.url("main")];
        let gerrit = DevGerrit::start(options).await?;
        let at = GerritAt { url: gerrit.url().to_owned(), admin: ("admin".into(), "secret".into()) };
        story::provision(&at, &story::world()).await?;
        let program = folder.path().join("serve-shop");
        program_file(&program, &format!("{SERVE}{} \"$@\"\n", env!("CARGO_BIN_EXE_exq")))?;
        let town = Town::found(at, folder.path(), &bell, &program).await?;
        let mut company = Self { town, _folder: folder, gerrit, port: bell.port, serve: None };
        company.start().await?;
        company.configure().await?;
        Ok(company)
    }

    /// More steps than the story has, so that there are more places to die in: one that may be repeated, one that must
    /// not be, one that fails.
    async fn configure(&self) -> Result<()> {
        let (alice, bob, carol) = (self.town.desk("alice"), self.town.desk("bob"), self.town.desk("carol"));
        alice.refresh("operations").await?;
        let more = [
            ("shop", "  - id: pause\n    exec: { run: [./shop/pause], timeout: 10s, idempotent: true }\n"),
            (
                "cart",
                "  - id: once\n    exec: { run: [./shop/once, \"{{ revision }}\", \"{{ target.root }}\"], timeout: 10s }\n",
            ),
            (
                "stock",
                "  - id: check\n    exec: { run: [./shop/check, \"{{ target.root }}\"], timeout: 10s, idempotent: true }\n    \
                 undo: { run: [./shop/pause], idempotent: true }\n",
            ),
        ];
        let mut files = vec![
            ("shop/pause".to_owned(), PAUSE.to_owned()),
            ("shop/once".to_owned(), ONCE.to_owned()),
            ("shop/check".to_owned(), CHECK.to_owned()),
        ];
        for (project, step) in more {
            let path = format!("operations/{project}-web.yaml");
            let text = fs::read_to_string(self.town.folder.join("desks/alice/operations").join(&path))?;
            files.push((path, text.replacen("on_failure:", &format!("{step}on_failure:"), 1)));
        }
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let change = alice.change("operations", &files, "More steps").await?;
        bob.vote(&change, 2).await?;
        carol.vote(&change, 2).await?;
        bob.submit(&change).await?;
        let api = self.api()?;
        Play { town: &self.town, api: &api }.said(&change, "In force").await?;
        Ok(())
    }

    /// Starts `exq serve`; doesn't wait for it.
    pub(crate) fn spawn(&mut self) -> Result<()> {
        ensure!(self.serve.is_none(), "it runs already");
        let log =
            fs::OpenOptions::new().create(true).append(true).open(self.town.folder.join("serve.log"))?;
        #[allow(clippy::disallowed_methods)] // the program under test, as a process that can be killed
        let mut command = Command::new(env!("CARGO_BIN_EXE_exq"));
        command.arg("--config").arg(&self.town.config).arg("serve");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.serve = Some(command.spawn().context("exq serve")?);
        Ok(())
    }

    pub(crate) async fn start(&mut self) -> Result<()> {
        self.spawn()?;
        until("exq serve answers", PATIENCE, || async {
            self.api()?.json("runs?limit=1").await?;
            Ok(Some(()))
        })
        .await
    }

    pub(crate) const fn runs(&self) -> bool {
        self.serve.is_some()
    }

    /// SIGKILL: nothing of it gets to say anything.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let mut child = self.serve.take().context("it doesn't run")?;
        ensure!(child.try_wait()?.is_none(), "exq serve ended by itself: {}", self.log());
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    pub(crate) fn api(&self) -> Result<Api> {
        let token = fs::read_to_string(self.data().join("keys/cli.token"))?;
        Api::new(format!("http://127.0.0.1:{}", self.port), SecretString::from(token.trim_end()))
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.town.folder.join("data")
    }

    pub(crate) fn key(&self) -> Result<VerifierKey> {
        Ok(VerifierKey::parse(fs::read_to_string(self.data().join("ledger.pub"))?.trim())?)
    }

    pub(crate) fn root(&self, project: &str) -> PathBuf {
        let shop = self.town.shops.shops.iter().find(|(name, ..)| *name == project);
        shop.map_or_else(PathBuf::new, |(_, root, _)| root.clone())
    }

    /// The end of the server's log.
    pub(crate) fn log(&self) -> String {
        let log = fs::read_to_string(self.town.folder.join("serve.log")).unwrap_or_default();
        log.lines().rev().take(30).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// How the change's outcome stands.
    pub(crate) async fn state(&self, number: u64) -> Result<Value> {
        let view = self.api()?.json(&format!("why?change={number}&server=main")).await?;
        Ok(view.pointer("/outcomes/0/state").cloned().unwrap_or_default())
    }

    /// Everything stops, what steps started too.
    pub(crate) async fn close(mut self) -> Result<()> {
        self.stop_all();
        self.gerrit.stop().await;
        Ok(())
    }

    fn stop_all(&mut self) {
        if self.serve.is_some() {
            let _ = self.kill();
        }
        for (_, root, _) in &self.town.shops.shops {
            for pid in fs::read_to_string(root.join("servers")).unwrap_or_default().lines() {
                // A number may be somebody else's by now: only who serves this folder is stopped.
                let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                if String::from_utf8_lossy(&line).contains(root.to_string_lossy().as_ref()) {
                    #[allow(clippy::disallowed_methods)] // stops only what this test's steps started
                    let _ = Command::new("kill").arg(pid).status();
                }
            }
        }
    }
}

impl Company {
    /// What an assertion that fails leaves running is stopped too.
    pub(crate) fn abandon(mut self) -> String {
        self.stop_all();
        self.log()
    }
}

fn program_file(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, text)?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}
