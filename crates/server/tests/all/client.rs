//! A small HTTP/1.1 client that sends exactly what a test says, also what no decent client would.

use std::{fmt::Write as _, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// No test waits longer for anything.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// Every header, in order.
    pub fn head(&self) -> &[(String, String)] {
        &self.headers
    }
}

/// A request, as it goes over the wire.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.into(), target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::new("POST", target) }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The request's bytes; `Host`, `Content-Length` and `Connection` are added where the test says nothing of them.
    pub fn bytes(&self, address: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let mut headers = self.headers.clone();
        for (name, value) in [
            ("host", address.to_string()),
            ("content-length", self.body.len().to_string()),
            ("connection", "close".into()),
        ] {
            if !headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name)) {
                headers.push((name.into(), value));
            }
        }
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }
}

/// Sends bytes and reads the whole answer.
pub async fn send_raw(address: SocketAddr, bytes: &[u8]) -> Answer {
    tokio::time::timeout(PATIENCE, async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // A server that has answered may close before it has read everything.
        let _ = stream.write_all(bytes).await;
        let mut all = Vec::new();
        let mut chunk = [0; 16 * 1024];
        loop {
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => break,
                Ok(n) => all.extend_from_slice(&chunk[..n]),
            }
        }
        parse(&all)
    })
    .await
    .expect("the server answers in time")
}

fn parse(all: &[u8]) -> Answer {
    let end = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or_else(|| {
        panic!("no whole answer: {:?}", String::from_utf8_lossy(all));
    });
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(key, value)| (key.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer { status, headers, body: all[end + 4..].to_vec() };
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = unchunk(&answer.body);
    }
    answer
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|w| w == b"\r\n") {
        let len = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if len == 0 {
            break;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + len]);
        rest = &rest[end + 2 + len + 2..];
    }
    body
}

/// An open stream of events.
pub struct Events {
    stream: TcpStream,
    pub status: u16,
    seen: String,
}

impl Events {
    pub async fn open(address: SocketAddr, request: &Request) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&request.bytes(address)).await.unwrap();
        let mut events = Self { stream, status: 0, seen: String::new() };
        let head = events.until("\r\n\r\n").await.expect("an answer");
        events.status = head.split(' ').nth(1).unwrap().parse().unwrap();
        events
    }

    /// The next event or comment, with the data lines joined; none when the stream has ended.
    pub async fn next(&mut self) -> Option<String> {
        let block = self.until("\n\n").await?;
        Some(block.lines().filter(|line| !is_chunk_size(line)).collect::<Vec<_>>().join("\n"))
    }

    async fn until(&mut self, end: &str) -> Option<String> {
        loop {
            if let Some(at) = self.seen.find(end) {
                let block = self.seen[..at].to_owned();
                self.seen = self.seen[at + end.len()..].to_owned();
                return Some(block);
            }
            let mut chunk = [0; 16 * 1024];
            let n = tokio::time::timeout(PATIENCE, self.stream.read(&mut chunk))
                .await
                .expect("an event in time")
                .unwrap_or(0);
            if n == 0 {
                return None;
            }
            self.seen.push_str(&String::from_utf8_lossy(&chunk[..n]));
        }
    }
}

/// Events come in chunks; a line of nothing but hex digits is a chunk's size, and no event of ours looks so.
fn is_chunk_size(line: &str) -> bool {
    let line = line.trim_end_matches('\r');
    line.is_empty() || line.bytes().all(|b| b.is_ascii_hexdigit())
}
