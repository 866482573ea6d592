//! A work tree of the operations project.

use std::{path::Path, sync::Arc};

use anyhow::Context;
use gate::{Rulebook, RulebookError};
use model::Revision;
use operations::Tree;

use super::say;

/// Its files.
pub(super) fn read(folder: &Path) -> anyhow::Result<Tree> {
    let mut tree = Tree::new();
    read_in(folder, folder, &mut tree, 0)?;
    Ok(tree)
}

/// What it says, checked as before it is in force; none after saying what is wrong.
pub(super) fn rulebook(folder: &Path) -> anyhow::Result<Option<Arc<Rulebook>>> {
    match Rulebook::of_tree(Revision::from_bytes([0; 20]), &read(folder)?) {
        Ok(rulebook) => Ok(Some(rulebook)),
        Err(RulebookError::Files(report)) => {
            say(report.render(false));
            Ok(None)
        }
        Err(why) => {
            say(why);
            Ok(None)
        }
    }
}

fn read_in(root: &Path, folder: &Path, tree: &mut Tree, depth: usize) -> anyhow::Result<()> {
    anyhow::ensure!(depth <= 16, "{} lies more than 16 folders deep", folder.display());
    let entries = std::fs::read_dir(folder).with_context(|| format!("{} can't be read", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if entry.file_name() == ".git" {
            continue;
        }
        if kind.is_dir() {
            read_in(root, &path, tree, depth + 1)?;
        } else if kind.is_file() {
            let name = path.strip_prefix(root)?.to_str().context("a file's name is not UTF-8")?.to_owned();
            let bytes = std::fs::read(&path).with_context(|| format!("{} can't be read", path.display()))?;
            tree.insert(&name, bytes)?;
        }
    }
    Ok(())
}
