//! The shop: a real HTTP server that serves what `ROOT/current` was when it started.

use std::path::Path;

use anyhow::Context;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// Serves on loopback until it is killed. `ROOT/pid` says who it is.
pub async fn serve(root: &Path, port: u16) -> anyhow::Result<()> {
    let revision = std::fs::read_to_string(root.join("current/REVISION")).context("nothing is released")?;
    let listener = listen(port).await?;
    std::fs::write(root.join("pid"), format!("{}\n", std::process::id()))?;
    let body = serde_json::json!({"revision": revision.trim()}).to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    loop {
        let (mut stream, _) = listener.accept().await?;
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
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
