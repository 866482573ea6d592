//! Situations played on a server: a project with the rights that a play needs, people who act, and what is then said of
//! the changes, live and offline.

mod history;
mod verdict;
mod work;

use std::path::PathBuf;

use gerrit::Review;
use gerrit::info::ChangeInfo;
use serde_json::{Value, json};

use crate::{Stage, World};
pub use work::{Commit, Work};

/// A project, the hands that act in it, and the server's own repository.
pub struct Play {
    /// REST.
    pub stage: Stage,
    /// Commits and pushes.
    pub work: Work,
    repository: PathBuf,
}

impl Play {
    /// A project of submit type `MERGE_IF_NECESSARY`, whose requirement is the one that every Gerrit has: a highest
    /// vote, whoever gave it.
    pub async fn new(world: &dyn World, project: &str) -> Self {
        Self::of_type(world, project, "MERGE_IF_NECESSARY").await
    }

    /// A project of that submit type. Everybody may do what makes evidence interesting: push past review, submit by
    /// push, forge committers, vote and submit on behalf of others.
    pub async fn of_type(world: &dyn World, project: &str, submit_type: &str) -> Self {
        let stage = Stage::of_type(world, project, submit_type).await;
        let allow = || json!({"rules": {"global:Registered-Users": {"action": "ALLOW", "force": true}}});
        let votes = |min: i32, max: i32| json!({"label": "Code-Review", "rules": {"global:Registered-Users": {"action": "ALLOW", "min": min, "max": max}}});
        let access = json!({"add": {
            "refs/heads/*": {"permissions": {
                "push": allow(), "create": allow(), "delete": allow(), "forgeAuthor": allow(), "forgeCommitter": allow(),
                "submit": allow(), "submitAs": allow(), "label-Code-Review": votes(-2, 2),
                "labelAs-Code-Review": votes(-2, 2), "revert": allow(),
            }},
            "refs/for/refs/heads/*": {"permissions": {"submit": allow(), "push": allow(), "pushMerge": allow(), "addPatchSet": allow()}},
        }});
        stage.admin.call("POST", &format!("projects/{project}/access"), Some(&access)).await.unwrap();
        let work = Work::clone(world.url(), project);
        Self { stage, work, repository: world.repository(project) }
    }

    /// Lets everything be submitted, whatever the votes are.
    pub async fn lax(self) -> Self {
        self.requirement(&json!({"name": "Code-Review", "submittability_expression": "is:true"})).await;
        self
    }

    /// Sets a submit requirement.
    pub async fn requirement(&self, body: &Value) {
        let path =
            format!("projects/{}/submit_requirements/{}", self.stage.project, body["name"].as_str().unwrap());
        self.stage.admin.call("PUT", &path, Some(body)).await.unwrap();
    }

    /// Pushes for review, and gives the change's number.
    pub fn upload(&self, user: &str, commit: &str) -> u64 {
        self.work.push(user, &format!("{commit}:refs/for/main")).change()
    }

    /// alice's change of one file, on `main` as it is now.
    pub fn change(&self, file: &str) -> u64 {
        self.change_by("alice", file)
    }

    /// Somebody's change of one file, on `main` as it is now.
    pub fn change_by(&self, user: &str, file: &str) -> u64 {
        let base = self.work.head("main");
        self.upload(user, &self.work.commit(&Commit::new(user, file).on(&base)))
    }

    /// Votes `Code-Review` on the newest patch set.
    pub async fn vote(&self, user: &str, number: u64, value: i32) {
        self.vote_on(user, number, "Code-Review", value).await;
    }

    /// Votes on the newest patch set.
    pub async fn vote_on(&self, user: &str, number: u64, label: &str, value: i32) {
        let review = Review::message("looked").vote(label, value);
        let id = gerrit::ChangeId::new(&self.stage.project, number);
        self.stage.client(user).review(&id, "current", &review).await.unwrap();
    }

    /// Votes `Code-Review` in somebody else's name.
    pub async fn vote_for(&self, user: &str, other: &str, number: u64, value: i32) {
        let body = json!({"labels": {"Code-Review": value}, "on_behalf_of": other});
        let path = format!("{}/revisions/current/review", self.path(number));
        let answer = self.stage.rest(user, "POST", &path, &body).await;
        assert_eq!(answer["labels"]["Code-Review"], value, "{answer}");
    }

    /// Submits.
    pub async fn submit(&self, user: &str, number: u64) {
        let answer =
            self.stage.rest(user, "POST", &format!("{}/submit", self.path(number)), &json!({})).await;
        assert_eq!(answer["status"], "MERGED", "{answer}");
    }

    /// bob approves and dave submits.
    pub async fn merge(&self, number: u64) {
        self.vote("bob", number, 2).await;
        self.submit("dave", number).await;
    }

    /// Puts a hashtag on a change.
    pub async fn hashtag(&self, user: &str, number: u64, tag: &str) {
        self.stage
            .rest(user, "POST", &format!("{}/hashtags", self.path(number)), &json!({"add": [tag]}))
            .await;
    }

    /// The number of an account.
    pub async fn account(&self, user: &str) -> u64 {
        let path = format!("accounts/{user}");
        self.stage.admin.call("GET", &path, None).await.unwrap()["_account_id"].as_u64().unwrap()
    }

    /// REST's path of a change.
    pub fn path(&self, number: u64) -> String {
        format!("changes/{}~{number}", self.stage.project)
    }

    /// The newest patch set's commit.
    pub async fn revision(&self, number: u64) -> String {
        self.read(number).await.current_revision.unwrap()
    }

    /// The change as the reader sees it.
    pub async fn read(&self, number: u64) -> ChangeInfo {
        self.stage.read(number).await
    }
}
