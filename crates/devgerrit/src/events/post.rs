//! Posts events over plain HTTP/1.1, as Gerrit's webhook plugins do: bounded tries, no queue on disk.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::error::Error;

const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(5);

/// Where to post.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    /// `host:port`
    authority: String,
    path: String,
}

impl Hook {
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let wrong = || Error::HookUrl { url: url.to_owned() };
        let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
        let (authority, path) = rest.split_once('/').map_or((rest, ""), |(a, p)| (a, p));
        let fine = |c: char| c.is_ascii_graphic();
        if authority.is_empty() || !authority.chars().all(fine) || !path.chars().all(fine) {
            return Err(wrong());
        }
        let authority =
            if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
        Ok(Self { authority, path: format!("/{path}") })
    }
}

/// Posts what comes, one after the other, until the sender is gone.
pub(crate) async fn deliver(hook: Hook, origin: String, mut waiting: mpsc::Receiver<Arc<str>>) {
    while let Some(body) = waiting.recv().await {
        let mut tries = 0;
        loop {
            tries += 1;
            match timeout(PATIENCE, once(&hook, &origin, &body)).await {
                Ok(Ok(200 | 201 | 202 | 204)) => break,
                _ if tries < TRIES => tokio::time::sleep(PAUSE).await,
                _ => {
                    tracing::warn!("event lost after {TRIES} tries: {}", hook.authority);
                    break;
                }
            }
        }
    }
}

async fn once(hook: &Hook, origin: &str, body: &str) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect(&hook.authority).await?;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: devgerrit\r\nContent-Type: application/json; charset=utf-8\r\n\
         X-Origin-Url: {origin}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        hook.path,
        hook.authority,
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = Vec::new();
    let mut buffer = [0; 256];
    // only the status line matters
    while !answer.contains(&b'\n') && answer.len() < 4096 {
        let n = stream.read(&mut buffer).await?;
        if n == 0 {
            break;
        }
        answer.extend_from_slice(buffer.get(..n).unwrap_or(&[]));
    }
    let line = String::from_utf8_lossy(&answer);
    let status = line.split_whitespace().nth(1).and_then(|word| word.parse().ok());
    status.ok_or_else(|| std::io::Error::new(std::io::ErrorKind::InvalidData, "no HTTP answer"))
}

#[cfg(test)]
mod tests {
    use super::Hook;

    #[test]
    fn only_plain_http_urls_are_hooks() {
        let hook = Hook::parse("http://127.0.0.1:99/a/b?c").expect("fine");
        assert_eq!((hook.authority.as_str(), hook.path.as_str()), ("127.0.0.1:99", "/a/b?c"));
        for url in ["https://x/", "ftp://x", "http://", "http://a b/"] {
            assert!(Hook::parse(url).is_err(), "{url}");
        }
    }
}
