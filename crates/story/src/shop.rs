//! The shop: a real HTTP server that serves what `ROOT/current` was when it started.

use std::{io::ErrorKind, path::Path, time::Duration};

use anyhow::Context;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// How often it looks whether its folder is still there.
const LOOK: Duration = Duration::from_millis(250);

/// Serves on loopback until it is killed, or until `ROOT/current` is gone: whoever took the folder away has no more use for
/// it. `ROOT/pid` says who it is.
///
/// Who has the port says so, and only then reads what to serve. Who switches the shop does it the other way round, first
/// the revision, then whom to stop: so one that gets the port late is either stopped or serves the newest revision.
pub async fn serve(root: &Path, port: u16) -> anyhow::Result<()> {
    let listener = listen(port).await?;
    std::fs::write(root.join("pid"), format!("{}\n", std::process::id()))?;
    let released = root.join("current/REVISION");
    let revision = std::fs::read_to_string(&released).context("nothing is released")?;
    let body = serde_json::json!({"revision": revision.trim()}).to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut look = tokio::time::interval(LOOK);
    loop {
        let (mut stream, _) = tokio::select! {
            accepted = listener.accept() => accepted?,
            _ = look.tick() => match std::fs::metadata(&released) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                _ => continue,
            },
        };
        let answer = answer.clone();
        tokio::spawn(async move {
            let mut request = [0; 2048];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        });
    }
}

/// The one before may not be gone yet.
async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    let mut tries = 0;
    loop {
        match TcpListener::bind(("127.0.0.1", port)).await {
            Ok(listener) => return Ok(listener),
            Err(_) if tries < 100 => tries += 1,
            Err(error) => return Err(error).context("the shop's port is taken"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(root: &Path, revision: &str) -> anyhow::Result<()> {
        std::fs::create_dir_all(root.join("current"))?;
        Ok(std::fs::write(root.join("current/REVISION"), revision)?)
    }

    async fn asked(port: u16) -> anyhow::Result<String> {
        loop {
            if let Ok(mut stream) = tokio::net::TcpStream::connect(("127.0.0.1", port)).await {
                stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await?;
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await?;
                return Ok(answer);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn one_that_gets_the_port_late_serves_what_is_released_then() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        release(folder.path(), "old")?;
        let before = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = before.local_addr()?.port();
        let root = folder.path().to_owned();
        let shop = tokio::spawn(async move { serve(&root, port).await });
        // It waits for the port, as one does whose start was overtaken by the next rollout.
        tokio::time::timeout(Duration::from_millis(200), before.accept()).await.expect_err("nobody connects");
        release(folder.path(), "new")?;
        drop(before);
        let answer = tokio::time::timeout(Duration::from_secs(10), asked(port)).await??;
        assert!(answer.ends_with(r#"{"revision":"new"}"#), "{answer}");
        assert_eq!(
            std::fs::read_to_string(folder.path().join("pid"))?.trim(),
            std::process::id().to_string()
        );
        // Its folder goes, and it ends by itself.
        drop(folder);
        tokio::time::timeout(Duration::from_secs(10), shop).await??
    }
}
