//! The conformance suite against this server: what the real one is asked too.
#![allow(clippy::panic, reason = "tests")]

use conformance::World;
use devgerrit::{DevGerrit, Options};
use realgerrit::Admin;
use realgerrit::provision::World as Provision;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

struct Small {
    url: String,
}

impl World for Small {
    fn url(&self) -> &str {
        &self.url
    }

    fn admin(&self) -> (&str, &str) {
        ("admin", "secret")
    }
}

/// One server for all tests, in a runtime that outlives each of theirs; it ends with this process.
async fn world() -> &'static Small {
    static WORLD: OnceCell<Small> = OnceCell::const_new();
    WORLD
        .get_or_init(|| async {
            let (send, started) = tokio::sync::oneshot::channel();
            std::thread::spawn(move || serve(send));
            let url = started.await.unwrap_or_else(|_| panic!("the server did not start"));
            Admin::new(&url, "admin", "secret")
                .provision(&Provision::standard())
                .await
                .unwrap_or_else(|error| panic!("can't be provisioned: {error}"));
            Small { url }
        })
        .await
}

fn serve(started: tokio::sync::oneshot::Sender<String>) {
    let runtime = Runtime::new().unwrap_or_else(|error| panic!("no runtime: {error}"));
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
        let server = DevGerrit::start(Options::new(dir.path(), "secret"))
            .await
            .unwrap_or_else(|error| panic!("no server: {error}"));
        let _ = started.send(format!("{}/", server.url()));
        std::future::pending::<()>().await;
    });
}

conformance::suite!(world);
