//! `/changes/{id}/edit…`: a patch set in the making, of one person, until it is published.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::change::create::Upload;
use crate::change::{Change, kind};
use crate::git::{Commit, Oid, commit, tree};
use crate::refusal::Refusal;
use crate::rest::{Answer, Request, input};
use crate::world::World;

/// Where the edits of an account lie.
pub(crate) fn refs_of(account: u32) -> String {
    format!("refs/users/{:02}/{account}/edit-", account % 100)
}

/// Account and change of an edit's ref.
pub(crate) fn of_ref(name: &str) -> Option<(u32, u32)> {
    let mut parts = name.strip_prefix("refs/users/")?.split('/');
    let account = parts.nth(1)?.parse().ok()?;
    Some((account, parts.next()?.strip_prefix("edit-")?.parse().ok()?))
}

/// An edit: its ref, and the patch set that it changes.
struct Edit {
    name: String,
    at: Oid,
    patch_set: u32,
}

fn find(world: &World, account: u32, change: &Change) -> Result<Option<Edit>, Refusal> {
    let under = format!("{}{}/", refs_of(account), change.number);
    let refs = world.must_repo(&change.project)?.references(&under);
    Ok(refs.into_iter().find_map(|(name, at)| {
        let patch_set = name.strip_prefix(&under)?.parse().ok()?;
        Some(Edit { name, at, patch_set })
    }))
}

pub(super) fn get(world: &World, request: &Request, change: &Change) -> Result<Answer, Refusal> {
    let Some(edit) = find(world, request.caller.known()?, change)? else { return Answer::none() };
    let repo = world.must_repo(&change.project)?;
    let made = repo.commit(edit.at)?;
    let parents: Vec<Value> = made.parents.iter().map(|id| json!({"commit": id.to_string()})).collect();
    let base = change.patch_sets.get(&edit.patch_set).map(|p| p.commit.to_string());
    Answer::ok(json!({
        "commit": {"commit": edit.at.to_string(), "parents": parents, "subject": made.subject(), "message": made.message},
        "base_patch_set_number": edit.patch_set, "base_revision": base, "ref": edit.name,
    }))
}

pub(super) fn delete(world: &mut World, request: &Request, change: &Change) -> Result<Answer, Refusal> {
    let by = request.caller.known()?;
    let edit = find(world, by, change)?.ok_or_else(|| Refusal::not_found("edit"))?;
    world.move_ref(Some(by), &change.project, &edit.name, edit.at, Oid::ZERO)?;
    Answer::none()
}

pub(super) fn put(
    world: &mut World,
    request: &Request,
    change: &Change,
    path: &str,
) -> Result<Answer, Refusal> {
    let json = request.content_type.as_deref().is_some_and(|kind| kind.starts_with("application/json"));
    let content = if json {
        let body = request.object()?;
        let url = input::text(&body, "binary_content").unwrap_or_default();
        let data = url.split_once(";base64,").map(|(_, data)| data);
        let data = data.and_then(|data| STANDARD.decode(data).ok());
        data.ok_or_else(|| Refusal::bad("binary_content must be encoded as base64 data uri"))?
    } else {
        request.body.clone()
    };
    rewrite(world, request, change, |world, made| {
        let repo = world.must_repo(&change.project)?;
        let mut flat = tree::flatten(&repo, made.tree)?;
        let id = repo.write_blob(&content)?;
        let mode = flat.get(path).map_or(tree::FILE, |entry| entry.mode);
        flat.insert(path.to_owned(), tree::Entry { mode, id });
        made.tree = tree::build(&repo, &flat)?;
        Ok(())
    })
}

pub(super) fn remove(
    world: &mut World,
    request: &Request,
    change: &Change,
    path: &str,
) -> Result<Answer, Refusal> {
    rewrite(world, request, change, |world, made| {
        let repo = world.must_repo(&change.project)?;
        let mut flat = tree::flatten(&repo, made.tree)?;
        flat.remove(path);
        made.tree = tree::build(&repo, &flat)?;
        Ok(())
    })
}

pub(super) fn message(world: &mut World, request: &Request, change: &Change) -> Result<Answer, Refusal> {
    let body = request.object()?;
    let text = input::text(&body, "message").map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| Refusal::bad("commit message cannot be null"))?;
    if commit::change_ids(text).last().copied() != Some(change.key.as_str()) {
        return Err(Refusal::conflict("wrong Change-Id footer"));
    }
    rewrite(world, request, change, |_, made| {
        made.message = format!("{text}\n");
        Ok(())
    })
}

/// Changes the edit, or begins one on the current patch set.
fn rewrite(
    world: &mut World,
    request: &Request,
    change: &Change,
    with: impl FnOnce(&World, &mut Commit) -> Result<(), Refusal>,
) -> Result<Answer, Refusal> {
    let by = request.caller.known()?;
    if !change.is_new() {
        return Err(Refusal::conflict(format!("change {} is {}", change.number, change.status.lower())));
    }
    may_add(world, request, change)?;
    let repo = world.must_repo(&change.project)?;
    let edit = find(world, by, change)?;
    let (name, old) = match &edit {
        Some(edit) => (edit.name.clone(), edit.at),
        None => (format!("{}{}/{}", refs_of(by), change.number, change.current), Oid::ZERO),
    };
    let before = repo.commit(edit.map_or_else(|| change.current_commit(), |edit| edit.at))?;
    let mut made = before.clone();
    with(world, &mut made)?;
    if made.tree == before.tree && made.message == before.message {
        return Err(Refusal::conflict("no changes were made"));
    }
    let id = repo.write_commit(made.tree, &made.parents, &made.author, &world.ident(by), &made.message)?;
    world.move_ref(Some(by), &change.project, &name, old, id)?;
    Answer::none()
}

pub(super) fn publish(world: &mut World, request: &Request, change: &Change) -> Result<Answer, Refusal> {
    let by = request.caller.known()?;
    let edit = find(world, by, change)?.ok_or_else(|| Refusal::conflict("no edit exists for change"))?;
    if edit.patch_set != change.current {
        return Err(Refusal::conflict("only edit for current patch set can be published"));
    }
    may_add(world, request, change)?;
    let repo = world.must_repo(&change.project)?;
    let message_only = kind::of(&repo, change.current_commit(), edit.at)? == kind::ChangeKind::NoCodeChange;
    let number = change.current + 1;
    let says = if message_only {
        format!("Patch Set {number}: Commit message was updated.")
    } else {
        format!("Patch Set {number}: Published edit on patch set {}.", edit.patch_set)
    };
    let upload = Upload { says: Some(says), ..Upload::default() };
    world.add_patch_set(request.caller, change, edit.at, &upload)?;
    world.move_ref(Some(by), &change.project, &edit.name, edit.at, Oid::ZERO)?;
    Answer::none()
}

fn may_add(world: &World, request: &Request, change: &Change) -> Result<(), Refusal> {
    let target = format!("refs/for/{}", change.branch);
    let mine = request.caller.account == Some(change.owner);
    if mine || world.can(request.caller, &change.project, &target, "addPatchSet") {
        return Ok(());
    }
    Err(Refusal::forbidden("edit not permitted"))
}
