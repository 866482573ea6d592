//! Three-way merges without rename detection, as Gerrit's own library does them.

use super::tree::{self, Entry, Flat};
use super::{GitError, Oid, Repo, program, walk};

/// What a merge gave.
pub(crate) enum Merged {
    Clean(Oid),
    /// The paths that both sides changed in ways that can't be joined.
    Conflict(Vec<String>),
}

/// Merges the trees of two commits over their common ancestors (several are merged into one first).
pub(crate) fn commits(repo: &Repo, ours: Oid, theirs: Oid) -> Result<Merged, GitError> {
    let mut bases = walk::merge_bases(repo, ours, theirs)?.into_iter();
    let base = match bases.next() {
        None => Flat::new(),
        Some(first) => {
            let mut flat = tree::flatten(repo, repo.commit(first)?.tree)?;
            for next in bases {
                // criss-cross: a virtual base. What conflicts between the bases is left out of it.
                let other = tree::flatten(repo, repo.commit(next)?.tree)?;
                flat = join(repo, &Flat::new(), &flat, &other)?.0;
            }
            flat
        }
    };
    let ours = tree::flatten(repo, repo.commit(ours)?.tree)?;
    let theirs = tree::flatten(repo, repo.commit(theirs)?.tree)?;
    finish(repo, join(repo, &base, &ours, &theirs)?)
}

/// Puts the difference between a commit's parent (`base`) and itself (`theirs`) onto `ours`.
pub(crate) fn trees(repo: &Repo, base: Oid, ours: Oid, theirs: Oid) -> Result<Merged, GitError> {
    let base = tree::flatten(repo, base)?;
    let ours = tree::flatten(repo, ours)?;
    let theirs = tree::flatten(repo, theirs)?;
    finish(repo, join(repo, &base, &ours, &theirs)?)
}

fn finish(repo: &Repo, joined: (Flat, Vec<String>)) -> Result<Merged, GitError> {
    let (flat, mut conflicts) = joined;
    for path in flat.keys() {
        // a file where the other side has a folder
        let blocked = path.match_indices('/').any(|(at, _)| flat.contains_key(path.get(..at).unwrap_or("")));
        if blocked {
            conflicts.push(path.clone());
        }
    }
    if conflicts.is_empty() {
        Ok(Merged::Clean(tree::build(repo, &flat)?))
    } else {
        Ok(Merged::Conflict(conflicts))
    }
}

fn join(repo: &Repo, base: &Flat, ours: &Flat, theirs: &Flat) -> Result<(Flat, Vec<String>), GitError> {
    let mut flat = Flat::new();
    let mut conflicts = Vec::new();
    let paths: std::collections::BTreeSet<&String> =
        base.keys().chain(ours.keys()).chain(theirs.keys()).collect();
    for path in paths {
        let (was, our, their) = (base.get(path), ours.get(path), theirs.get(path));
        let kept = if our == their || was == their {
            our.copied()
        } else if was == our {
            their.copied()
        } else {
            match content(repo, was, our, their)? {
                Some(entry) => Some(entry),
                None => {
                    conflicts.push(path.clone());
                    continue;
                }
            }
        };
        if let Some(entry) = kept {
            flat.insert(path.clone(), entry);
        }
    }
    Ok((flat, conflicts))
}

/// Both sides changed one file: joins the lines, if both still have it. `None` is a conflict.
fn content(
    repo: &Repo,
    was: Option<&Entry>,
    our: Option<&Entry>,
    their: Option<&Entry>,
) -> Result<Option<Entry>, GitError> {
    let (Some(our), Some(their)) = (our, their) else { return Ok(None) };
    let plain = |entry: &Entry| entry.mode & 0o170_000 == 0o100_000;
    let Some(was) = was else { return Ok(None) };
    if !plain(our) || !plain(their) || !plain(was) {
        return Ok(None);
    }
    let mode = if our.mode == was.mode { their.mode } else { our.mode };
    let (base, ours, theirs) = (repo.blob(was.id)?, repo.blob(our.id)?, repo.blob(their.id)?);
    match program::merge_file(repo, &base, &ours, &theirs)? {
        Some(bytes) => Ok(Some(Entry { mode, id: repo.write_blob(&bytes)? })),
        None => Ok(None),
    }
}
