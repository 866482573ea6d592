//! A push to `refs/for/BRANCH`: commits become changes, or patch sets of changes.

use std::sync::Arc;

use crate::change::{Change, Status, kind};
use crate::git::{Commit, Oid, commit, walk};
use crate::refusal::Refusal;
use crate::submit::SubmitRequest;
use crate::world::World;
use crate::world::accounts::Caller;

use super::commands::{Command, Push};
use super::receive::{Refused, Told};

/// The most changes that one push may make (Gerrit's `receive.maxBatchChanges` has no default; this one has).
const MOST_CHANGES: usize = 500;

fn words(refusal: Refusal) -> Refused {
    refusal.text
}

/// What is to be done with one pushed commit.
enum Step {
    New(Commit),
    Update(Commit, Arc<Change>),
}

impl World {
    pub(crate) fn push_for_review(
        &mut self,
        caller: Caller,
        project: &str,
        target: &str,
        command: &Command,
        push: &Push<'_>,
        told: &mut Told,
    ) -> Result<(), Refused> {
        let target = self.push_target(caller, target, &push.options)?;
        let branch = target.branch.clone();
        let internal = |error: crate::git::GitError| words(error.into());
        let repo = self.must_repo(project).map_err(words)?;
        let head = repo.reference(&branch);
        if head.is_none() && repo.head() != branch {
            let short = branch.strip_prefix("refs/heads/").unwrap_or(&branch);
            return Err(format!("branch {short} not found"));
        }
        if !self.can(caller, project, &format!("refs/for/{branch}"), "push") {
            self.denied(
                caller,
                &command.name,
                &["You need 'Push' rights on refs/for/ to upload changes."],
                told,
            );
            return Err(format!("prohibited by Gerrit: not permitted: create change on {branch}"));
        }
        if target.submit && !self.can(caller, project, &format!("refs/for/{branch}"), "submit") {
            let hint = ["You need 'Submit' rights on refs/for/ to submit changes during change upload."];
            self.denied(caller, &command.name, &hint, told);
            return Err(format!("prohibited by Gerrit: not permitted: update by submit on {branch}"));
        }
        let known: Vec<Oid> = repo.references("refs/heads/").into_values().collect();
        let commits = walk::new_commits(&repo, command.new, &known).map_err(internal)?;
        if commits.len() > MOST_CHANGES {
            return Err(format!("the number of pushed changes exceeds the limit of {MOST_CHANGES}"));
        }
        let steps = self.steps(caller, project, &branch, commits, told)?;
        if steps.is_empty() {
            return Err("no new changes".to_owned());
        }
        let mut touched = Vec::new();
        let (mut listed, mut outdated) = (Vec::new(), Vec::new());
        for step in &steps {
            let (change, word) = match step {
                Step::New(made) => {
                    let change = self
                        .create_change(caller, project, &branch, made.id, &target.upload)
                        .map_err(words)?;
                    told.new += 1;
                    (change, " [NEW]")
                }
                Step::Update(made, before) => {
                    self.remark(before, made, told).map_err(words)?;
                    let (change, lost) =
                        self.add_patch_set(caller, before, made.id, &target.upload).map_err(words)?;
                    told.updated += 1;
                    outdated.extend(lost);
                    (change, "")
                }
            };
            let url = self.change_url(project, change.number);
            let wip = if change.work_in_progress { " [WIP]" } else { "" };
            let private = if change.private { " [PRIVATE]" } else { "" };
            listed.push(format!("  {url} {}{wip}{private}{word}", change.subject));
            touched.push(change);
        }
        told.after.extend([String::new(), "SUCCESS".to_owned(), String::new()]);
        told.after.extend(listed);
        told.after.push(String::new());
        if !outdated.is_empty() {
            let mut lines: Vec<String> = outdated
                .iter()
                .map(|(label, id, value)| format!("* {label}{value:+} by {}", self.display_name(*id)))
                .collect();
            lines.sort();
            told.after.push("The following approvals got outdated and were removed:".to_owned());
            told.after.extend(lines);
            told.after.extend([String::new(), String::new()]);
        }
        if let Some(tip) = touched.last().filter(|_| target.submit) {
            let change = self.must_change(tip.number).map_err(words)?;
            self.submit(caller, &change, SubmitRequest { forced: true }).map_err(words)?;
        }
        Ok(())
    }

    /// Judges all commits before anything is written.
    fn steps(
        &self,
        caller: Caller,
        project: &str,
        branch: &str,
        commits: Vec<Commit>,
        told: &mut Told,
    ) -> Result<Vec<Step>, Refused> {
        let mut steps = Vec::new();
        let mut keys: Vec<String> = Vec::new();
        for made in commits {
            let on_branch = self.indexed().find(|c| {
                c.project == project
                    && c.branch == branch
                    && c.patch_sets.values().any(|p| p.commit == made.id)
            });
            if on_branch.is_some() {
                // already a patch set: part of a chain that grows
                continue;
            }
            self.validate(caller, project, branch, &made, told)?;
            let key =
                commit::change_ids(&made.message).last().map(|key| (*key).to_owned()).unwrap_or_default();
            if keys.contains(&key) {
                return Err(
                    "same Change-Id in multiple changes.\nSquash the commits with the same Change-Id or \
                            ensure Change-Ids are unique for each commit"
                        .to_owned(),
                );
            }
            let step = match self.by_key(project, branch, &key) {
                None => Step::New(made),
                Some(change) if change.status != Status::New => {
                    return Err(format!("change {} closed", self.change_url(project, change.number)));
                }
                Some(change) => {
                    let target = format!("refs/for/{branch}");
                    let mine = caller.account == Some(change.owner);
                    if !mine && !self.can(caller, project, &target, "addPatchSet") {
                        return Err(format!("cannot add patch set to {}.", change.number));
                    }
                    Step::Update(made, change)
                }
            };
            keys.push(key);
            steps.push(step);
        }
        Ok(steps)
    }

    /// Gerrit's warnings about patch sets that change little.
    fn remark(&self, before: &Change, made: &Commit, told: &mut Told) -> Result<(), Refusal> {
        let repo = self.must_repo(&before.project)?;
        let short = made.id.short();
        match kind::of(&repo, before.current_commit(), made.id)? {
            kind::ChangeKind::NoCodeChange => {
                told.after.push(format!("warning: {short}: no files changed, message updated"));
            }
            kind::ChangeKind::NoChange => {
                let old = before.current_commit().short();
                told.after
                    .push(format!("warning: no changes between prior commit {old} and new commit {short}"));
            }
            _ => {}
        }
        Ok(())
    }
}
