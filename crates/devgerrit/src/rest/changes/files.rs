//! The commit of a patch set and its files.

use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};

use crate::change::Change;
use crate::git::{Commit, Ident, Oid, Repo, files};
use crate::refusal::Refusal;
use crate::rest::{Answer, projects};
use crate::world::World;

use super::info;

fn of(world: &World, change: &Change, patch_set: u32) -> Result<(Repo, Commit), Refusal> {
    let repo = world.must_repo(&change.project)?;
    let id = change.patch_sets.get(&patch_set).map_or(Oid::ZERO, |p| p.commit);
    let commit = repo.commit(id)?;
    Ok((repo, commit))
}

pub(super) fn commit(world: &World, change: &Change, patch_set: u32) -> Result<Answer, Refusal> {
    let (repo, commit) = of(world, change, patch_set)?;
    Answer::ok(info::commit(&repo, &commit, true))
}

/// path → what changed, against the first parent.
pub(super) fn map(repo: &Repo, commit: &Commit) -> Result<Map<String, Value>, Refusal> {
    let mut out = Map::new();
    for file in files::changed(repo, commit)? {
        let mut row = Map::new();
        let status = match (file.old, file.new) {
            (None, _) => Some("A"),
            (_, None) => Some("D"),
            _ => None,
        };
        if let Some(status) = status {
            row.insert("status".to_owned(), status.into());
        }
        for (side, entry) in [("old", file.old), ("new", file.new)] {
            if let Some(entry) = entry {
                row.insert(format!("{side}_mode"), entry.mode.into());
                row.insert(format!("{side}_sha"), entry.id.to_string().into());
            }
        }
        match file.lines {
            None => {
                row.insert("binary".to_owned(), true.into());
            }
            Some((inserted, deleted)) => {
                for (key, lines) in [("lines_inserted", inserted), ("lines_deleted", deleted)] {
                    if lines > 0 {
                        row.insert(key.to_owned(), lines.into());
                    }
                }
            }
        }
        let (old, new) =
            (i64::try_from(file.old_size).unwrap_or(0), i64::try_from(file.new_size).unwrap_or(0));
        row.insert("size_delta".to_owned(), (new - old).into());
        row.insert("size".to_owned(), new.into());
        out.insert(file.path, row.into());
    }
    Ok(out)
}

/// All files, and Gerrit's own `/COMMIT_MSG`.
pub(super) fn list(world: &World, change: &Change, patch_set: u32) -> Result<Answer, Refusal> {
    let (repo, commit) = of(world, change, patch_set)?;
    let mut out = map(&repo, &commit)?;
    let text = commit_msg(&repo, &commit);
    let sha = |text: &str| hex::encode(Sha1::digest(text.as_bytes()));
    let row = json!({
        "status": "A", "old_sha": sha(""), "new_sha": sha(&text), "lines_inserted": text.lines().count(),
        "size_delta": text.len(), "size": text.len(),
    });
    out.insert("/COMMIT_MSG".to_owned(), row);
    Answer::ok(out)
}

fn commit_msg(repo: &Repo, commit: &Commit) -> String {
    let mut out = String::new();
    for parent in &commit.parents {
        let short: String = parent.to_string().chars().take(8).collect();
        let subject = repo.commit(*parent).map(|c| c.subject()).unwrap_or_default();
        out.push_str(&format!("Parent:     {short} ({subject})\n"));
    }
    let when = |ident: &Ident| {
        let stamp = jiff::Timestamp::from_second(ident.when).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        stamp.strftime("%Y-%m-%d %H:%M:%S +0000").to_string()
    };
    out.push_str(&format!(
        "Author:     {} <{}>\nAuthorDate: {}\nCommit:     {} <{}>\nCommitDate: {}\n\n{}",
        commit.author.name,
        commit.author.email,
        when(&commit.author),
        commit.committer.name,
        commit.committer.email,
        when(&commit.committer),
        commit.message
    ));
    out
}

pub(super) fn content(world: &World, change: &Change, patch_set: u32, path: &str) -> Result<Answer, Refusal> {
    let (repo, commit) = of(world, change, patch_set)?;
    projects::file(&repo, commit.id, path)
}
