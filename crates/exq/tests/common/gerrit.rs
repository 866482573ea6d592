//! The Gerrit of a test: the small one or a real one.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use devgerrit::{DevGerrit, Faults};
use realgerrit::{RealGerrit, provision::World};
use story::GerritAt;

const PASSWORD: &str = "secret";

/// Either kind.
pub(crate) enum Gerrit {
    /// The small one.
    Dev(Box<Option<DevGerrit>>, Vec<String>, PathBuf),
    /// A real one.
    Real(Box<RealGerrit>),
}

impl Gerrit {
    pub(super) async fn dev(folder: PathBuf, hook_urls: Vec<String>, world: &World) -> Result<Self> {
        let mut options = devgerrit::Options::new(folder.clone(), PASSWORD);
        options.hook_urls.clone_from(&hook_urls);
        let server = DevGerrit::start(options).await?;
        let gerrit = Self::Dev(Box::new(Some(server)), hook_urls, folder);
        story::provision(&gerrit.at(), world).await?;
        Ok(gerrit)
    }

    pub(super) async fn real(options: realgerrit::Options) -> Result<Self> {
        Ok(Self::Real(Box::new(RealGerrit::start(options).await?)))
    }

    /// Where it is.
    pub(crate) fn at(&self) -> GerritAt {
        match self {
            Self::Dev(server, ..) => GerritAt {
                url: server.as_ref().as_ref().map(|s| s.url().to_owned()).unwrap_or_default(),
                admin: ("admin".to_owned(), PASSWORD.to_owned()),
            },
            Self::Real(server) => GerritAt {
                url: server.url().to_owned(),
                admin: (realgerrit::ADMIN.0.to_owned(), realgerrit::ADMIN.1.to_owned()),
            },
        }
    }

    /// The switches for misbehaviour of the small one.
    pub(crate) fn faults(&self) -> Result<std::sync::Arc<Faults>> {
        match self {
            Self::Dev(server, ..) => Ok(server.as_ref().as_ref().context("it is down")?.faults()),
            Self::Real(_) => bail!("a real Gerrit doesn't misbehave on request"),
        }
    }

    /// Killed hard, and started again.
    pub(crate) async fn crash(&mut self) -> Result<()> {
        match self {
            Self::Real(server) => Ok(server.restart().await?),
            Self::Dev(..) => bail!("the small Gerrit has nothing to lose"),
        }
    }
}
