//! Reads a meta history, oldest commit first.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::{Approval, AttentionState, Change, Message, PatchSet, ReviewerUpdate, SUBM, Status};
use crate::git::{Commit, GitError, Oid, Repo, tree};

use super::account;
use super::results;
use super::update::ReviewerState;

/// The footers that say how a patch set was merged together.
const MERGE_FACTS: [&str; 6] =
    ["Base", "Ours", "Theirs", "Merge-Strategy", "No-Base-Reason", "Contains-Conflicts"];

/// The longest history that is read.
const MOST_COMMITS: usize = 20_000;

/// The change as it stands at one commit of its history.
pub(crate) fn change(repo: &Repo, project: &str, number: u32, meta: Oid) -> Result<Change, GitError> {
    let mut commits = Vec::new();
    let mut next = Some(meta);
    while let Some(id) = next {
        let commit = repo.commit(id)?;
        next = commit.parents.first().copied();
        commits.push(commit);
        if commits.len() > MOST_COMMITS {
            return Err(GitError::Corrupt { id: meta, why: "the history is too long" });
        }
    }
    commits.reverse();
    let mut change = empty(project, number, meta);
    for commit in &commits {
        apply(&mut change, commit);
    }
    if let Some(last) = commits.last() {
        read_notes(repo, last.tree, &mut change)?;
    }
    if change.patch_sets.is_empty() {
        return Err(GitError::Corrupt { id: meta, why: "a history without a patch set" });
    }
    Ok(change)
}

fn empty(project: &str, number: u32, meta: Oid) -> Change {
    Change {
        project: project.to_owned(),
        number,
        meta,
        key: String::new(),
        branch: String::new(),
        subject: String::new(),
        status: Status::New,
        owner: 0,
        created: 0,
        updated: 0,
        topic: None,
        hashtags: BTreeSet::new(),
        custom_values: BTreeMap::new(),
        patch_sets: BTreeMap::new(),
        current: 0,
        approvals: BTreeMap::new(),
        reviewers: BTreeMap::new(),
        reviewer_updates: Vec::new(),
        messages: Vec::new(),
        attention: BTreeMap::new(),
        private: false,
        work_in_progress: false,
        has_review_started: true,
        submission_id: None,
        submitted: None,
        submitted_with: Vec::new(),
        revert_of: None,
        cherry_pick_of: None,
        results: BTreeMap::new(),
        comments: BTreeMap::new(),
    }
}

/// The parts of a meta commit's message: what people read, and the footers.
fn split(message: &str) -> (Option<&str>, Vec<(&str, &str)>) {
    let text = message.trim_end_matches('\n');
    let (head, footers) = text.rsplit_once("\n\n").unwrap_or(("", text));
    let body = head.split_once("\n\n").map(|(_, body)| body).filter(|body| !body.is_empty());
    (
        body,
        footers
            .split('\n')
            .filter_map(|line| line.split_once(": ").or_else(|| Some((line.strip_suffix(':')?, ""))))
            .collect(),
    )
}

fn apply(change: &mut Change, commit: &Commit) {
    let (body, footers) = split(&commit.message);
    let at = commit.committer.when;
    let get = |key: &str| footers.iter().find(|(has, _)| *has == key).map(|(_, value)| *value);
    let all = |key: &'static str| footers.iter().filter(move |(has, _)| *has == key).map(|(_, value)| *value);
    let author = account::parse(&format!("<{}>", commit.author.email));
    let real = get("Real-user").and_then(account::parse).or(author);
    let patch_set: u32 =
        get("Patch-set").and_then(|v| v.split(' ').next()?.parse().ok()).unwrap_or(change.current);
    let tag = get("Tag").map(str::to_owned);
    if change.patch_sets.is_empty() {
        change.created = at;
        change.owner = author.unwrap_or(0);
    }
    change.updated = at;
    if let Some(id) = get("Commit").and_then(Oid::parse) {
        let new = PatchSet {
            number: patch_set,
            commit: id,
            uploader: author.unwrap_or(0),
            real_uploader: real.unwrap_or(0),
            created: at,
            description: None,
            group: get("Groups").and_then(Oid::parse),
            made_by_submit: get("Status") == Some("merged") && get("Submitted-with").is_some(),
            merge_facts: MERGE_FACTS
                .iter()
                .filter_map(|key| Some(((*key).to_owned(), get(key)?.to_owned())))
                .collect(),
        };
        change.patch_sets.insert(patch_set, new);
        change.current = change.current.max(patch_set);
    }
    if let (Some(text), Some(slot)) = (get("Patch-set-description"), change.patch_sets.get_mut(&patch_set)) {
        slot.description = Some(text.to_owned()).filter(|text| !text.is_empty());
    }
    let keep = |key, slot: &mut String| {
        if let Some(value) = get(key) {
            value.clone_into(slot);
        }
    };
    keep("Change-id", &mut change.key);
    keep("Branch", &mut change.branch);
    keep("Subject", &mut change.subject);
    if let Some(topic) = get("Topic") {
        change.topic = Some(topic.to_owned()).filter(|topic| !topic.is_empty());
    }
    if let Some(tags) = get("Hashtags") {
        change.hashtags = tags.split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
    }
    for (key, value) in all("Custom-Keyed-Value").filter_map(|pair| pair.split_once('=')) {
        if value.is_empty() {
            change.custom_values.remove(key);
        } else {
            change.custom_values.insert(key.to_owned(), value.to_owned());
        }
    }
    for (key, state) in [
        ("CC", ReviewerState::Cc),
        ("Reviewer", ReviewerState::Reviewer),
        ("Removed", ReviewerState::Removed),
    ] {
        for id in all(key).filter_map(account::parse) {
            reviewer(change, id, state, author.unwrap_or(0), at);
        }
    }
    let merged_before = change.status == Status::Merged;
    let vote = |value, real: Option<u32>, uuid: &str, tag: Option<String>| Approval {
        value,
        real: real.unwrap_or(0),
        at,
        tag,
        uuid: uuid.to_owned(),
        post_submit: merged_before,
    };
    for line in all("Label") {
        if let Some(removed) = line.strip_prefix('-') {
            let (label, voter) =
                removed.split_once(' ').map_or((removed, None), |(l, v)| (l, account::parse(v)));
            let id = voter.or(author).unwrap_or(0);
            change.approvals.insert((patch_set, label.to_owned(), id), vote(0, real, "", tag.clone()));
        } else if let Some((label, value, uuid, voter)) = label_line(line) {
            let id = voter.or(author).unwrap_or(0);
            let real = if voter.is_some() { voter } else { real };
            change.approvals.insert((patch_set, label.to_owned(), id), vote(value, real, uuid, tag.clone()));
        }
    }
    for line in all("Copied-Label") {
        let (line, tag) = match line.split_once(":\"") {
            Some((line, tag)) => (line, Some(tag.trim_end_matches('"').to_owned())),
            None => (line, None),
        };
        let (line, real) = match line.rsplit_once(">,") {
            Some((head, real)) => (format!("{head}>"), account::parse(real)),
            None => (line.to_owned(), None),
        };
        if let Some((label, value, uuid, Some(id))) = label_line(&line) {
            let old = change.approvals.iter().rev().find(|((_, l, a), _)| l == label && *a == id);
            let mut copy = vote(value, real.or(Some(id)), uuid, tag);
            copy.at = old.map_or(at, |(_, old)| old.at);
            change.approvals.insert((patch_set, label.to_owned(), id), copy);
        }
    }
    if let Some(text) = body {
        change.messages.push(Message {
            id: commit.id,
            author,
            real_author: real.filter(|real| Some(*real) != author),
            at,
            text: text.to_owned(),
            tag,
            patch_set,
        });
    }
    attention(change, all("Attention"), at);
    if let Some(value) = get("Private") {
        change.private = value == "true";
    }
    if let Some(value) = get("Work-in-progress") {
        change.work_in_progress = value == "true";
        if change.messages.len() <= 1 && change.patch_sets.len() == 1 && change.created == at {
            change.has_review_started = !change.work_in_progress;
        }
        change.has_review_started |= !change.work_in_progress;
    }
    change.revert_of = get("Revert-of").and_then(|v| v.parse().ok()).or(change.revert_of);
    if let Some((id, patch_set)) = get("Cherry-pick-of").and_then(|v| v.split_once(',')) {
        change.cherry_pick_of = id.parse().ok().zip(patch_set.parse().ok());
    }
    let submitted_with: Vec<String> = all("Submitted-with").map(str::to_owned).collect();
    let submission = get("Submission-id");
    if submission.is_some() || !submitted_with.is_empty() {
        change.submission_id = submission.map(str::to_owned).or(change.submission_id.take());
        change.submitted_with = submitted_with;
    }
    match get("Status") {
        Some("merged") => {
            change.status = Status::Merged;
            let subm =
                all("Label").filter_map(label_line).find(|(label, ..)| *label == SUBM).and_then(|l| l.3);
            change.submitted = Some((at, subm.or(author).unwrap_or(0)));
            // merging makes a private change public
            change.private = false;
        }
        Some("abandoned") => change.status = Status::Abandoned,
        Some("new") => change.status = Status::New,
        _ => {}
    }
}

fn reviewer(change: &mut Change, id: u32, state: ReviewerState, by: u32, at: i64) {
    if change.reviewer_state(id) == Some(state) {
        return;
    }
    change.reviewer_updates.push(ReviewerUpdate { at, by, reviewer: id, state });
    if state == ReviewerState::Removed {
        change.reviewers.remove(&id);
        change.approvals.retain(|(_, label, account), _| *account != id || label == SUBM);
    } else {
        change.reviewers.insert(id, (state, at));
    }
}

fn attention<'a>(change: &mut Change, lines: impl Iterator<Item = &'a str>, at: i64) {
    for line in lines {
        let Ok(step) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let text = |key: &str| step.get(key).and_then(|v| v.as_str()).unwrap_or("");
        let Some(id) = account::parse(text("person_ident")) else { continue };
        let state =
            AttentionState { added: text("operation") == "ADD", at, reason: text("reason").to_owned() };
        change.attention.insert(id, state);
    }
}

/// `L=V, uuid[ account]` → (L, V, uuid, account).
fn label_line(line: &str) -> Option<(&str, i32, &str, Option<u32>)> {
    let (vote, rest) = line.split_once(", ").unwrap_or((line, ""));
    let (label, value) = vote.split_once('=')?;
    let (uuid, voter) =
        rest.split_once(' ').map_or((rest, None), |(uuid, voter)| (uuid, account::parse(voter)));
    Some((label, value.strip_prefix('+').unwrap_or(value).parse().ok()?, uuid, voter))
}

fn read_notes(repo: &Repo, tree: Oid, change: &mut Change) -> Result<(), GitError> {
    for (name, entry) in tree::entries(repo, tree)? {
        let Ok(note) = serde_json::from_slice::<serde_json::Value>(&repo.blob(entry.id)?) else { continue };
        let stored = results::read(&note);
        let comments = note.get("comments").and_then(|c| c.as_array()).filter(|list| !list.is_empty());
        if let Some(comments) = comments {
            change.comments.insert(name.clone(), comments.clone());
        }
        if !stored.is_empty() {
            change.results.insert(name, stored);
        }
    }
    Ok(())
}
