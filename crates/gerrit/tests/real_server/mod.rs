//! A real Gerrit for the suites. Needs a JDK 21 or later and Maven; without them it fails and says so.
#![allow(clippy::panic, reason = "tests")]

use std::path::PathBuf;

use conformance::World;
use realgerrit::{ADMIN, Options, RealGerrit};
use tokio::sync::OnceCell;

pub(crate) struct Real(RealGerrit);

impl World for Real {
    fn url(&self) -> &str {
        self.0.url()
    }

    fn admin(&self) -> (&str, &str) {
        ADMIN
    }

    fn repository(&self, project: &str) -> PathBuf {
        self.0.repository(project)
    }
}

/// One server for all tests; it ends with this process.
pub(crate) async fn world() -> &'static Real {
    static WORLD: OnceCell<Real> = OnceCell::const_new();
    WORLD
        .get_or_init(|| async {
            Real(
                RealGerrit::start(Options::default())
                    .await
                    .unwrap_or_else(|error| panic!("no real Gerrit: {error}")),
            )
        })
        .await
}
