//! A server of canned bytes on loopback.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gerrit::{Client, ClientConfig, Limits, Timeouts};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What it does with each connection after it has read a request.
#[derive(Clone)]
pub(crate) enum Then {
    /// Sends these bytes and closes.
    Send(Vec<u8>),
    /// Says nothing and keeps the connection.
    Silence,
}

pub(crate) struct Fake {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    pub(crate) async fn new(then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read_request(&mut stream).await;
                seen.lock().unwrap().push(request);
                match &then {
                    Then::Send(bytes) => {
                        // The client may hang up in the middle: that is what some tests are about.
                        let _ = stream.write_all(bytes).await;
                        let _ = stream.shutdown().await;
                    }
                    Then::Silence => kept.push(stream),
                }
            }
        });
        Self { url, requests }
    }

    /// Answers each request with this status line, header lines and body.
    pub(crate) async fn answer(status: &str, headers: &str, body: &[u8]) -> Self {
        let mut bytes = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n").into_bytes();
        bytes.extend_from_slice(body);
        Self::new(Then::Send(bytes)).await
    }

    /// The heads of the requests that came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn client(&self) -> Client {
        client(&self.url)
    }

    /// A client that is soon out of patience.
    pub(crate) fn impatient(&self) -> Client {
        client_waiting(&self.url, Duration::from_millis(300))
    }
}

/// A client that takes little.
pub(crate) fn client(url: &str) -> Client {
    client_waiting(url, Duration::from_secs(30))
}

fn client_waiting(url: &str, request: Duration) -> Client {
    Client::new(&ClientConfig {
        timeouts: Timeouts { request, ..Timeouts::default() },
        limits: Limits { body_bytes: 4096, pack_bytes: 4096, pack_memory_bytes: 64, refs: 3 },
        ..ClientConfig::new(url, "exq-reader", "s3cret-token".to_owned().into())
    })
    .unwrap()
}

/// Reads head and body (by its length) of one request; gives the head.
async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
                .unwrap_or(0usize);
            if body.len() >= length {
                return head.to_owned();
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return text,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}
