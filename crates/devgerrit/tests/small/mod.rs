//! A small server with the standard world on it, for the suites that the real one passes too.
#![allow(clippy::panic, reason = "tests")]

use std::path::PathBuf;

use conformance::World;
use devgerrit::{DevGerrit, Options};
use realgerrit::Admin;
use realgerrit::provision::World as Provision;
use tokio::runtime::Runtime;
use tokio::sync::{OnceCell, oneshot};

pub(crate) struct Small {
    url: String,
    site: PathBuf,
}

impl World for Small {
    fn url(&self) -> &str {
        &self.url
    }

    fn admin(&self) -> (&str, &str) {
        ("admin", "secret")
    }

    fn repository(&self, project: &str) -> PathBuf {
        self.site.join("git").join(format!("{project}.git"))
    }
}

/// One server for all tests of a process, in a runtime that outlives each of theirs; it ends with the process.
pub(crate) async fn world() -> &'static Small {
    static WORLD: OnceCell<Small> = OnceCell::const_new();
    WORLD
        .get_or_init(|| async {
            let (send, started) = oneshot::channel();
            std::thread::spawn(move || serve(send));
            let small = started.await.unwrap_or_else(|_| panic!("the server did not start"));
            Admin::new(&small.url, "admin", "secret")
                .provision(&Provision::standard())
                .await
                .unwrap_or_else(|error| panic!("can't be provisioned: {error}"));
            small
        })
        .await
}

fn serve(started: oneshot::Sender<Small>) {
    let runtime = Runtime::new().unwrap_or_else(|error| panic!("no runtime: {error}"));
    runtime.block_on(async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .unwrap_or_else(|error| panic!("no folder: {error}"));
        let server = DevGerrit::start(Options::new(dir.path(), "secret"))
            .await
            .unwrap_or_else(|error| panic!("no server: {error}"));
        let small = Small { url: format!("{}/", server.url()), site: dir.path().to_owned() };
        drop(started.send(small));
        std::future::pending::<()>().await;
    });
}
