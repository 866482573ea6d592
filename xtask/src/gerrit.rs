//! `cargo xtask gerrit up|down`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use realgerrit::provision::password;
use realgerrit::{ADMIN, Options, RealGerrit, VERSION};

/// A real Gerrit on loopback.
#[derive(Subcommand)]
pub(crate) enum Gerrit {
    /// Starts one, provisions it, and leaves it running.
    Up(Up),
    /// Stops it; its site stays.
    Down(Site),
}

#[derive(Args)]
pub(crate) struct Site {
    /// Where its site lies [default: gerrit in the target folder].
    #[arg(long)]
    dir: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Up {
    #[command(flatten)]
    site: Site,
    /// The port for HTTP.
    #[arg(long, default_value_t = 18081)]
    http: u16,
    /// The port for SSH.
    #[arg(long, default_value_t = 29519)]
    ssh: u16,
    /// Where it posts each event.
    #[arg(long, value_name = "URL")]
    hook: Option<String>,
    /// Leave the index to Gerrit's own default, with which a crash loses entries.
    #[arg(long)]
    no_commit_within: bool,
}

impl Gerrit {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Up(up) => up.run(),
            Self::Down(site) => {
                let dir = site.dir();
                let stopped = realgerrit::down(&dir)?;
                println!(
                    "{} {}",
                    if stopped { "stopped the server of" } else { "no server runs on" },
                    dir.display()
                );
                Ok(())
            }
        }
    }
}

impl Up {
    fn run(self) -> anyhow::Result<()> {
        let dir = self.site.dir();
        let options = Options {
            dir: Some(dir.clone()),
            hook_url: self.hook,
            commit_at_once: !self.no_commit_within,
            http_port: Some(self.http),
            ssh_port: Some(self.ssh),
            outlive: true,
            ..Options::default()
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let server = runtime.block_on(RealGerrit::start(options))?;
        println!(
            "Gerrit {VERSION} is up: {} (ssh port {}, server id {})",
            server.url(),
            server.ssh_port(),
            server.server_id()
        );
        println!("  administrator  {}:{}", ADMIN.0, ADMIN.1);
        println!(
            "  people         alice bob carol dave erin exq-reader exq-writer, password NAME-pw, such as {}",
            password("alice")
        );
        println!("  site           {}", dir.display());
        println!("stop it: cargo xtask gerrit down --dir {}", dir.display());
        Ok(())
    }
}

impl Site {
    fn dir(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(|| {
            let target = std::env::var_os("CARGO_TARGET_DIR")
                .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
            target.join("gerrit-site")
        })
    }
}
