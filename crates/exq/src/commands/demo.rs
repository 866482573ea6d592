//! `exq demo`: the whole story on embedded parts.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use clap::Args;
use devgerrit::DevGerrit;
use model::{OsEntropy, SystemClock};
use secrecy::SecretString;
use story::{Bell, GerritAt, Town};

use super::{Answer, say, serve};
use crate::{
    client::Api,
    config::Config,
    demo::{Play, Refusal, Rollout},
    installation::Installation,
    keys::private_folder,
};

/// Shows the whole story on embedded parts.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Play the story by itself, and end.
    #[arg(long)]
    auto: bool,
    /// Leave everything in this folder: data, keys, bundles.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Show the server's log.
    #[arg(long)]
    log: bool,
}

/// The shop that the demo rolls out.
#[derive(Debug, Args)]
pub(super) struct DemoShop {
    #[arg(long)]
    root: PathBuf,
    #[arg(long)]
    port: u16,
}

impl DemoShop {
    pub(super) async fn run(self) -> Answer {
        story::shop::serve(&self.root, self.port).await?;
        Ok(true)
    }
}

impl Demo {
    pub(super) async fn run(self) -> Answer {
        if self.log {
            serve::log(false);
        }
        let kept = match &self.keep {
            Some(folder) => {
                private_folder(folder)?;
                if folder.join("exq.yaml").exists() {
                    bail!("{} holds a demo already\nhint: give an empty folder", folder.display());
                }
                None
            }
            None => Some(tempfile::Builder::new().prefix("exq-demo-").tempdir()?),
        };
        let folder = match (&self.keep, &kept) {
            (Some(folder), _) => std::path::absolute(folder)?,
            (None, Some(temporary)) => temporary.path().to_owned(),
            (None, None) => bail!("no folder"),
        };
        say("starting a small Gerrit, and Exequatur beside it …");
        let stage = Stage::start(&folder).await?;
        let answer = tokio::select! {
            answer = async { if self.auto { stage.play().await } else { stage.invite().await } } => answer,
            stopped = serve::shutdown() => stopped.map(|()| true),
        };
        stage.stop().await?;
        if let Some(folder) = &self.keep {
            say(format_args!("\neverything is in {}", folder.display()));
        }
        answer
    }
}

/// Everything that runs in the demo.
struct Stage {
    folder: PathBuf,
    town: Town,
    gerrit: DevGerrit,
    running: Installation,
    api: Api,
}

impl Stage {
    async fn start(folder: &Path) -> anyhow::Result<Self> {
        let bell = Bell::new()?;
        let mut password = [0; 16];
        model::Entropy::fill(&OsEntropy, &mut password)?;
        let password = hex::encode(password);
        let mut options = devgerrit::Options::new(folder.join("gerrit"), password.clone());
        options.hook_urls = vec![bell.url("main")];
        let gerrit = DevGerrit::start(options).await?;
        let at = GerritAt { url: gerrit.url().to_owned(), admin: ("admin".to_owned(), password) };
        story::provision(&at, &story::world()).await?;
        let program = std::env::current_exe().context("which program is this?")?;
        let town = Town::found(at, folder, &bell, &program).await?;
        let config = Config::read(&town.config)?;
        let running = Installation::start(&config, Arc::new(SystemClock), Arc::new(OsEntropy)).await?;
        std::fs::write(folder.join("ledger.pub"), format!("{}\n", running.ledger_key))?;
        let token: SecretString = running.cli_token.clone();
        let api = Api::new(format!("http://{}", running.address), token)?;
        Ok(Self { folder: folder.to_owned(), town, gerrit, running, api })
    }

    async fn stop(self) -> anyhow::Result<()> {
        let stopped = self.running.stop().await;
        self.town.close_shops();
        self.gerrit.stop().await;
        stopped
    }

    /// Prints what to try, and waits.
    async fn invite(&self) -> Answer {
        let shop =
            self.town.shops.shops.iter().find(|(name, ..)| *name == "shop").map_or(0, |(_, _, port)| *port);
        let gerrit = self.gerrit.url();
        let clone = gerrit.replacen("http://", "http://alice:alice-pw@", 1);
        let config = self.town.config.display();
        let clone_to = self.folder.join("try");
        let clone_to = clone_to.display();
        let exq = std::env::current_exe().context("which program is this?")?;
        let exq = exq.display();
        say(format_args!("\n  Exequatur  {}", self.running.open_url));
        say(format_args!(
            "  Gerrit     {gerrit}   (REST and git; people alice, bob, carol, dave, erin; password NAME-pw)"
        ));
        say(format_args!("  the shop   http://127.0.0.1:{shop}/version   (nothing is rolled out yet)"));
        say("\nTry, in another terminal:\n");
        say(format_args!(
            "  1. alice pushes a change:\n     (git clone {clone}/a/shop {clone_to} && cd {clone_to} && git config user.name alice \\\n       \
             && git config user.email alice@example.com && echo hello > page.txt && git add . \\\n       \
             && git commit -m \"Say hello\" -m \"Change-Id: I$(head -c20 /dev/urandom | od -An -tx1 | tr -d ' \\n')\" \\\n       \
             && git push origin HEAD:refs/for/main)"
        ));
        say(format_args!(
            "  2. bob approves and submits it (N is its number):\n     curl -u bob:bob-pw -H 'Content-Type: application/json' \
             -d '{{\"labels\":{{\"Code-Review\":2}}}}' {gerrit}/a/changes/N/revisions/current/review\n     \
             curl -u bob:bob-pw -H 'Content-Type: application/json' -d '{{}}' {gerrit}/a/changes/N/submit"
        ));
        say(format_args!("  3. what became of it, and why:\n     {exq} --config {config} why N"));
        say(format_args!(
            "\nand its proof, offline (RUN is what `why` names):\n     {exq} --config {config} bundle RUN --out run.bundle\n     \
             {exq} verify run.bundle --key {}",
            self.folder.join("ledger.pub").display()
        ));
        say("\nCtrl-C ends it.");
        serve::shutdown().await?;
        Ok(true)
    }

    /// Plays the story, and ends with what came of it.
    async fn play(&self) -> Answer {
        let play = Play { town: &self.town, api: &self.api };
        say("\nalice writes a change, bob reviews it in Gerrit, Gerrit merges it:");
        let first = play.rollout("hello\n").await.context("the first rollout")?;
        said(&first);
        let second = play.rollout("good morning\n").await.context("the second rollout")?;
        said(&second);
        say("\nfive that must not run:");
        let refusals = [
            play.self_approved().await,
            play.pushed_with_submit().await,
            play.stale_vote().await,
            play.on_a_pushed_commit().await,
            play.operations_by_their_author().await,
        ];
        for refusal in refusals {
            explain(&refusal?);
        }
        let bundles = self.folder.join("bundles");
        private_folder(&bundles)?;
        say("\nproof, offline: the bundle and the ledger's public key, nothing else:");
        let mut proven = true;
        for rollout in [&first, &second] {
            let file = bundles.join(format!("{}{}", rollout.run, server::BUNDLE_EXTENSION));
            std::fs::write(&file, &rollout.bundle)?;
            match proof::verify(&rollout.bundle, &self.running.ledger_key) {
                Ok(verified) => {
                    say(format_args!(
                        "  proven: {} {} of {}",
                        verified.run, verified.result, verified.revision
                    ));
                    if std::ptr::eq(rollout, &second) {
                        verified.proven.iter().for_each(|line| say(format_args!("    - {line}")));
                        say("  resting on somebody's word:");
                        verified.rests_on.iter().for_each(|line| say(format_args!("    - {line}")));
                    }
                }
                Err(why) => {
                    say(format_args!("  NOT proven: {}: {why}", rollout.run));
                    proven = false;
                }
            }
        }
        say(if proven { "\nthe story holds" } else { "\nthe story does not hold" });
        Ok(proven)
    }
}

fn said(rollout: &Rollout) {
    say(format_args!(
        "  change {}: rolled out by {}; the shop serves it, the change says so",
        rollout.change.number, rollout.run
    ));
}

fn explain(refusal: &Refusal) {
    say(format_args!("  {} (change {} of {})", refusal.what, refusal.change.number, refusal.change.project));
    for (text, cure) in &refusal.reasons {
        say(format_args!("    ✗ {text}"));
        if let Some(cure) = cure {
            say(format_args!("      what helps: {cure}"));
        }
    }
}
