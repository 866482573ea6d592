//! `exq config check`: runs what start runs, on a folder.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use gate::{Rulebook, RulebookError};
use model::Revision;
use operations::Tree;

use super::{Answer, say};

/// Checks a configuration.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Checks a work tree of the operations project, as it is checked before it is in force.
    Check {
        /// The work tree.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
}

impl ConfigCommand {
    pub(super) fn run(self) -> Answer {
        let Self::Check { folder } = self;
        let mut tree = Tree::new();
        read(&folder, &folder, &mut tree, 0)?;
        let (_, report) = operations::check(&tree);
        if !report.problems.is_empty() {
            say(report.render(false));
        }
        match Rulebook::of_tree(Revision::from_bytes([0; 20]), &tree) {
            Ok(rulebook) => {
                let operations = rulebook.configuration.operations().count();
                say(format_args!(
                    "{}: sound (operations: {operations}, policies: {})",
                    folder.display(),
                    rulebook.policies.ids().count()
                ));
                Ok(true)
            }
            Err(RulebookError::Files(_)) => Ok(false),
            Err(why) => {
                say(why);
                Ok(false)
            }
        }
    }
}

fn read(root: &Path, folder: &Path, tree: &mut Tree, depth: usize) -> anyhow::Result<()> {
    anyhow::ensure!(depth <= 16, "{} lies more than 16 folders deep", folder.display());
    let entries = std::fs::read_dir(folder).with_context(|| format!("{} can't be read", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if entry.file_name() == ".git" {
            continue;
        }
        if kind.is_dir() {
            read(root, &path, tree, depth + 1)?;
        } else if kind.is_file() {
            let name = path.strip_prefix(root)?.to_str().context("a file's name is not UTF-8")?.to_owned();
            let bytes = std::fs::read(&path).with_context(|| format!("{} can't be read", path.display()))?;
            tree.insert(&name, bytes)?;
        }
    }
    Ok(())
}
