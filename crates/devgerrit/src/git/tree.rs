//! Trees, as flat maps from path to entry: small repositories make that the simplest honest form.

use std::collections::BTreeMap;

use super::objects::{self, Kind};
use super::{GitError, Oid, Repo};

/// A file, link or submodule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// As git writes it, e.g. `0o100644`.
    pub(crate) mode: u32,
    pub(crate) id: Oid,
}

/// Path → entry, without folders.
pub(crate) type Flat = BTreeMap<String, Entry>;

const FOLDER: u32 = 0o40000;
/// The mode of an ordinary file.
pub(crate) const FILE: u32 = 0o100_644;

/// The raw entries of one tree object.
pub(crate) fn entries(repo: &Repo, tree: Oid) -> Result<Vec<(String, Entry)>, GitError> {
    let bytes = repo.read_kind(tree, Kind::Tree)?;
    let corrupt = || GitError::Corrupt { id: tree, why: "not a tree" };
    let mut rest = bytes.as_slice();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|b| *b == 0).ok_or_else(corrupt)?;
        let (head, tail) = rest.split_at(end);
        let (mode, name) =
            std::str::from_utf8(head).ok().and_then(|h| h.split_once(' ')).ok_or_else(corrupt)?;
        let mode = u32::from_str_radix(mode, 8).map_err(|_| corrupt())?;
        let id: [u8; 20] = tail.get(1..21).and_then(|b| b.try_into().ok()).ok_or_else(corrupt)?;
        found.push((name.to_owned(), Entry { mode, id: Oid::new(id) }));
        rest = tail.get(21..).unwrap_or(&[]);
    }
    Ok(found)
}

pub(crate) fn flatten(repo: &Repo, tree: Oid) -> Result<Flat, GitError> {
    let mut flat = Flat::new();
    flatten_into(repo, tree, "", &mut flat)?;
    Ok(flat)
}

fn flatten_into(repo: &Repo, tree: Oid, prefix: &str, flat: &mut Flat) -> Result<(), GitError> {
    for (name, entry) in entries(repo, tree)? {
        let path = format!("{prefix}{name}");
        if entry.mode == FOLDER {
            flatten_into(repo, entry.id, &format!("{path}/"), flat)?;
        } else {
            flat.insert(path, entry);
        }
    }
    Ok(())
}

/// Writes the tree objects for these files and names the root.
pub(crate) fn build(repo: &Repo, flat: &Flat) -> Result<Oid, GitError> {
    let mut files: Vec<(&str, Entry)> = Vec::new();
    let mut folders: BTreeMap<&str, Flat> = BTreeMap::new();
    for (path, entry) in flat {
        match path.split_once('/') {
            None => files.push((path, *entry)),
            Some((folder, rest)) => {
                folders.entry(folder).or_default().insert(rest.to_owned(), *entry);
            }
        }
    }
    // git sorts a folder as if its name ended in a slash
    let mut rows: Vec<(String, &str, Entry)> = files.iter().map(|(n, e)| ((*n).to_owned(), *n, *e)).collect();
    for (name, below) in &folders {
        rows.push((format!("{name}/"), name, Entry { mode: FOLDER, id: build(repo, below)? }));
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let mut bytes = Vec::new();
    for (_, name, entry) in rows {
        bytes.extend_from_slice(format!("{:o} {name}\0", entry.mode).as_bytes());
        bytes.extend_from_slice(entry.id.bytes());
    }
    objects::write(repo.dir(), Kind::Tree, &bytes)
}

/// Finds one path below a tree.
pub(crate) fn lookup(repo: &Repo, tree: Oid, path: &str) -> Result<Option<Entry>, GitError> {
    let (name, rest) = path.split_once('/').map_or((path, None), |(n, r)| (n, Some(r)));
    let found = entries(repo, tree)?.into_iter().find(|(has, _)| has == name).map(|(_, entry)| entry);
    match (found, rest) {
        (Some(entry), Some(rest)) if entry.mode == FOLDER => lookup(repo, entry.id, rest),
        (Some(entry), None) if entry.mode != FOLDER => Ok(Some(entry)),
        _ => Ok(None),
    }
}
