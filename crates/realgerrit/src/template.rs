//! A site that is initialised and provisioned once, and copied for each server.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::cache::{Cache, copy_dir};
use crate::error::At;
use crate::launch::{Launcher, key};
use crate::provision::World;
use crate::{Error, RealGerrit};

/// What a copy doesn't need: the war, caches of the site that it was, old logs.
const LEFT_OUT: [&str; 4] = ["bin", "cache", "logs", "tmp"];

/// The name of the template of a world; another world, version or launcher is another template.
pub(crate) fn name(world: &World) -> String {
    let hash = hex::encode(Sha256::digest(format!("{}\0{world:?}", key())));
    format!("site-{}", hash.get(..16).unwrap_or_default())
}

/// Runs `Init`. The folder must not exist or be empty: else Gerrit takes it for an old site and makes no
/// administrator.
pub(crate) fn init(launcher: &Launcher, site: &Path) -> Result<(), Error> {
    let mut init = launcher.program("Init", site, false);
    init.args(["--batch", "--dev", "--no-auto-start"]);
    crate::java::finish("Gerrit's Init", init)
}

/// Makes the template if there is none. The cache must be locked by the caller for all of it, so that other
/// processes wait instead of doing the same.
pub(crate) async fn make(cache: &Cache, launcher: &Launcher, world: &World) -> Result<PathBuf, Error> {
    let done = cache.path(&name(world));
    if done.is_dir() {
        return Ok(done);
    }
    let draft = cache.path(&format!("{}.draft", name(world)));
    if draft.exists() {
        std::fs::remove_dir_all(&draft).at(&draft)?;
    }
    init(launcher, &draft)?;
    let server = RealGerrit::launch_template(launcher.clone(), draft.clone()).await?;
    server.admin().provision(world).await?;
    server.stop()?;
    for part in LEFT_OUT {
        let path = draft.join(part);
        if path.exists() {
            std::fs::remove_dir_all(&path).at(&path)?;
        }
    }
    std::fs::rename(&draft, &done).at(&done)?;
    Ok(done)
}

/// Copies the template to a new site.
pub(crate) fn copy(template: &Path, site: &Path) -> Result<(), Error> {
    copy_dir(template, site)?;
    for part in LEFT_OUT {
        let path = site.join(part);
        std::fs::create_dir_all(&path).at(&path)?;
    }
    Ok(())
}
