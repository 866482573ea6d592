//! A running server.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use crate::{
    ADMIN, Admin, Browser, Error,
    cache::{Distribution, command, tail},
    error::At as _,
};

const UP_WITHIN: Duration = Duration::from_secs(240);

/// Ends the server, a process group of its own, when our end of the pipe closes, however we end.
const WATCH: &str = "set -m; exec 3<&0; bash bin/kc.sh \"$@\" 3<&- </dev/null & kc=$!; \
                     (cat <&3 >/dev/null; kill -9 -- -$kc 2>/dev/null) & wait $kc";

/// A real Keycloak on loopback. Dropping it stops it.
#[derive(Debug)]
pub struct RealKeycloak {
    url: String,
    log: PathBuf,
    child: Child,
}

impl RealKeycloak {
    /// Starts one and waits until it answers.
    ///
    /// # Errors
    /// Java or Maven is missing (named), a program failed, or the server did not come up.
    pub async fn start() -> Result<Self, Error> {
        // Waiting for another process's lock, Maven and the build are all blocking.
        let distribution = tokio::task::spawn_blocking(Distribution::prepare)
            .await
            .map_err(|error| Error::Machine(error.to_string()))??;
        let [port, management] = free_ports()?;
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|error| Error::Machine(format!("no random numbers: {error}")))?;
        let log = std::env::temp_dir().join(format!("keycloak-{}.log", hex::encode(random)));
        let out = std::fs::File::create_new(&log).at(&log)?;
        let mut kc = command(Path::new("bash"));
        kc.env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &distribution.home)
            .env("LANG", "C.UTF-8")
            .env("JAVA_HOME", &distribution.java_home)
            .env("JAVA_OPTS_APPEND", "-XX:TieredStopAtLevel=1")
            .env("KC_BOOTSTRAP_ADMIN_USERNAME", ADMIN.0)
            .env("KC_BOOTSTRAP_ADMIN_PASSWORD", ADMIN.1)
            .args([
                "-c",
                WATCH,
                "kc",
                "start",
                "--optimized",
                "--http-enabled=true",
                "--hostname-strict=false",
            ])
            .args(["--http-host=127.0.0.1", "--http-management-host=127.0.0.1", "--cache=local"])
            .arg(format!("--http-port={port}"))
            .arg(format!("--http-management-port={management}"))
            .current_dir(&distribution.home)
            .stdin(Stdio::piped())
            .stdout(Stdio::from(out.try_clone().at(&log)?))
            .stderr(Stdio::from(out));
        let child = kc.spawn().at("bash")?;
        let mut server = Self { url: format!("http://127.0.0.1:{port}"), log, child };
        server.wait().await?;
        Ok(server)
    }

    /// Its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its administrator.
    ///
    /// # Errors
    /// [`Error::Http`] when nobody signs in.
    pub async fn admin(&self) -> Result<Admin, Error> {
        Admin::sign_in(&self.url).await
    }

    /// A fresh browser.
    ///
    /// # Errors
    /// [`Error::Machine`] when there can't be one.
    pub fn browser(&self) -> Result<Browser, Error> {
        Browser::new()
    }

    async fn wait(&mut self) -> Result<(), Error> {
        let started = Instant::now();
        let browser = Browser::new()?;
        let page = format!("{}/realms/master/.well-known/openid-configuration", self.url);
        loop {
            let said = || tail(&std::fs::read_to_string(&self.log).unwrap_or_default());
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(Error::NotUp { why: format!("it ended with {status}"), said: said() });
            }
            if browser.status(&page).await == Some(200) {
                tracing::info!(url = self.url, elapsed_ms = started.elapsed().as_millis(), "Keycloak is up");
                return Ok(());
            }
            if started.elapsed() > UP_WITHIN {
                let why = format!("no answer within {} s", UP_WITHIN.as_secs());
                return Err(Error::NotUp { why, said: said() });
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Drop for RealKeycloak {
    fn drop(&mut self) {
        // The watcher sees the end of the pipe and kills the server; the shell then ends.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.log);
    }
}

/// Two free ports of loopback.
fn free_ports() -> Result<[u16; 2], Error> {
    let bind = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).at("a port of loopback")?;
        let port = listener.local_addr().at("a port of loopback")?.port();
        Ok::<_, Error>((listener, port))
    };
    let (first, second) = (bind()?, bind()?);
    Ok([first.1, second.1])
}
