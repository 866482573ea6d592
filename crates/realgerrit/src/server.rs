//! A running server.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::cache::{Cache, random_hex};
use crate::config::{SiteConfig, server_id};
use crate::error::At;
use crate::java::tail;
use crate::launch::Launcher;
use crate::port::free_port;
use crate::provision::World;
use crate::{ADMIN, Admin, Error, template};

const UP_WITHIN: Duration = Duration::from_secs(120);

/// What kind of server to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where its site lies: made if it is not there, else started as it is. `None`: a folder that goes with the
    /// server.
    pub dir: Option<PathBuf>,
    /// Where it posts each event.
    pub hook_url: Option<String>,
    /// True (the default): the index is written at once, so that a hard kill loses nothing. False is Gerrit's own
    /// default, with which a crash loses index entries.
    pub commit_at_once: bool,
    /// The port for HTTP on loopback; `None`: a free one.
    pub http_port: Option<u16>,
    /// The port for SSH on loopback; `None`: a free one.
    pub ssh_port: Option<u16>,
    /// Who and what is there.
    pub world: World,
    /// True: the server goes on when this process ends; [`down`] stops it. Needs `dir`.
    pub outlive: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dir: None,
            hook_url: None,
            commit_at_once: true,
            http_port: None,
            ssh_port: None,
            world: World::standard(),
            outlive: false,
        }
    }
}

/// A real Gerrit on loopback. Dropping it stops it (unless it is to outlive us).
#[derive(Debug)]
pub struct RealGerrit {
    launcher: Launcher,
    site: PathBuf,
    server_id: String,
    url: String,
    http_port: u16,
    ssh_port: u16,
    hook_url: Option<String>,
    commit_at_once: bool,
    outlive: bool,
    child: Option<Child>,
    /// Held as long as a disposable site is used; the site is removed with it.
    disposable: Option<File>,
}

impl RealGerrit {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// Java or Maven is missing (named), a program failed, or the server did not come up.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let cache = Cache::open()?;
        let locking = cache.clone();
        // Waiting for another process's lock, Maven and javac are all blocking.
        let (held, launcher) = tokio::task::spawn_blocking(move || {
            let held = locking.lock()?;
            Launcher::prepare(&locking).map(|launcher| (held, launcher))
        })
        .await
        .map_err(|error| Error::Machine(error.to_string()))??;
        let template = Box::pin(template::make(&cache, &launcher, &options.world)).await?;
        drop(held);
        let (site, disposable) = match &options.dir {
            Some(dir) => (std::path::absolute(dir).at(dir)?, None),
            None => {
                // Waits for the lock too, which another start in this process may hold while it awaits something.
                let (dir, held) = tokio::task::spawn_blocking(move || cache.disposable())
                    .await
                    .map_err(|error| Error::Machine(error.to_string()))??;
                (dir, Some(held))
            }
        };
        let server_id = if site.join("git").is_dir() {
            server_id(&site)?
        } else {
            template::copy(&template, &site)?;
            new_server_id()?
        };
        let mut server = Self::new(launcher, site, server_id, &options)?;
        server.disposable = disposable;
        server.begin().await?;
        Ok(server)
    }

    /// Starts the site that becomes a template.
    pub(crate) async fn launch_template(launcher: Launcher, site: PathBuf) -> Result<Self, Error> {
        let id = server_id(&site)?;
        let mut server = Self::new(launcher, site, id, &Options::default())?;
        server.begin().await?;
        Ok(server)
    }

    fn new(launcher: Launcher, site: PathBuf, server_id: String, options: &Options) -> Result<Self, Error> {
        let http_port = options.http_port.map_or_else(free_port, Ok)?;
        Ok(Self {
            launcher,
            site,
            server_id,
            url: format!("http://127.0.0.1:{http_port}/"),
            http_port,
            ssh_port: options.ssh_port.map_or_else(free_port, Ok)?,
            hook_url: options.hook_url.clone(),
            commit_at_once: options.commit_at_once,
            outlive: options.outlive,
            child: None,
            disposable: None,
        })
    }

    /// Its address, with a trailing slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its port for SSH.
    #[must_use]
    pub const fn ssh_port(&self) -> u16 {
        self.ssh_port
    }

    /// Its id, as NoteDb's identities carry it.
    #[must_use]
    pub fn server_id(&self) -> &str {
        &self.server_id
    }

    /// Its site.
    #[must_use]
    pub fn site(&self) -> &Path {
        &self.site
    }

    /// The bare repository of a project, on disk.
    #[must_use]
    pub fn repository(&self, project: &str) -> PathBuf {
        self.site.join("git").join(format!("{project}.git"))
    }

    /// Its administrator.
    #[must_use]
    pub fn admin(&self) -> Admin {
        Admin::new(&self.url, ADMIN.0, ADMIN.1)
    }

    /// Kills it hard, as a crash does.
    ///
    /// # Errors
    /// The process can't be killed or waited for.
    pub fn kill9(&mut self) -> Result<(), Error> {
        if let Some(mut child) = self.child.take() {
            child.kill().and_then(|()| child.wait().map(drop)).at(&self.site)?;
        }
        Ok(())
    }

    /// Kills it if it runs, and starts it again on the same site and ports.
    ///
    /// # Errors
    /// It did not come up.
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.kill9()?;
        self.begin().await
    }

    /// Stops it for good.
    ///
    /// # Errors
    /// The process can't be killed or waited for.
    pub fn stop(mut self) -> Result<(), Error> {
        self.kill9()
    }

    async fn begin(&mut self) -> Result<(), Error> {
        if running(&self.site).is_some() {
            return Err(Error::Running(self.site.clone()));
        }
        for port in [self.http_port, self.ssh_port] {
            // Else whoever has the port would answer in our server's place.
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).at(format!("port {port} of loopback"))?;
        }
        SiteConfig {
            server_id: &self.server_id,
            http_port: self.http_port,
            ssh_port: self.ssh_port,
            hook_url: self.hook_url.as_deref(),
            commit_at_once: self.commit_at_once,
            java_home: self.launcher.jdk.home(),
        }
        .write(&self.site)?;
        let plugin = self.site.join("plugins/posthook.jar");
        if self.hook_url.is_some() {
            std::fs::copy(self.launcher.plugin(), &plugin).at(&plugin)?;
        } else if plugin.exists() {
            std::fs::remove_file(&plugin).at(&plugin)?;
        }
        let log = self.site.join("daemon.log");
        let out = File::create(&log).at(&log)?;
        let mut daemon = self.launcher.program("Daemon", &self.site, !self.outlive);
        daemon.arg("--console-log").stdout(Stdio::from(out.try_clone().at(&log)?)).stderr(Stdio::from(out));
        if self.outlive {
            daemon.process_group(0);
        }
        let child = daemon.spawn().at(self.launcher.jdk.program("java"))?;
        let pid = self.site.join("pid");
        std::fs::write(&pid, child.id().to_string()).at(&pid)?;
        self.child = Some(child);
        self.wait(&log).await
    }

    async fn wait(&mut self, log: &Path) -> Result<(), Error> {
        let started = Instant::now();
        let not_up = |why: String| Error::NotUp {
            why,
            log: log.to_owned(),
            said: tail(&std::fs::read_to_string(log).unwrap_or_default(), 20),
        };
        let admin = self.admin();
        loop {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                return Err(not_up(format!("it ended with {status}")));
            }
            if admin.answers().await {
                tracing::info!(url = self.url, elapsed_ms = started.elapsed().as_millis(), "Gerrit is up");
                return Ok(());
            }
            if started.elapsed() > UP_WITHIN {
                return Err(not_up(format!("no answer within {} s", UP_WITHIN.as_secs())));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for RealGerrit {
    fn drop(&mut self) {
        if self.outlive {
            return;
        }
        let _ = self.kill9();
        if self.disposable.is_some() {
            let _ = std::fs::remove_dir_all(&self.site);
            let _ = std::fs::remove_file(self.site.with_extension("lock"));
        }
    }
}

/// Stops a server that was started to outlive its starter, and waits until it is gone. False if none runs there.
///
/// # Errors
/// The site can't be read, or the process can't be stopped.
pub fn down(dir: &Path) -> Result<bool, Error> {
    let site = std::path::absolute(dir).at(dir)?;
    let Some(pid) = running(&site) else { return Ok(false) };
    let kill = |signal| rustix::process::kill_process(pid, signal).map_err(std::io::Error::from).at(&site);
    kill(Signal::TERM)?;
    let started = Instant::now();
    while running(&site).is_some() {
        if started.elapsed() > Duration::from_secs(20) {
            kill(Signal::KILL)?;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    std::fs::remove_file(site.join("pid")).at(site.join("pid"))?;
    Ok(true)
}

/// The process of the server that runs on a site. Its file may name a number that is another program's by now.
fn running(site: &Path) -> Option<Pid> {
    let pid: i32 = std::fs::read_to_string(site.join("pid")).ok()?.trim().parse().ok()?;
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let args: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
    let ours = args.contains(&b"com.google.gerrit.pgm.Daemon".as_slice())
        && args.contains(&site.as_os_str().as_encoded_bytes());
    if ours { Pid::from_raw(pid) } else { None }
}

/// A random UUID.
fn new_server_id() -> Result<String, Error> {
    let hex = random_hex::<16>()?;
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    Ok(format!("{}-{}-4{}-a{}-{}", part(0..8), part(8..12), part(13..16), part(17..20), part(20..32)))
}
