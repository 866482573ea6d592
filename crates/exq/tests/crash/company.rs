//! The company whose Exequatur is killed: an `exq serve` of its own process, beside a Gerrit in this one.

use std::{
    fs,
    path::PathBuf,
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

use crate::{
    judge::Submitted,
    shape::{PROGRAM, Place, SHAPES},
};

/// How long anything may take to be seen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Company {
    pub(crate) town: Town,
    program: PathBuf,
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
        // The same program to the end, whatever is built meanwhile.
        let program = folder.path().join("exq");
        fs::copy(env!("CARGO_BIN_EXE_exq"), &program)?;
        let town = Town::found(at, folder.path(), &bell, &program).await?;
        let mut company = Self { town, program, _folder: folder, gerrit, port: bell.port, serve: None };
        company.start().await?;
        company.configure().await?;
        Ok(company)
    }

    /// Operations with more steps than the story's, so that there are more places to die in.
    async fn configure(&self) -> Result<()> {
        let (alice, bob, carol) = (self.town.desk("alice"), self.town.desk("bob"), self.town.desk("carol"));
        let mut files = vec![("shop/act".to_owned(), PROGRAM.to_owned())];
        files.extend(
            SHAPES.iter().map(|one| (format!("operations/{}-web.yaml", one.project), one.operation())),
        );
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
        let mut command = Command::new(&self.program);
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

    /// The revision that a shop is switched to.
    pub(crate) fn stands(&self, project: &str) -> Result<String> {
        let at = fs::read_to_string(self.town.shop(project).join("current/REVISION"));
        Ok(at.with_context(|| format!("the {project} was never switched"))?.trim().to_owned())
    }

    /// What steps have left on a target by now.
    pub(crate) fn marks(&self, project: &str) -> Marks {
        let acts = fs::read_to_string(self.town.shop(project).join("acts")).unwrap_or_default();
        Marks { switched: self.town.switched(project).pop(), acts }
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
        // One that a step starts later ends when the folder goes.
        self.town.close_shops();
    }
}

impl Company {
    /// What an assertion that fails leaves running is stopped too.
    pub(crate) fn abandon(mut self) -> String {
        self.stop_all();
        self.log()
    }
}

/// What steps had left on a target at one moment.
pub(crate) struct Marks {
    switched: Option<String>,
    acts: String,
}

impl Marks {
    /// How far what is under way had come: 0 not begun, 1 under way, 2 done; none where nobody can see that.
    pub(crate) fn how_far(&self, one: &Submitted, at: Option<Place>) -> Option<usize> {
        let Some(Place::At { step, undo }) = at else { return None };
        let (revision, act) = (&one.change.revision, &one.shape.acts[step]);
        match act.id {
            "healthy" => None,
            "switch" => Some(if (self.switched.as_ref() == Some(revision)) == undo { 0 } else { 2 }),
            id => {
                let way = if undo { "undo" } else { "do" };
                let mark = format!("{revision} {id} {way} ");
                let last = self.acts.lines().rev().find_map(|line| line.strip_prefix(&mark));
                Some(match last {
                    None => 0,
                    Some("begin") => 1,
                    Some(_) => 2,
                })
            }
        }
    }
}
