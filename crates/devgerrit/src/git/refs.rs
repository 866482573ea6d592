//! Loose refs: one file each, the value in hex.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{GitError, Oid};

/// Refuses names that would leave the folder, or that git refuses.
fn path_of(dir: &Path, name: &str) -> Result<PathBuf, GitError> {
    let fine = name.starts_with("refs/")
        && name.len() < 512
        && !name.ends_with(".lock")
        && !name.chars().any(|c| c.is_control() || " ~^:?*[\\".contains(c))
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.contains(".."));
    if fine { Ok(dir.join(name)) } else { Err(GitError::BadRef(name.to_owned())) }
}

pub(crate) fn read(dir: &Path, name: &str) -> Option<Oid> {
    let text = fs::read_to_string(path_of(dir, name).ok()?).ok()?;
    Oid::parse(text.trim_end())
}

/// Moves a ref if it is still where the caller saw it. `new` zero deletes, `old` zero creates.
pub(crate) fn update(dir: &Path, name: &str, old: Oid, new: Oid) -> Result<(), GitError> {
    let path = path_of(dir, name)?;
    let found = read(dir, name).unwrap_or(Oid::ZERO);
    if found != old {
        return Err(GitError::Moved { name: name.to_owned(), expected: old, found });
    }
    let failed = |source| GitError::io(format!("update {name}"), source);
    if new == Oid::ZERO {
        return fs::remove_file(path).map_err(failed);
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let half = path.with_extension("lock");
    fs::write(&half, format!("{new}\n")).map_err(failed)?;
    fs::rename(&half, &path).map_err(failed)
}

/// All refs whose name begins with `prefix` (which ends in `/`), by name.
pub(crate) fn list(dir: &Path, prefix: &str) -> BTreeMap<String, Oid> {
    let mut found = BTreeMap::new();
    collect(&dir.join(prefix.trim_end_matches('/')), prefix.trim_end_matches('/'), &mut found);
    found
}

fn collect(folder: &Path, name: &str, found: &mut BTreeMap<String, Oid>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(file) = entry.file_name().into_string() else { continue };
        let full = format!("{name}/{file}");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(&entry.path(), &full, found),
            Ok(_) => {
                let id = fs::read_to_string(entry.path()).ok().and_then(|text| Oid::parse(text.trim_end()));
                if let Some(id) = id {
                    found.insert(full, id);
                }
            }
            Err(_) => {}
        }
    }
}
