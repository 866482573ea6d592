//! Where a big repository with review history lies.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

const CORPUS: &str = "gerrit-ci-scripts.git";

/// A copy that may be written to: of `repo`, or of the corpus in the folder `EXQ_CORPORA`.
pub(crate) fn copy(repo: Option<PathBuf>, into: &Path) -> anyhow::Result<PathBuf> {
    let from = match repo {
        Some(repo) => repo,
        None => {
            let folder = std::env::var_os("EXQ_CORPORA").context(
                "no repository\nhint: -- --repo BARE.git, or the folder with gerrit-ci-scripts in EXQ_CORPORA",
            )?;
            let tar = Path::new(&folder).join(CORPUS).with_extension("git.tar");
            if tar.is_file() {
                run(Command::new("tar").arg("-xf").arg(&tar).arg("-C").arg(into))?;
                return Ok(into.join(CORPUS));
            }
            Path::new(&folder).join(CORPUS)
        }
    };
    let to = into.join("copy.git");
    run(Command::new("cp").arg("-r").arg(&from).arg(&to))?;
    Ok(to)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    if !command.status()?.success() {
        bail!("{command:?} failed");
    }
    Ok(())
}
