//! `POST /changes/`: a change in one call, with its content as a patch.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::change::create::Upload;
use crate::change::revert::{full_branch, no_merge};
use crate::git::patch::{self, PatchError};
use crate::git::{Ident, Oid, Repo, commit, tree, walk};
use crate::refusal::Refusal;
use crate::rest::{Answer, Request, input};
use crate::world::World;

use super::info;
use super::options::Options;

pub(super) fn create(world: &mut World, request: &Request) -> Result<Answer, Refusal> {
    let caller = request.caller;
    let by = caller.known()?;
    let body = request.object()?;
    let project = input::text(&body, "project").filter(|p| !p.is_empty());
    let project = project.ok_or_else(|| Refusal::bad("project must be non-empty"))?;
    let branch = input::text(&body, "branch").filter(|b| !b.is_empty());
    let branch = full_branch(branch.ok_or_else(|| Refusal::bad("branch must be non-empty"))?);
    let subject = input::text(&body, "subject").map(str::trim).filter(|s| !s.is_empty());
    let subject = subject.ok_or_else(|| Refusal::bad("commit message must be non-empty"))?;
    if world.repo(project).is_none() || !world.sees_project(caller, project) {
        return Err(Refusal::unprocessable(format!("Project Not Found: {project}")));
    }
    world.readable_state(project)?;
    world.writable_state(project)?;
    let repo = world.must_repo(project)?;
    if !world.can(caller, project, &format!("refs/for/{branch}"), "push") {
        return Err(Refusal::forbidden(format!("not permitted: create change on {branch}")));
    }
    let head = repo.reference(&branch).filter(|_| world.can(caller, project, &branch, "read"));
    let head = head.ok_or_else(|| Refusal::bad(format!("Destination branch does not exist {branch}")))?;

    let base = base(world, request, &repo, &branch, &body)?.unwrap_or(head);

    let message = with_key(world, subject)?;
    let key = commit::change_ids(&message).last().map(|key| (*key).to_owned()).unwrap_or_default();
    if world.by_key(project, &branch, &key).is_some() {
        return Err(Refusal::conflict(format!(
            "A change with Change-Id {key} already exists for this branch."
        )));
    }
    let committer = world.ident(by);
    let author = author(&body, &committer)?;
    let mine =
        world.account(by).is_some_and(|a| a.emails.iter().any(|e| e.eq_ignore_ascii_case(&author.email)));
    if !mine && !world.can(caller, project, &branch, "forgeAuthor") {
        return Err(Refusal::forbidden("not permitted: forge author"));
    }
    let mut flat = tree::flatten(&repo, repo.commit(base)?.tree)?;
    let text = body.get("patch").and_then(|p| p.get("patch")).and_then(Value::as_str);
    if let Some(text) = text {
        patch::apply(&repo, &mut flat, &plain(text)).map_err(|error| match error {
            PatchError::Invalid(why) => Refusal::bad(format!("Invalid patch format: {why}")),
            PatchError::Mismatch(why) => Refusal::conflict(format!("Cannot apply patch: {why}")),
            PatchError::Git(error) => error.into(),
        })?;
    }
    let tree = tree::build(&repo, &flat)?;
    let id = repo.write_commit(tree, &[base], &author, &committer, &message)?;
    let upload = Upload {
        topic: input::text(&body, "topic").filter(|topic| !topic.is_empty()).map(str::to_owned),
        private: input::flag(&body, "is_private"),
        work_in_progress: input::flag(&body, "work_in_progress"),
        custom_values: custom_values(&body),
        merge_facts: if text.is_some() { Vec::new() } else { no_merge() },
        ..Upload::default()
    };
    let change = world.create_change(caller, project, &branch, id, &upload)?;
    Answer::created(info::change(world, caller, &change, &Options::default())?)
}

/// The commit that the new one stands on, where the request names another than the branch's head: `base_change` (its
/// newest patch set) or `base_commit` (of the branch).
fn base(
    world: &World,
    request: &Request,
    repo: &Repo,
    branch: &str,
    body: &Map<String, Value>,
) -> Result<Option<Oid>, Refusal> {
    match (input::text(body, "base_change"), input::text(body, "base_commit")) {
        (Some(_), Some(_)) => {
            Err(Refusal::bad("only one of base_change, base_commit, and new_branch must be specified"))
        }
        (Some(id), None) => {
            let none = || Refusal::unprocessable(format!("Base change not found: {id}"));
            let change = super::find(world, request.caller, id).map_err(|_| none())?;
            if change.project != input::text(body, "project").unwrap_or_default() {
                return Err(none());
            }
            Ok(Some(change.current_commit()))
        }
        (None, Some(hex)) => {
            let wrong = || Refusal::unprocessable(format!("Base {hex} doesn't represent a valid SHA-1"));
            let id = Oid::parse(hex).ok_or_else(wrong)?;
            let unknown = || Refusal::unprocessable(format!("Base {hex} doesn't exist"));
            repo.commit(id).map_err(|_| unknown())?;
            let head = repo.reference(branch).ok_or_else(unknown)?;
            if walk::is_ancestor(repo, id, head)? {
                return Ok(Some(id));
            }
            Err(Refusal::conflict(format!("Commit {hex} does not exist on branch {branch}")))
        }
        (None, None) => Ok(None),
    }
}

/// The message with a Change-Id, its own if it is a good one.
fn with_key(world: &World, subject: &str) -> Result<String, Refusal> {
    let good = |key: &str| {
        let hex = key.strip_prefix('I').unwrap_or("");
        hex.len() == 40 && hex.chars().all(|c| c.is_ascii_hexdigit()) && hex.chars().any(|c| c != '0')
    };
    if commit::change_ids(subject).iter().any(|key| !good(key)) {
        let url = &world.url;
        return Err(Refusal::conflict(format!(
            "invalid Change-Id line format in message footer:\n  invalid Change-Id line format in message footer\n\n\
             Hint: to automatically insert a Change-Id, install the hook:\nf=\"$(git rev-parse --git-dir)\
             /hooks/commit-msg\"; curl -o \"$f\" {url}/tools/hooks/commit-msg ; chmod +x \"$f\"\nand then amend the \
             commit:\n  git commit --amend --no-edit\nFinally, push your changes again"
        )));
    }
    Ok(world.with_change_id(subject))
}

fn author(body: &Map<String, Value>, committer: &Ident) -> Result<Ident, Refusal> {
    let Some(given) = body.get("author").and_then(Value::as_object) else { return Ok(committer.clone()) };
    let both = input::text(given, "name").zip(input::text(given, "email"));
    let (name, email) = both.ok_or_else(|| Refusal::bad("Author must specify name and email"))?;
    let fine = |text: &str| !text.is_empty() && !text.contains(['<', '>', '\n']);
    if !fine(name) || !fine(email) {
        return Err(Refusal::bad("Author must specify name and email"));
    }
    Ok(Ident::new(name, email, committer.when))
}

fn custom_values(body: &Map<String, Value>) -> BTreeMap<String, String> {
    let values = body.get("custom_keyed_values").and_then(Value::as_object).into_iter().flatten();
    values.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// A patch may come in base64.
fn plain(text: &str) -> String {
    let packed: String = text.split_whitespace().collect();
    match STANDARD.decode(&packed) {
        Ok(bytes) if !packed.is_empty() => String::from_utf8_lossy(&bytes).into_owned(),
        _ => text.to_owned(),
    }
}
