//! What a person does at their desk: commit, push, vote, submit.

use std::{
    path::{Path, PathBuf},
    process::Output,
};

use anyhow::{Context, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use realgerrit::{Admin, provision::password};
use serde_json::{Value, json};

/// A change as its pusher knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The project.
    pub project: String,
    /// Its number.
    pub number: u64,
    /// Its `Change-Id`.
    pub change_id: String,
    /// The commit that was pushed last.
    pub revision: String,
}

/// A person with a clone of each project.
pub struct Desk {
    name: String,
    url: String,
    folder: PathBuf,
    rest: Admin,
    password: String,
}

impl Desk {
    pub(crate) fn new(url: &str, folder: &Path, admin: &Admin, name: &str, password: String) -> Self {
        Self {
            name: name.to_owned(),
            url: url.trim_end_matches('/').to_owned(),
            folder: folder.join(name),
            rest: admin.user(name, &password),
            password,
        }
    }

    pub(crate) fn of(url: &str, folder: &Path, admin: &Admin, name: &str) -> Self {
        Self::new(url, folder, admin, name, password(name))
    }

    /// Raw REST as this person.
    #[must_use]
    pub const fn rest(&self) -> &Admin {
        &self.rest
    }

    /// Brings the clone to the head of the branch.
    pub async fn refresh(&self, project: &str) -> anyhow::Result<()> {
        let clone = self.clone_of(project).await?;
        self.git(&clone, &["fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*"]).await?;
        self.git(&clone, &["checkout", "-q", "-B", "work", "origin/main"]).await?;
        Ok(())
    }

    async fn clone_of(&self, project: &str) -> anyhow::Result<PathBuf> {
        let clone = self.folder.join(project);
        if !clone.join(".git").is_dir() {
            std::fs::create_dir_all(&clone)?;
            self.git(&clone, &["init", "-q"]).await?;
            self.git(&clone, &["remote", "add", "origin", &format!("{}/a/{project}", self.url)]).await?;
        }
        Ok(clone)
    }

    /// Commits files on top of what the clone has; says the new commit.
    pub async fn commit(
        &self,
        project: &str,
        files: &[(&str, &str)],
        message: &str,
    ) -> anyhow::Result<String> {
        let clone = self.clone_of(project).await?;
        self.write(&clone, files).await?;
        self.git(&clone, &["commit", "-q", "--allow-empty", "-m", message]).await?;
        self.head(&clone).await
    }

    /// Changes the last commit.
    pub async fn amend(&self, project: &str, files: &[(&str, &str)]) -> anyhow::Result<String> {
        let clone = self.clone_of(project).await?;
        self.write(&clone, files).await?;
        self.git(&clone, &["commit", "-q", "--amend", "--no-edit"]).await?;
        self.head(&clone).await
    }

    async fn write(&self, clone: &Path, files: &[(&str, &str)]) -> anyhow::Result<()> {
        for (path, text) in files {
            let file = clone.join(path);
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(&file, text)?;
        }
        self.git(clone, &["add", "-A"]).await?;
        // Programs of the operations project can be run.
        for (path, text) in files.iter().filter(|(_, text)| text.starts_with("#!")) {
            let _ = text;
            self.git(clone, &["update-index", "--chmod=+x", path]).await?;
        }
        Ok(())
    }

    async fn head(&self, clone: &Path) -> anyhow::Result<String> {
        Ok(String::from_utf8_lossy(&self.git(clone, &["rev-parse", "HEAD"]).await?.stdout).trim().to_owned())
    }

    /// The text of a file at a commit that the clone has.
    pub async fn read(&self, project: &str, commit: &str, path: &str) -> anyhow::Result<String> {
        let clone = self.clone_of(project).await?;
        let shown = self.git(&clone, &["show", &format!("{commit}:{path}")]).await?;
        Ok(String::from_utf8(shown.stdout)?)
    }

    /// Pushes the clone's head to a ref, `refs/for/main` or `refs/heads/main`.
    pub async fn push(&self, project: &str, to: &str) -> anyhow::Result<()> {
        let clone = self.clone_of(project).await?;
        self.git(&clone, &["push", "-q", "origin", &format!("HEAD:{to}")]).await?;
        Ok(())
    }

    /// A new change for `main`, on top of its head.
    pub async fn change(
        &self,
        project: &str,
        files: &[(&str, &str)],
        subject: &str,
    ) -> anyhow::Result<Change> {
        self.refresh(project).await?;
        let change_id = new_change_id()?;
        let revision = self.commit(project, files, &format!("{subject}\n\nChange-Id: {change_id}\n")).await?;
        self.push(project, "refs/for/main").await?;
        self.find(project, change_id, revision).await
    }

    /// The change that a pushed commit became.
    pub async fn find(&self, project: &str, change_id: String, revision: String) -> anyhow::Result<Change> {
        let found = self.rest.call("GET", &format!("changes/{project}~main~{change_id}"), None).await?;
        let number = found.get("_number").and_then(Value::as_u64).context("Gerrit's answer has no number")?;
        Ok(Change { project: project.to_owned(), number, change_id, revision })
    }

    /// Votes `Code-Review`.
    pub async fn vote(&self, change: &Change, value: i32) -> anyhow::Result<()> {
        let path = format!("changes/{}~{}/revisions/current/review", change.project, change.number);
        self.rest.call("POST", &path, Some(&json!({"labels": {"Code-Review": value}}))).await?;
        Ok(())
    }

    /// Presses Submit.
    pub async fn submit(&self, change: &Change) -> anyhow::Result<()> {
        let path = format!("changes/{}~{}/submit", change.project, change.number);
        self.rest.call("POST", &path, Some(&json!({}))).await?;
        Ok(())
    }

    /// Several changes for `main`, each on top of the one before, in one push.
    pub async fn chain(
        &self,
        project: &str,
        files: &[(&str, &str)],
        subject: &str,
    ) -> anyhow::Result<Vec<Change>> {
        self.refresh(project).await?;
        let mut made = Vec::new();
        for file in files {
            let change_id = new_change_id()?;
            let message = format!("{subject}: {}\n\nChange-Id: {change_id}\n", file.0);
            made.push((self.commit(project, &[*file], &message).await?, change_id));
        }
        self.push(project, "refs/for/main").await?;
        let mut changes = Vec::new();
        for (revision, change_id) in made {
            changes.push(self.find(project, change_id, revision).await?);
        }
        Ok(changes)
    }

    /// Puts a change under a topic.
    pub async fn set_topic(&self, change: &Change, topic: &str) -> anyhow::Result<()> {
        let path = format!("changes/{}~{}/topic", change.project, change.number);
        self.rest.call("PUT", &path, Some(&json!({"topic": topic}))).await?;
        Ok(())
    }

    /// What REST says of a change, with votes.
    pub async fn look(&self, change: &Change) -> anyhow::Result<Value> {
        let path = format!("changes/{}~{}?o=DETAILED_LABELS", change.project, change.number);
        Ok(self.rest.call("GET", &path, None).await?)
    }

    /// The messages on a change.
    pub async fn messages(&self, change: &Change) -> anyhow::Result<Vec<String>> {
        let path = format!("changes/{}~{}/messages", change.project, change.number);
        let list = self.rest.call("GET", &path, None).await?;
        let texts = list
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|m| m.get("message")?.as_str().map(str::to_owned));
        Ok(texts.collect())
    }

    async fn git(&self, folder: &Path, args: &[&str]) -> anyhow::Result<Output> {
        // git is how people push: started here, with nothing of the machine's own settings.
        #[allow(clippy::disallowed_methods)]
        let mut command = tokio::process::Command::new("git");
        let basic = STANDARD.encode(format!("{}:{}", self.name, self.password));
        let settings = [
            ("user.name", self.name.clone()),
            ("user.email", format!("{}@example.com", self.name)),
            ("http.extraHeader", format!("Authorization: Basic {basic}")),
            ("init.defaultBranch", "work".to_owned()),
            ("core.hooksPath", "/dev/null".to_owned()),
        ];
        command
            .args(args)
            .current_dir(folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null");
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (at, (key, value)) in settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{at}"), key).env(format!("GIT_CONFIG_VALUE_{at}"), value);
        }
        command.kill_on_drop(true);
        let output = tokio::time::timeout(std::time::Duration::from_secs(60), command.output()).await;
        let output =
            output.context("git took more than 60 s")?.context("git can't be started\nhint: install git")?;
        if !output.status.success() {
            bail!(
                "{}: git {}: {}",
                self.name,
                args.join(" "),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(output)
    }
}

/// A `Change-Id` that nobody has used.
pub fn new_change_id() -> anyhow::Result<String> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).map_err(|why| anyhow::anyhow!("no randomness: {why}"))?;
    Ok(format!("I{}", hex::encode(bytes)))
}

impl Desk {
    /// The mail address in the first commit of a change's meta history.
    pub(crate) async fn meta_author(&self, project: &str, number: u64) -> anyhow::Result<String> {
        let clone = self.clone_of(project).await?;
        let meta = format!("refs/changes/{:02}/{number}/meta", number % 100);
        self.git(&clone, &["fetch", "-q", "origin", &meta]).await?;
        let log = self.git(&clone, &["log", "--reverse", "--format=%ae", "FETCH_HEAD"]).await?;
        Ok(String::from_utf8_lossy(&log.stdout).lines().next().unwrap_or_default().to_owned())
    }
}
