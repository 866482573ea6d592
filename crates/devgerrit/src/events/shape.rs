//! What each event says.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::change::{Change, PatchSet, kind};
use crate::git::{Oid, files};
use crate::world::World;

impl World {
    fn send(&self, kind: &str, mut event: Map<String, Value>) {
        event.insert("type".to_owned(), kind.into());
        event.insert("eventCreatedOn".to_owned(), self.now().into());
        self.outbox.post(&Value::Object(event));
    }

    /// Names, never numbers: that is what events carry of people.
    fn person(&self, id: u32) -> Value {
        let mut out = Map::new();
        if let Some(account) = self.account(id) {
            for (key, value) in [
                ("name", &account.name),
                ("email", &account.preferred_email),
                ("username", &account.username),
            ] {
                if let Some(value) = value {
                    out.insert(key.to_owned(), value.clone().into());
                }
            }
        }
        out.into()
    }

    fn change_attribute(&self, change: &Change) -> Value {
        let message = self.repo(&change.project).and_then(|repo| repo.commit(change.current_commit()).ok());
        let mut out = json!({
            "project": change.project, "branch": change.short_branch(), "id": change.key, "number": change.number,
            "subject": change.subject, "owner": self.person(change.owner),
            "url": self.change_url(&change.project, change.number),
            "commitMessage": message.map(|c| c.message).unwrap_or_default(),
            "createdOn": change.created, "status": change.status.word(),
        });
        if let Some(out) = out.as_object_mut() {
            if let Some(topic) = &change.topic {
                out.insert("topic".to_owned(), topic.clone().into());
            }
            if !change.hashtags.is_empty() {
                out.insert("hashtags".to_owned(), change.hashtags.iter().cloned().collect());
            }
            for (key, on) in [("private", change.private), ("wip", change.work_in_progress)] {
                if on {
                    out.insert(key.to_owned(), true.into());
                }
            }
        }
        out
    }

    fn patch_set_attribute(&self, change: &Change, patch_set: &PatchSet) -> Value {
        let Some(repo) = self.repo(&change.project) else { return Value::Null };
        let Ok(commit) = repo.commit(patch_set.commit) else { return Value::Null };
        let (insertions, deletions) = files::totals(&repo, &commit).unwrap_or((0, 0));
        let before = change.patch_sets.range(..patch_set.number).next_back().map(|(_, before)| before.commit);
        let kind = before.and_then(|before| kind::of(&repo, before, patch_set.commit).ok());
        let author = match self.account_by_email(&commit.author.email) {
            Some(id) => self.person(id),
            None => json!({"name": commit.author.name, "email": commit.author.email}),
        };
        json!({
            "number": patch_set.number, "revision": patch_set.commit.to_string(),
            "parents": commit.parents.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "ref": crate::notedb::patch_set_ref(change.number, patch_set.number),
            "uploader": self.person(patch_set.uploader), "createdOn": patch_set.created, "author": author,
            "kind": kind.unwrap_or(kind::ChangeKind::Rework).word(),
            // Gerrit counts the lines of its own file `/COMMIT_MSG` here: six of head, and the message
            "sizeInsertions": insertions + 6 + commit.message.lines().count(), "sizeDeletions": deletions,
        })
    }

    fn about(&self, change: &Change) -> Map<String, Value> {
        let mut out = Map::new();
        out.insert("change".to_owned(), self.change_attribute(change));
        out.insert("project".to_owned(), change.project.clone().into());
        out.insert("refName".to_owned(), change.branch.clone().into());
        out.insert("changeKey".to_owned(), json!({"id": change.key}));
        out
    }

    fn about_patch_set(&self, change: &Change, patch_set: u32) -> Map<String, Value> {
        let mut out = self.about(change);
        if let Some(patch_set) = change.patch_sets.get(&patch_set) {
            out.insert("patchSet".to_owned(), self.patch_set_attribute(change, patch_set));
        }
        out
    }

    pub(crate) fn project_created(&self, project: &str, head: &str) {
        let event = json!({"projectName": project, "headName": head});
        self.send("project-created", event.as_object().cloned().unwrap_or_default());
    }

    pub(crate) fn ref_updated(&self, by: Option<u32>, project: &str, name: &str, old: Oid, new: Oid) {
        let mut event = Map::new();
        if let Some(by) = by {
            event.insert("submitter".to_owned(), self.person(by));
        }
        let update = json!({
            "oldRev": old.to_string(), "newRev": new.to_string(), "refName": name, "project": project,
        });
        event.insert("refUpdate".to_owned(), update);
        self.send("ref-updated", event);
    }

    pub(crate) fn patch_set_created(&self, change: &Change) {
        let mut event = self.about_patch_set(change, change.current);
        event.insert("uploader".to_owned(), self.person(change.uploader()));
        self.send("patchset-created", event);
    }

    pub(crate) fn reviewer_added(&self, change: &Change, reviewer: u32, by: u32) {
        let mut event = self.about_patch_set(change, change.current);
        event.insert("reviewer".to_owned(), self.person(reviewer));
        event.insert("adder".to_owned(), self.person(by));
        self.send("reviewer-added", event);
    }

    /// `old` holds the values of the labels that this comment changed.
    pub(crate) fn comment_added(
        &self,
        change: &Change,
        patch_set: u32,
        author: u32,
        text: &str,
        old: &BTreeMap<String, i32>,
    ) {
        let labels = self.labels(&change.project);
        let approvals = labels.iter().map(|label| {
            let key = (patch_set, label.name.clone(), author);
            let value = change.approvals.get(&key).map_or(0, |vote| vote.value);
            let shown = if old.contains_key(&label.name) { value } else { 0 };
            let mut out = json!({"type": label.name, "description": label.name, "value": shown.to_string()});
            if let (Some(old), Some(out)) = (old.get(&label.name), out.as_object_mut()) {
                out.insert("oldValue".to_owned(), old.to_string().into());
            }
            out
        });
        let mut event = self.about_patch_set(change, patch_set);
        event.insert("approvals".to_owned(), approvals.collect());
        event.insert("author".to_owned(), self.person(author));
        event.insert("comment".to_owned(), text.into());
        self.send("comment-added", event);
    }

    /// `new` is the new head of the branch, which for a chain is not the change's own commit.
    pub(crate) fn change_merged(&self, change: &Change, by: u32, new: Oid) {
        let mut event = self.about_patch_set(change, change.current);
        event.insert("submitter".to_owned(), self.person(by));
        event.insert("newRev".to_owned(), new.to_string().into());
        self.send("change-merged", event);
    }

    /// `change-abandoned` and `change-restored`.
    pub(crate) fn status_changed(
        &self,
        change: &Change,
        kind: &str,
        role: &str,
        by: u32,
        reason: Option<&str>,
    ) {
        let mut event = self.about_patch_set(change, change.current);
        event.insert(role.to_owned(), self.person(by));
        if let Some(reason) = reason {
            event.insert("reason".to_owned(), reason.into());
        }
        self.send(kind, event);
    }

    pub(crate) fn topic_changed(&self, change: &Change, by: u32, old: Option<&str>) {
        let mut event = self.about(change);
        event.insert("changer".to_owned(), self.person(by));
        event.insert("oldTopic".to_owned(), old.unwrap_or_default().into());
        self.send("topic-changed", event);
    }

    pub(crate) fn hashtags_changed(&self, change: &Change, by: u32, added: &[String], removed: &[String]) {
        let mut event = self.about(change);
        event.insert("editor".to_owned(), self.person(by));
        event.insert("hashtags".to_owned(), change.hashtags.iter().cloned().collect());
        for (key, list) in [("added", added), ("removed", removed)] {
            if !list.is_empty() {
                event.insert(key.to_owned(), list.into());
            }
        }
        self.send("hashtags-changed", event);
    }

    pub(crate) fn change_deleted(&self, change: &Change, by: u32) {
        let mut event = self.about(change);
        event.insert("deleter".to_owned(), self.person(by));
        self.send("change-deleted", event);
    }
}
