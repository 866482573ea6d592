//! A small server that says what a test wants.
#![allow(clippy::indexing_slicing)]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What the server does with a request.
pub(crate) enum Say {
    /// Sends it and closes.
    All(String),
    /// Sends it, and then keeps the connection open without another byte.
    AndHang(String),
    /// Sends it, and then `x` without end; counts how many bytes were taken.
    AndFlood(String, Arc<AtomicU64>),
}

/// Answers the n-th request, from 0, as the function says.
pub(crate) struct Server {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(say: impl Fn(usize) -> Say + Send + Sync + 'static) -> Self {
        Self::start_with(move |nth, _| say(nth)).await
    }

    /// The answer depends on the request too.
    pub(crate) async fn start_with(say: impl Fn(usize, &str) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, say) = (Arc::clone(&requests), Arc::new(say));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, say) = (Arc::clone(&seen), Arc::clone(&say));
                tokio::spawn(async move { serve(stream, &seen, &*say).await });
            }
        });
        Self { address, requests, task }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

async fn serve(mut stream: TcpStream, seen: &Mutex<Vec<String>>, say: &(impl Fn(usize, &str) -> Say + Sync)) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&request) {
        match stream.read(&mut buffer).await {
            Ok(count @ 1..) => request.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
    let request = String::from_utf8(request).unwrap();
    let nth = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        seen.len() - 1
    };
    match say(nth, &request) {
        Say::All(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
        }
        Say::AndHang(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.read(&mut buffer).await; // until the other side goes
        }
        Say::AndFlood(text, taken) => {
            let _ = stream.write_all(text.as_bytes()).await;
            while let Ok(count @ 1..) = stream.write(&[b'x'; 4096]).await {
                taken.fetch_add(count as u64, Ordering::Relaxed);
            }
        }
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

pub(crate) fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}
